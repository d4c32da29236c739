/** What drawings over frames have in common. */
import type { Detection } from '../../models/core/types.ts';

/** Degrees between neighbouring numbers; the golden angle keeps any run of numbers apart. */
const GOLDEN_ANGLE = 137.508;
const CHROMA = 0.14;

/** A text as it may stand between two tags. */
export function escaped(text: string): string {
  return text.replaceAll(/[&<>]/g, (found) => `&#${found.charCodeAt(0)};`);
}

/**
 * Colour of a detection: one per track number, or per class where there is no track, the same in every frame,
 * and the same as in the viewer.
 * @returns `#rrggbb`, readable on dark and under dark text
 */
export function colourOf({ trackId, classId }: Pick<Detection, 'classId' | 'trackId'>): string {
  const number = trackId ?? classId + 0.5;
  const hue = ((40 + number * GOLDEN_ANGLE) * Math.PI) / 180;
  const lightness = 0.76 + 0.06 * (Math.floor(number) % 3);
  const rgb = toRgb(lightness, CHROMA * Math.cos(hue), CHROMA * Math.sin(hue));
  return `#${rgb.map((value) => value.toString(16).padStart(2, '0')).join('')}`;
}

/**
 * From OKLab to sRGB: what browsers do with `oklch()`, which librsvg does not know.
 * Source: https://bottosson.github.io/posts/oklab
 */
function toRgb(lightness: number, a: number, b: number): number[] {
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ].map((light) => {
    const value = light <= 0.0031308 ? 12.92 * light : 1.055 * light ** (1 / 2.4) - 0.055;
    return Math.round(255 * Math.min(1, Math.max(0, value)));
  });
}
