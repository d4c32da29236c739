import type { ImageSpec, Letterbox } from '../../../models/core/types.ts';

/** What is wanted of each picture. */
export interface PictureRequest {
  readonly image: ImageSpec;
  /** Longest side of the display picture, pixels; 0 for none. */
  readonly display: number;
  /** Keep every n-th frame. */
  readonly stride: number;
}

/**
 * How one decoded picture lies in memory: RGB rows, the model's square at the top left, below it the display
 * picture, and below that the size of the source's picture. One raster for all keeps them together, since a size
 * that changes midway is told nowhere else in step with the pictures.
 */
export interface Raster {
  readonly width: number;
  readonly height: number;
  readonly bytes: number;
}

/** Width and height of a picture, pixels. */
export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/** The size is written as numbers of two digits to this base, a row for each digit: so many white pixels and one. */
const BASE = 256;
/** What each row says, as FFmpeg's scaler computes it: the digits of the width, then of the height. */
const SIZE_ROWS = ['iw', 'ih'].flatMap((side) => [
  `mod(${side},${BASE})`,
  `floor(${side}/${BASE})`,
]);
const BYTES_A_PIXEL = 3;

/** The raster that `filterGraph` makes. */
export function rasterOf({ image, display }: Omit<PictureRequest, 'stride'>): Raster {
  const width = Math.max(image.size, display, BASE);
  const height = image.size + display + SIZE_ROWS.length;
  return { width, height, bytes: width * height * BYTES_A_PIXEL };
}

/** Reads the size of the source's picture from a raster. @param bytes uint8 [height, width, 3] */
export function sizeOf(bytes: Uint8Array, { width, height }: Raster): PictureSize {
  const digit = (row: number): number => {
    const start = (height - SIZE_ROWS.length + row) * width * BYTES_A_PIXEL;
    let length = 0;
    while (length < width && (bytes[start + length * BYTES_A_PIXEL] ?? 0) >= 128) {
      length += 1;
    }
    return Math.max(0, length - 1);
  };
  return { width: digit(0) + BASE * digit(1), height: digit(2) + BASE * digit(3) };
}

/**
 * The FFmpeg filter graph: fit, convert, pad, and write the size below. It thins nothing: FFmpeg builds it anew
 * where the size changes, and a filter's count of frames would begin again.
 * The flags make FFmpeg's scaler give the same pixels on every platform, WebAssembly included.
 * @param label of the graph's output
 */
export function filterGraph(request: Omit<PictureRequest, 'stride'>, label: string): string {
  const { image, display } = request;
  const { width } = rasterOf(request);
  const grey = image.pad.toString(16).padStart(2, '0');
  const parts = [
    `${fit(image.size, true)},pad=${width}:${image.size}:0:0:color=0x${grey.repeat(3)}`,
    ...(display === 0 ? [] : [`${fit(display, false)},pad=${width}:${display}:0:0:color=black`]),
    ...SIZE_ROWS.map((digit) => whiteRow(`${digit}+1`, width)),
  ];
  const ins = parts.map((_, i) => `[in${i}]`);
  const outs = parts.map((_, i) => `[out${i}]`);
  return [
    `[0:V:0]split=${parts.length}${ins.join('')}`,
    ...parts.map((part, i) => `${ins[i]}${part}${outs[i]}`),
    `${outs.join('')}vstack=${parts.length}[${label}]`,
  ].join(';');
}

/** One row that begins white. @param length white pixels, as an expression of the picture's size */
function whiteRow(length: string, width: number): string {
  const white = `scale=w='${length}':h=1:flags=neighbor,format=gray,lut=c0=255`;
  return `${white},pad=${width}:1:0:0:color=black,format=rgb24`;
}

/** The letterbox of a source frame in the model's square; the same arithmetic as the filter's. */
export function letterboxOf(width: number, height: number, size: number): Letterbox {
  const fitted = fittedSize(width, height, size, true);
  return { scaleX: fitted.width / width, scaleY: fitted.height / height };
}

/**
 * Size of a picture fitted into a square.
 * @param enlarge whether a smaller picture grows to fill it
 */
export function fittedSize(
  width: number,
  height: number,
  size: number,
  enlarge: boolean,
): PictureSize {
  const ratio = Math.min(size / width, size / height, enlarge ? Infinity : 1);
  return {
    width: Math.max(1, Math.round(width * ratio)),
    height: Math.max(1, Math.round(height * ratio)),
  };
}

function fit(size: number, enlarge: boolean): string {
  const ratio = `min(${size}/iw,${size}/ih)`;
  const bounded = enlarge ? ratio : `min(1,${ratio})`;
  const side = (length: string): string => `'max(1,round(${length}*${bounded}))'`;
  const flags = 'bilinear+accurate_rnd+full_chroma_int+bitexact';
  return `scale=w=${side('iw')}:h=${side('ih')}:flags=${flags},format=rgb24`;
}
