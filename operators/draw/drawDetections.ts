/** The door to sharp for drawing what was found over the frame. */
import sharp from 'sharp';
import type { Detection, DisplayImage, FrameDetections } from '../../models/core/types.ts';
import { colourOf, escaped } from './svg.ts';

/** A size, pixels. */
export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/** How large things are drawn, pixels. */
interface Strokes {
  readonly line: number;
  readonly letters: number;
}

/** From source pixels to the picture's. */
interface Scale {
  readonly across: number;
  readonly down: number;
}

/** Letters all of one width, so that their ground can be as wide as they are. */
const FONT = '"DejaVu Sans Mono", Menlo, Consolas, "Liberation Mono", monospace';
/** Width of a letter, as a share of its size. */
const LETTER_WIDTH = 0.61;
/** Room around letters, as a share of their size. */
const MARGIN = 0.3;
/** Keeps lines visible on a bright picture. */
const RIM = 'stroke="#000" stroke-opacity=".45"';
const RGB = { channels: 3 } as const;

/**
 * Draws what was found over a frame's picture: boxes with label, score and track number, outlines, keypoints, and the
 * caption below. Where the machine has no font there are no letters, or little boxes in their place.
 * @param picture borrowed for the call, not changed
 * @param result of the same frame
 * @param size of what comes out: another one than the picture's is filled up with black. Default: the picture's
 * @returns uint8 [height, width, 3], RGB
 */
export async function drawDetections(
  picture: DisplayImage,
  result: FrameDetections,
  size: PictureSize = picture,
): Promise<Uint8Array> {
  const { width, height } = picture;
  const drawn = tightRows(picture);
  if (result.detections.length > 0 || result.caption !== undefined) {
    const drawing = Buffer.from(drawingOf(picture, result));
    layOver(drawn, await sharp(drawing).ensureAlpha().raw().toBuffer());
  }
  if (size.width === width && size.height === height) {
    return drawn;
  }
  return sharp(drawn, { raw: { width, height, ...RGB } })
    .resize({ width: size.width, height: size.height, fit: 'contain', background: 'black' })
    .raw()
    .toBuffer();
}

/** @returns [height, width, 3], a copy */
function tightRows({ data, stride, width, height }: DisplayImage): Uint8Array {
  const rows = new Uint8Array(height * width * 3);
  for (let y = 0; y < height; y++) {
    rows.set(data.subarray(y * stride, y * stride + width * 3), y * width * 3);
  }
  return rows;
}

/**
 * Blends a drawing into a picture. Most of it is transparent, of which sharp's `composite` makes three times the work.
 * @param pixels [height, width, 3]   @param drawing [height, width, 4]
 */
function layOver(pixels: Uint8Array, drawing: Uint8Array): void {
  for (let from = 0, to = 0; from < drawing.length; from += 4, to += 3) {
    const alpha = (drawing[from + 3] ?? 0) / 255;
    if (alpha > 0) {
      for (let channel = 0; channel < 3; channel++) {
        const below = pixels[to + channel] ?? 0;
        const above = drawing[from + channel] ?? 0;
        pixels[to + channel] = Math.round(below + (above - below) * alpha);
      }
    }
  }
}

function drawingOf(
  size: PictureSize,
  { width, height, detections, caption }: FrameDetections,
): string {
  const longer = Math.max(size.width, size.height);
  const strokes = { line: Math.max(2, longer / 480), letters: Math.max(11, longer / 72) };
  const scale = { across: size.width / width, down: size.height / height };
  const outlines = detections.map((found) => outlineOf(found, scale, strokes));
  const tags = detections.map((found) => tagOf(found, scale, strokes, size));
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${size.width}" height="${size.height}">
<style>text { font: 600 ${strokes.letters}px ${FONT} }</style>
${[...outlines, ...tags].join('\n')}
${caption === undefined ? '' : captionOf(caption, strokes, size)}
</svg>`;
}

function outlineOf(detection: Detection, { across, down }: Scale, { line }: Strokes): string {
  const colour = colourOf(detection);
  const { box, polygons = [], keypoints = [] } = detection;
  const place =
    `x="${box.xmin * across}" y="${box.ymin * down}" ` +
    `width="${(box.xmax - box.xmin) * across}" height="${(box.ymax - box.ymin) * down}"`;
  const shapes = polygons.map((points) => {
    const scaled = points.map((at, i) => at * (i % 2 === 0 ? across : down));
    return `<polygon points="${scaled.join(' ')}" fill="${colour}" fill-opacity=".3" stroke="${colour}" stroke-width="${line / 2}"/>`;
  });
  const points = keypoints
    .filter(({ visible }) => visible)
    .map(({ x, y }) => {
      const centre = `cx="${x * across}" cy="${y * down}" r="${1.5 * line}"`;
      return `<circle ${centre} fill="${colour}" ${RIM} stroke-width="${line / 2}"/>`;
    });
  return [
    ...shapes,
    `<rect ${place} fill="none" ${RIM} stroke-width="${2 * line}"/>`,
    `<rect ${place} fill="none" stroke="${colour}" stroke-width="${line}"/>`,
    ...points,
  ].join('');
}

/** Label, score and track number above a box; inside it where there is no room above. */
function tagOf(
  detection: Detection,
  { across, down }: Scale,
  { line, letters }: Strokes,
  size: PictureSize,
): string {
  const { label, score, trackId, box } = detection;
  const text = `${label} ${twoPlaces(score)}${trackId === undefined ? '' : ` #${trackId}`}`;
  const width = widthOf(text, letters);
  const height = letters * (1 + MARGIN);
  const x = Math.max(0, Math.min(box.xmin * across - line / 2, size.width - width));
  const above = box.ymin * down - line / 2 - height;
  const y = above >= 0 ? above : Math.max(0, box.ymin * down + line / 2);
  return (
    `<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="${colourOf(detection)}"/>` +
    `<text x="${x + letters * MARGIN}" y="${y + letters}" fill="#0c1014">${escaped(text)}</text>`
  );
}

/** A sentence along the lower side, in smaller letters where it is long. */
function captionOf(caption: string, { letters }: Strokes, { width, height }: PictureSize): string {
  const wanted = 1.4 * letters;
  const size = Math.min(wanted, wanted * (width / widthOf(caption, wanted)));
  const top = height - size * (1 + 2 * MARGIN);
  return (
    `<rect x="0" y="${top}" width="${width}" height="${height - top}" fill="#000" fill-opacity=".6"/>` +
    `<text x="${size * MARGIN}" y="${height - 2 * MARGIN * size}" style="font-size: ${size}px" fill="#fff">${escaped(caption)}</text>`
  );
}

function widthOf(text: string, letters: number): number {
  return (Array.from(text).length * LETTER_WIDTH + 2 * MARGIN) * letters;
}

/** Cut, as everywhere: what reads 0.40 is 0.4 or more. */
function twoPlaces(score: number): string {
  return (Math.floor(score * 100 + 1e-9) / 100).toFixed(2);
}
