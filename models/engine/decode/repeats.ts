import { iou } from '../../core/iou.ts';
import type { Box, ObjectTokens } from '../../core/types.ts';

/**
 * IoU from which on two boxes of one class are the same object. What the bundled model reads of itself stays
 * below it: of 14,481 objects of 470 COCO pictures and 1,458 frames of five clips one has an IoU above 0.6 with another.
 */
const SAME_IOU = 0.7;

/**
 * Whether two objects are one that was read twice. A draft may lead the reading back to what stands already:
 * where it begins an object that is gone, beside one much like it.
 */
export function isSameObject(a: ObjectTokens['tokens'], b: ObjectTokens['tokens']): boolean {
  const isEqual = a.every((token, i) => token === b[i]);
  return isEqual || (a[4] === b[4] && iou(boxOf(a), boxOf(b)) >= SAME_IOU);
}

/** In tokens; sampled corners may be out of order. */
function boxOf([y0, x0, y1, x1]: ObjectTokens['tokens']): Box {
  return {
    ymin: Math.min(y0, y1),
    xmin: Math.min(x0, x1),
    ymax: Math.max(y0, y1),
    xmax: Math.max(x0, x1),
  };
}
