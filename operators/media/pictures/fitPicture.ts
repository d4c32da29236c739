/** The door to sharp for fitting pixels. */
import sharp from 'sharp';
import type { Channels } from 'sharp';
import type { ImageSpec } from '../../../models/core/types.ts';
import { fittedSize } from '../frames/filterGraph.ts';
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

/**
 * Fits pixels to the model, and for people where that is asked for; alpha is left out.
 * @param size of the picture before it was made smaller. Default: as it is
 */
export async function fitPicture(
  picture: RawPicture,
  { image, display }: FitRequest,
  { width, height }: Pick<RawPicture, 'width' | 'height'> = picture,
): Promise<Picture> {
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
  picture: RawPicture,
  size: { readonly width: number; readonly height: number },
  pad?: ImageSpec,
): Promise<Uint8Array> {
  const isEnlarged = size.width > picture.width && size.height > picture.height;
  const { data, ...raw } = isEnlarged ? await enlarge(picture, size) : picture;
  const fitted = sharp(data, { raw }).resize({ ...size, fit: 'fill', kernel: 'linear' });
  if (pad !== undefined) {
    fitted.extend({
      right: pad.size - size.width,
      bottom: pad.size - size.height,
      background: { r: pad.pad, g: pad.pad, b: pad.pad },
    });
  }
  return fitted.toColourspace('srgb').removeAlpha().raw().toBuffer();
}

/**
 * Makes a picture larger, pixel centres to pixel centres, as boxes are scaled. sharp's own `resize` puts the
 * result half a pixel too far to the right and down.
 */
async function enlarge(
  { data, width, height, channels }: RawPicture,
  size: { readonly width: number; readonly height: number },
): Promise<RawPicture> {
  const [x, y] = [size.width / width, size.height / height];
  // A border, or the outermost pixels would be mixed with the background; pipelines of their own, since
  // sharp extends last and cuts out first.
  const border = { left: 1, right: 1, top: 1, bottom: 1 };
  const framed = await sharp(data, { raw: { width, height, channels } })
    .extend({ ...border, extendWith: 'copy' })
    .raw()
    .toBuffer();
  const raw = { width: width + 2, height: height + 2, channels };
  const centred = { idx: 0.5 / x - 0.5, idy: 0.5 / y - 0.5 };
  const enlarged = await sharp(framed, { raw })
    .affine([x, 0, 0, y], { interpolator: 'bilinear', ...centred })
    .raw()
    .toBuffer({ resolveWithObject: true });
  const inner = await sharp(enlarged.data, {
    raw: { width: enlarged.info.width, height: enlarged.info.height, channels },
  })
    .extract({ left: 1, top: 1, ...size }) // so far the border reaches in, at any scale
    .raw()
    .toBuffer();
  return { data: inner, ...size, channels };
}
