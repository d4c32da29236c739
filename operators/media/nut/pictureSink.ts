import type { DecodedPicture } from '../ffmpeg/decoder.ts';
import type { SharedPool } from '../frames/framePool.ts';
import { PoolWriter } from '../frames/framePool.ts';
import { NutReader } from './nutReader.ts';

/**
 * Cuts FFmpeg's output into pictures, each in a slot.
 * @param onPicture told of each that is complete
 * @returns reads on; tells how many bytes it took, fewer than it was given where no slot is free;
 * **throws** Error where FFmpeg wrote something else
 */
export function pictureSink(
  pool: SharedPool,
  onPicture: (picture: DecodedPicture) => void,
): { readonly writer: PoolWriter; write(bytes: Uint8Array): number } {
  const writer = new PoolWriter(pool);
  let full = -1;
  let startedAtMs = 0;
  let isBegun = false;
  const reader = new NutReader({
    take(part) {
      if (!isBegun) {
        isBegun = true;
        startedAtMs = performance.now();
      }
      return writer.write(part, (slot) => (full = slot));
    },
    onPicture(pts) {
      if (full < 0) {
        throw new Error('FFmpeg wrote a picture of another size');
      }
      const slot = full;
      full = -1;
      isBegun = false;
      onPicture({ slot, pts, startedAtMs });
    },
  });
  return { writer, write: (bytes) => reader.write(bytes) };
}
