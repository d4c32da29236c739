import type { Box } from './types.ts';

/**
 * Tells how much two boxes agree: the area they share over the area they cover together.
 * 1 is the same box, 0 is nothing in common.
 *
 * Boxes that only touch share nothing. Boxes without area share nothing with anything, themselves included.
 *
 * @param a a box, corners, any unit
 * @param b a box in the same unit
 * @returns 0 to 1
 *
 * **Owns:** nothing.
 */
export function iou(a: Box, b: Box): number {
  const width = Math.min(a.xmax, b.xmax) - Math.max(a.xmin, b.xmin);
  const height = Math.min(a.ymax, b.ymax) - Math.max(a.ymin, b.ymin);
  if (width <= 0 || height <= 0) {
    return 0;
  }
  const shared = width * height;
  return shared / (area(a) + area(b) - shared);
}

function area(box: Box): number {
  return (box.xmax - box.xmin) * (box.ymax - box.ymin);
}
