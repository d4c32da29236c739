/** The door to sharp for fitting pixels. */
import sharp from 'sharp';
import type { Channels } from 'sharp';
import type { ImageSpec } from '../../models/types.ts';
import { fittedSize } from '../video/filterGraph.ts';
import type { FitRequest } from './pictureFrame.ts';

/** Pixels as they are: 8 bits a channel, rows without gaps. */
export interface RawPicture {
  readonly width: number;
  readonly height: number;
  /** 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA. */
  readonly channels: Channels;
  readonly data: Uint8Array | Uint8ClampedArray; // [height, width, channels]
}

/** One picture, fitted. */
export interface Picture {
  /** Size of the picture before, pixels. */
  readonly width: number;
  readonly height: number;
  readonly image: Uint8Array; // [S, S, 3]
  /** Where it was asked for: tight rows, `fittedSize` large. */
  readonly display: Uint8Array | undefined;
}

/** Fits pixels to the model, and for people where that is asked for; alpha is left out. */
export async function fitPicture(
  picture: RawPicture,
  { image, display }: FitRequest,
): Promise<Picture> {
  const { width, height } = picture;
  const rgb = picture.channels === 3 ? picture : await toRgb(picture);
  const shown = display === 0 ? undefined : fittedSize(width, height, display, false);
  return {
    width,
    height,
    image: await resize(rgb, fittedSize(width, height, image.size, true), image),
    display: shown && (await resize(rgb, shown)),
  };
}

/** First of all: scaling would let transparent pixels fade into their neighbours. */
async function toRgb({ data, ...raw }: RawPicture): Promise<RawPicture> {
  const rgb = await sharp(data, { raw }).removeAlpha().toColourspace('srgb').raw().toBuffer();
  return { ...raw, channels: 3, data: rgb };
}

async function resize(
  { data, ...raw }: RawPicture,
  size: { readonly width: number; readonly height: number },
  pad?: ImageSpec,
): Promise<Uint8Array> {
  const { width, height, channels } = raw;
  const fitted = sharp(data, { raw: { width, height, channels } }).resize({
    ...size,
    fit: 'fill',
    kernel: 'linear',
  });
  if (pad !== undefined) {
    fitted.extend({
      right: pad.size - size.width,
      bottom: pad.size - size.height,
      background: { r: pad.pad, g: pad.pad, b: pad.pad },
    });
  }
  return fitted.toColourspace('srgb').removeAlpha().raw().toBuffer();
}
