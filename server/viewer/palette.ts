import type { Detection } from '../../models/core/types.ts';

/** Degrees between neighbouring numbers; the golden angle keeps any run of numbers apart. */
const GOLDEN_ANGLE = 137.508;

/**
 * Colour of a detection: one per track number, or per class where there is no track, the same in
 * every frame and on every page. Lightness takes three near steps, which tells apart the numbers
 * whose hues come close again (every 34th).
 * @returns a CSS colour, readable on dark and under dark text
 */
export function colorOf(detection: Pick<Detection, 'classId' | 'trackId'>): string {
  const number = detection.trackId ?? detection.classId + 0.5;
  const hue = (40 + number * GOLDEN_ANGLE) % 360;
  const lightness = 0.76 + 0.06 * (Math.floor(number) % 3);
  return `oklch(${lightness.toFixed(2)} 0.14 ${hue.toFixed(1)})`;
}
