import { isDeepStrictEqual } from 'node:util';
import type { Frame, FrameDetections, FrameInfo } from '../../models/core/types.ts';
import { resolveOptions } from '../../models/core/resolveOptions.ts';
import { MOTION_OPTIONS } from './detectOptions.ts';
import type { MotionConfig } from './detectOptions.ts';
import { repeatedFor } from './frameDetections.ts';

/** Side of the squares that are compared, pixels of the model's picture. Smaller objects are not found anyway. */
const BLOCK = 8;
/** Of every so many rows one is looked at: half the time, and still 32 pixels a block against noise. */
const ROW_STEP = 2;

/** What this share of the blocks do not exceed is noise, unless it is above the threshold itself. */
const NOISE_SHARE = 0.9;
/** How far above that motion stands out; the worst block of a noisy, compressed still scene is at 4.5. */
const NOISE_MARGIN = 5;

/** One frame beside the last that was looked at. */
export interface ComparedFrame {
  /** The last look's result as this frame's, where the scene is still. */
  readonly repeated: FrameDetections | undefined;
  /** To be called with what a look at the frame found. */
  keep(result: FrameDetections): void;
}

/** The last frame that was looked at: what the next ones are compared with. */
interface Reference {
  readonly blocks: Float32Array; // [3n]
  readonly wishes: object | undefined;
  readonly info: Pick<FrameInfo, 'source' | 'pts' | 'width' | 'height'>;
  readonly result: FrameDetections;
}

/**
 * Decides which frames need a look, and repeats the last result for those of a still scene.
 *
 * A frame is compared with the last one that was looked at, not with the one before it, so that what
 * creeps is seen as soon as it has gone far enough. Squares of 8 pixels are compared by their mean
 * colour: one that differs is enough, however small the object. The noise of a sensor averages out in
 * them, and where it is so strong that it does not, motion has to stand out from it.
 * There is always a look after a change of source or size, a step back in time, a change of what is
 * wanted, a frame that was cut short, and `maxStillSeconds`.
 */
export class MotionFilter {
  readonly #threshold: number;
  readonly #maxStillSeconds: number;
  #last: Reference | undefined;

  /** @throws TypeError, RangeError for wrong options */
  constructor(config: MotionConfig = {}) {
    const { threshold, maxStillSeconds } = resolveOptions('motion', MOTION_OPTIONS, config);
    this.#threshold = threshold;
    this.#maxStillSeconds = maxStillSeconds;
  }

  /**
   * Compares a frame with the last look; its pixels must be open.
   * @param wishes what is wanted of it, compared by value
   */
  compare(frame: Frame, wishes?: object): ComparedFrame {
    const blocks = blocksOf(frame.image);
    const { source, pts, width, height } = frame;
    return {
      repeated:
        this.#last !== undefined && this.#isStill(this.#last, frame, blocks, wishes)
          ? repeatedFor(frame, this.#last.result)
          : undefined,
      keep: (result) => {
        this.#last = { blocks, wishes, info: { source, pts, width, height }, result };
      },
    };
  }

  #isStill(
    { info, result, ...last }: Reference,
    frame: Frame,
    blocks: Float32Array,
    wishes: object | undefined,
  ): boolean {
    const seconds = frame.pts - info.pts;
    return (
      info.source === frame.source &&
      info.width === frame.width &&
      info.height === frame.height &&
      seconds > 0 &&
      seconds < this.#maxStillSeconds &&
      result.final &&
      isDeepStrictEqual(last.wishes, wishes) &&
      !hasMoved(last.blocks, blocks, this.#threshold)
    );
  }
}

/** Mean colour of each block, rows of blocks from the top. @param image uint8 [S, S, 3] @returns 0 to 255 */
function blocksOf(image: Uint8Array): Float32Array {
  const size = Math.sqrt(image.length / 3);
  const across = Math.ceil(size / BLOCK);
  const sums = new Float32Array(across * across * 3);
  const counts = new Float32Array(across * across);
  for (let y = 0; y < size; y += ROW_STEP) {
    const row = Math.floor(y / BLOCK) * across;
    for (let column = 0; column < across; column++) {
      const block = row + column;
      const end = 3 * (y * size + Math.min(size, (column + 1) * BLOCK));
      const start = 3 * (y * size + column * BLOCK);
      let [red, green, blue] = [0, 0, 0];
      for (let i = start; i < end; i += 3) {
        red += image[i] ?? 0;
        green += image[i + 1] ?? 0;
        blue += image[i + 2] ?? 0;
      }
      sums[3 * block] = (sums[3 * block] ?? 0) + red;
      sums[3 * block + 1] = (sums[3 * block + 1] ?? 0) + green;
      sums[3 * block + 2] = (sums[3 * block + 2] ?? 0) + blue;
      counts[block] = (counts[block] ?? 0) + (end - start) / 3;
    }
  }
  return sums.map((sum, i) => sum / (counts[Math.floor(i / 3)] ?? 1));
}

/** Whether a block differs by more than the threshold and than what noise does to all of them. */
function hasMoved(before: Float32Array, after: Float32Array, threshold: number): boolean {
  const differences = after.map((mean, i) => Math.abs(mean - (before[i] ?? 0)));
  if (differences.every((difference) => difference <= threshold)) {
    return false;
  }
  differences.sort();
  const noise = differences[Math.floor(NOISE_SHARE * differences.length)] ?? 0;
  return noise > threshold || (differences.at(-1) ?? 0) > NOISE_MARGIN * noise;
}
