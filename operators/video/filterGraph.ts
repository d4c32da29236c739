import type { ImageSpec, Letterbox } from '../../models/types.ts';

/** What is wanted of each picture. */
export interface PictureRequest {
  readonly image: ImageSpec;
  /** Longest side of the display picture, pixels; 0 for none. */
  readonly display: number;
  /** Keep every n-th frame. */
  readonly stride: number;
}

/**
 * How one decoded picture lies in memory: RGB rows, the model's square at the top left and, below
 * it, the display picture. One raster for both keeps them together without a second channel.
 */
export interface Raster {
  readonly width: number;
  readonly height: number;
  readonly bytes: number;
}

/** The raster that `filterGraph` makes. */
export function rasterOf({ image, display }: PictureRequest): Raster {
  const width = Math.max(image.size, display);
  const height = image.size + display;
  return { width, height, bytes: width * height * 3 };
}

/**
 * The FFmpeg filter graph: note time and size, thin, fit, convert, pad.
 * The flags make FFmpeg's scaler give the same pixels on every platform, WebAssembly included.
 * @param label of the graph's output
 */
export function filterGraph(request: PictureRequest, label: string): string {
  const { image, display, stride } = request;
  const { width } = rasterOf(request);
  const thin = stride > 1 ? `select='not(mod(n,${stride}))',` : '';
  const grey = image.pad.toString(16).padStart(2, '0');
  const model = `${fit(image.size, true)},pad=${width}:${image.size}:0:0:color=0x${grey.repeat(3)}`;
  const head = `[0:V:0]${thin}showinfo=checksum=0`;
  if (display === 0) {
    return `${head},${model}[${label}]`;
  }
  const shown = `${fit(display, false)},pad=${width}:${display}:0:0:color=black`;
  return `${head},split[a][b];[a]${model}[m];[b]${shown}[d];[m][d]vstack[${label}]`;
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
): { readonly width: number; readonly height: number } {
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
