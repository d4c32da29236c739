import { bundledEncoder } from '../../../models/index.ts';
import type { BareEncoder, Box } from '../../../models/index.ts';
import { iou } from '../../../operators/index.ts';

/** Lowest score of a box, as `--conf` has it by default. */
const LEAST_SCORE = 0.3;
/** Overlap above which two boxes of a class are one, as NanoDet has it. */
const NMS_IOU = 0.6;

/** A box of the encoder's own detection head. */
interface OneShotBox {
  readonly classId: number;
  readonly score: number;
  readonly box: Box;
}

/**
 * The rival: the bundled encoder with its own detection head and non-maximum suppression, in a bare
 * loop in this thread, the frames in memory. The head's boxes and scores are among what the encoder
 * gives to the decoder: its 96 best.
 * @param images uint8 [S, S, 3] each   @returns milliseconds a frame, and boxes a frame
 */
export async function measureOneShot(
  images: readonly Uint8Array[],
): Promise<{ readonly frameMs: number; readonly boxes: number }> {
  const encoder = await bundledEncoder();
  try {
    const started = performance.now();
    let boxes = 0;
    for (const image of images) {
      boxes += suppress(await candidates(encoder, image)).length;
    }
    const frameMs = (performance.now() - started) / images.length;
    return { frameMs, boxes: boxes / images.length };
  } finally {
    await encoder.release();
  }
}

async function candidates(encoder: BareEncoder, image: Uint8Array): Promise<OneShotBox[]> {
  const output = await encoder.run(image);
  const sides = output('memory.box'); // [4, K]: ymin, xmin, ymax, xmax
  const scores = output('memory.prob'); // [K, classes]
  const K = sides.length / 4;
  const numClasses = scores.length / K;
  return Array.from({ length: K }, (_, k) => {
    const ofBox = scores.subarray(k * numClasses, (k + 1) * numClasses);
    const score = Math.max(...ofBox);
    const [ymin = 0, xmin = 0, ymax = 0, xmax = 0] = [0, 1, 2, 3].map(
      (side) => sides[side * K + k],
    );
    return { classId: ofBox.indexOf(score), score, box: { ymin, xmin, ymax, xmax } };
  }).filter(({ score }) => score >= LEAST_SCORE);
}

function suppress(boxes: readonly OneShotBox[]): OneShotBox[] {
  const kept: OneShotBox[] = [];
  for (const one of boxes.toSorted((a, b) => b.score - a.score)) {
    const isAgain = kept.some(
      ({ classId, box }) => classId === one.classId && iou(box, one.box) > NMS_IOU,
    );
    if (!isAgain) {
      kept.push(one);
    }
  }
  return kept;
}
