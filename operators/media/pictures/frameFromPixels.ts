import { bundledImageSpec } from '../../../models/index.ts';
import type { Frame, ImageSpec } from '../../../models/core/types.ts';
import type { OptionTable } from '../../../models/core/options.ts';
import { resolveOptions } from '../../../models/core/resolveOptions.ts';
import { fitPicture } from './fitPicture.ts';
import { pictureBytes, pictureFrame } from './pictureFrame.ts';
import { FramePool } from '../frames/framePool.ts';

/** What `frameFromPixels` has to be told of the pixels. */
export interface FrameFromPixelsConfig {
  /** Size of the picture, pixels, 1 to 16,384. */
  readonly width: number;
  readonly height: number;
  /** Its place in the source, from 0. */
  readonly index: number;
  /** Its media time, seconds; in a source, each later than the one before. */
  readonly pts: number;
  /** Stable name of the source. Default `frames`. */
  readonly source?: string;
  /** 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA; alpha is left out. Default 3. */
  readonly channels?: 1 | 2 | 3 | 4;
  /** When it was taken, milliseconds since 1970. Default now. */
  readonly capturedAt?: number;
  /** How the model wants its pictures: `detector.model.image`. Default: as the bundled model does. */
  readonly image?: ImageSpec | undefined;
  /** Also give the frame a picture for people, this many pixels along its longer side; 0 for none. Default 0. */
  readonly display?: number;
}

const MAX_SIDE = 16_384;

const OPTIONS: OptionTable<FrameFromPixelsConfig> = {
  width: { type: 'integer', min: 1, max: MAX_SIDE, required: true, unit: 'pixels' },
  height: { type: 'integer', min: 1, max: MAX_SIDE, required: true, unit: 'pixels' },
  channels: { type: 'integer', min: 1, max: 4, default: 3 },
  index: { type: 'integer', min: 0, required: true },
  pts: { type: 'number', min: 0, required: true, unit: 's' },
  source: { type: 'text', default: 'frames' },
  capturedAt: { type: 'number', min: 0, defaultText: 'now', unit: 'ms' },
  image: { type: 'value' },
  display: { type: 'integer', min: 0, max: 4096, default: 0, unit: 'pixels' },
};

/**
 * Makes a frame of pixels that are there already: of a canvas, a camera's own library, a renderer.
 *
 * ```ts
 * const frames$ = pictures$.pipe(
 *   concatMap(({ data, width, height }, index) =>
 *     frameFromPixels(data, { width, height, channels: 4, index, pts: index / 30 }),
 *   ),
 * );
 * const pipeline = await createPipeline({ sources: [{ name: 'canvas', source: frames$ }] });
 * ```
 *
 * The pixels are fitted as the model wants them and copied; the caller's array is free once the promise
 * is settled. Every frame has memory of its own.
 * @param pixels uint8 [height, width, channels], rows without gaps
 * @throws TypeError, RangeError (as a rejection) for wrong options, or pixels of another length
 * **Owns:** the caller gets the frame and closes it; `detect`, `encode` and a pipeline do.
 */
export async function frameFromPixels(
  pixels: Uint8Array | Uint8ClampedArray,
  config: FrameFromPixelsConfig,
): Promise<Frame> {
  const arrivedAtMs = performance.now();
  const now = { capturedAt: Date.now() };
  const options = resolveOptions('frameFromPixels', OPTIONS, config, now);
  const { width, height, channels, index, pts, source, capturedAt } = options;
  if (pixels.length !== width * height * channels) {
    throw new RangeError(
      `Expected ${width * height * channels} bytes for ${width}x${height} pixels of ${channels} channels, got ${pixels.length}`,
    );
  }
  const { image = bundledImageSpec(), display } = options;
  const request = { image, display };
  const picture = await fitPicture({ data: pixels, width, height, channels }, request);
  const decodeMs = performance.now() - arrivedAtMs;
  const pool = new FramePool(1, pictureBytes(request));
  const facts = { source, index, pts, capturedAt, arrivedAtMs, decodeMs };
  return pictureFrame(picture, request, facts, pool, 0);
}
