/** The door to sharp for drawing: where the decoder looked, laid over the frame, one panel a token. */
import sharp from 'sharp';
import type { OverlayOptions } from 'sharp';
import type { AttentionMap, Box, DisplayImage, Frame, ImageSpec } from '../../models/core/types.ts';
import { fittedSize } from '../media/frames/filterGraph.ts';
import { escaped } from './svg.ts';

/** All of `PictureFormat`. */
export const PICTURE_FORMATS = ['png', 'jpeg'] as const;
/** File formats of a picture. */
export type PictureFormat = (typeof PICTURE_FORMATS)[number];

/** A frame's picture as all panels of its objects have it behind the heat; outlives the frame. */
export interface Ground {
  /** Size of a panel, pixels; the shape of the source frame. */
  readonly width: number;
  readonly height: number;
  /** Size of the source frame, pixels. */
  readonly source: { readonly width: number; readonly height: number };
  /** Size of the model's padded square on the scale of the panel, pixels. */
  readonly square: { readonly width: number; readonly height: number };
  /** Grey and dark. */
  readonly pixels: Buffer; // [height, width, 3]
}

/** What is drawn of one object. */
export interface AttentionPanels {
  /** Where the decoder looked for each of its tokens. */
  readonly maps: readonly AttentionMap[]; // [5]
  /** What stands above each panel. */
  readonly captions: readonly string[]; // [5]
  /** In source pixels. */
  readonly box: Box;
}

/** How much of the frame's brightness is left beneath the heat. */
const GROUND_LIGHT = 0.7;
/** How much of the frame the strongest heat hides. */
const MOST_ALPHA = 0.9;
/** White between the panels and around them, pixels. */
const GAP = 8;
/** Size of the captions' letters, and of the room above the panels, as shares of a panel's width. */
const LETTERS = 1 / 18;
const HEADROOM = 1 / 12;
/** The inferno ramp of matplotlib (CC0) at nine equal steps. */
const RAMP = [
  [0, 0, 4],
  [31, 12, 72],
  [85, 15, 109],
  [136, 34, 106],
  [186, 54, 85],
  [227, 89, 51],
  [249, 140, 10],
  [249, 201, 50],
  [252, 255, 164],
] as const;
/** Colours of 0 to 255, with the alpha that grows with the heat. */
const HEAT_COLORS = Uint8Array.from({ length: 256 * 4 }, (_, i) => heatColor(i >> 2)[i & 3] ?? 0);
/** Of JPEG files. */
const QUALITY = 90;
const RGB = { channels: 3 } as const;

/**
 * Copies a frame's picture, the display picture where there is one, and darkens it.
 * @param frame borrowed; open at the call, and no longer needed when this returns its promise
 */
export async function groundOf(frame: Frame, { size }: ImageSpec): Promise<Ground> {
  const source = { width: frame.width, height: frame.height };
  const fitted = fittedSize(frame.width, frame.height, size, true);
  const { display } = frame;
  const { width, height, stride, data }: DisplayImage = display ?? {
    ...fitted,
    stride: size * 3,
    data: frame.image,
  };
  const rows = data.slice(0, stride * height); // sharp takes no shared memory, and works later
  const square = {
    width: Math.round((width * size) / fitted.width),
    height: Math.round((height * size) / fitted.height),
  };
  return { width, height, source, square, pixels: await darkened(rows, stride, width, height) };
}

/**
 * Draws one object: five panels side by side, each with the heat of its token, the object's box, and a
 * caption. Where the machine has no font there are no captions, or little boxes in their place.
 * @returns the file's bytes
 */
export async function drawAttention(
  ground: Ground,
  object: AttentionPanels,
  format: PictureFormat,
): Promise<Uint8Array> {
  const { width, height } = ground;
  const raw = { width, height, ...RGB };
  const layers: OverlayOptions[] = [];
  for (const [panel, map] of object.maps.entries()) {
    const place = { left: leftOf(panel, ground), top: topOf(ground) };
    layers.push({ input: ground.pixels, raw, ...place });
    layers.push({ input: await heatOf(map, ground), raw: { ...raw, channels: 4 }, ...place });
  }
  layers.push({ input: Buffer.from(drawingOf(ground, object)), left: 0, top: 0 });
  const size = pictureSize(ground, object.maps.length);
  const drawn = sharp({ create: { ...size, ...RGB, background: 'white' } })
    .composite(layers)
    .removeAlpha();
  return (format === 'jpeg' ? drawn.jpeg({ quality: QUALITY }) : drawn.png()).toBuffer();
}

/** Size of the whole picture, pixels. */
export function pictureSize(
  panel: Pick<Ground, 'width' | 'height'>,
  numPanels: number,
): { readonly width: number; readonly height: number } {
  return {
    width: leftOf(numPanels, panel),
    height: topOf(panel) + panel.height + GAP,
  };
}

async function darkened(
  rows: Uint8Array,
  stride: number,
  width: number,
  height: number,
): Promise<Buffer> {
  const grey = await sharp(rows, { raw: { width: stride / 3, height, ...RGB } })
    .extract({ left: 0, top: 0, width, height })
    .greyscale()
    .raw()
    .toBuffer();
  return sharp(grey, { raw: { width, height, channels: 1 } })
    .linear(GROUND_LIGHT)
    .toColourspace('srgb')
    .raw()
    .toBuffer();
}

/** @returns [height, width, 4], the map in colours, enlarged smoothly, without what lies over the padding */
async function heatOf(map: AttentionMap, { width, height, square }: Ground): Promise<Buffer> {
  const most = Math.max(...map.shares);
  const levels = Uint8Array.from(map.shares, (share) => Math.round((255 * share) / (most || 1)));
  const enlarged = await sharp(levels, {
    raw: { width: map.width, height: map.height, channels: 1 },
  })
    .resize({ ...square, fit: 'fill', kernel: 'cubic' })
    .extract({ left: 0, top: 0, width, height })
    .toColourspace('b-w')
    .raw()
    .toBuffer();
  const heat = Buffer.alloc(4 * enlarged.length);
  enlarged.forEach((level, i) => heat.set(HEAT_COLORS.subarray(4 * level, 4 * level + 4), 4 * i));
  return heat;
}

/** Boxes and captions as SVG; the side that a token says is drawn strongly. */
function drawingOf(ground: Ground, { maps, captions, box }: AttentionPanels): string {
  const { width, height } = pictureSize(ground, maps.length);
  const baseline = topOf(ground) - Math.round((ground.width * LETTERS) / 3);
  const panels = maps.map((_, panel) => {
    const x = leftOf(panel, ground);
    const caption = escaped(captions[panel] ?? '');
    return `<text x="${x + 1}" y="${baseline}">${caption}</text>${boxOf(box, panel, ground)}`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">
<style>
text { font: ${ground.width * LETTERS}px Helvetica, Arial, "DejaVu Sans", sans-serif; fill: #222 }
rect { fill: none; stroke: white; stroke-width: 1.2; stroke-opacity: .8 }
line, .whole { stroke: #3df2ff; stroke-width: 2.4; stroke-opacity: 1; stroke-linecap: round }
</style>
${panels.join('\n')}
</svg>`;
}

function boxOf(box: Box, panel: number, ground: Ground): string {
  const across = ground.width / ground.source.width;
  const down = ground.height / ground.source.height;
  const left = leftOf(panel, ground) + box.xmin * across;
  const right = leftOf(panel, ground) + box.xmax * across;
  const top = topOf(ground) + box.ymin * down;
  const bottom = topOf(ground) + box.ymax * down;
  const sides = [
    [left, top, right, top],
    [left, top, left, bottom],
    [left, bottom, right, bottom],
    [right, top, right, bottom],
  ] as const;
  const side = sides[panel];
  const rect = `x="${left}" y="${top}" width="${right - left}" height="${bottom - top}"`;
  if (side === undefined) {
    return `<rect class="whole" ${rect}/>`;
  }
  const [x1, y1, x2, y2] = side;
  return `<rect ${rect}/><line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}"/>`;
}

function leftOf(index: number, { width }: Pick<Ground, 'width'>): number {
  return GAP + index * (width + GAP);
}

function topOf({ width }: Pick<Ground, 'width'>): number {
  return GAP + Math.round(width * HEADROOM);
}

function heatColor(level: number): readonly number[] {
  const at = (level / 255) * (RAMP.length - 1);
  const below = RAMP[Math.floor(at)] ?? RAMP[0];
  const above = RAMP[Math.ceil(at)] ?? RAMP[0];
  const rgb = below.map((value, i) => Math.round(value + ((above[i] ?? 0) - value) * (at % 1)));
  return [...rgb, Math.round(MOST_ALPHA * level)];
}
