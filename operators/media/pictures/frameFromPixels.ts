import { bundledImageSpec } from '../../../models/index.ts';
import type { Frame, ImageSpec } from '../../../models/core/types.ts';
import { expectInteger, expectKnownKeys, expectNumber } from '../../../models/core/validate.ts';
import { fitPicture } from './fitPicture.ts';
import { pictureBytes, pictureFrame } from './pictureFrame.ts';
import { FrameSlots } from '../frames/framePool.ts';

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
  readonly image?: ImageSpec;
  /** Also give the frame a picture for people, this many pixels along its longer side; 0 for none. Default 0. */
  readonly display?: number;
}

const KEYS = 'width height index pts source channels capturedAt image display'.split(' ');
const MAX_SIDE = 16_384;

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
  expectKnownKeys('frameFromPixels', config, KEYS);
  const width = expectInteger('width', config.width, { min: 1, max: MAX_SIDE });
  const height = expectInteger('height', config.height, { min: 1, max: MAX_SIDE });
  const { channels = 3 } = config;
  expectInteger('channels', channels, { min: 1, max: 4 });
  if (pixels.length !== width * height * channels) {
    throw new RangeError(
      `Expected ${width * height * channels} bytes for ${width}x${height} pixels of ${channels} channels, got ${pixels.length}`,
    );
  }
  const request = {
    image: config.image ?? bundledImageSpec(),
    display: expectInteger('display', config.display ?? 0, { min: 0, max: 4096 }),
  };
  const source = config.source ?? 'frames';
  const index = expectInteger('index', config.index, { min: 0 });
  const pts = expectNumber('pts', config.pts, { min: 0 });
  const capturedAt = expectNumber('capturedAt', config.capturedAt ?? Date.now(), { min: 0 });

  const picture = await fitPicture({ data: pixels, width, height, channels }, request);
  const decodeMs = performance.now() - arrivedAtMs;
  const slots = new FrameSlots(1, pictureBytes(request));
  const facts = { source, index, pts, capturedAt, arrivedAtMs, decodeMs };
  return pictureFrame(picture, request, facts, slots, 0);
}
