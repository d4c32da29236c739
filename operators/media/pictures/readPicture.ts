/** The door to sharp for reading pictures: decodes, turns upright, fits. */
import sharp from 'sharp';
import { fitPicture } from './fitPicture.ts';
import type { Picture, RawPicture } from './fitPicture.ts';
import { MAX_PIXELS, inspectPicture, unreadablePicture } from './inspectPicture.ts';
import type { PictureFacts } from './inspectPicture.ts';
import type { FitRequest } from './pictureFrame.ts';

/** Longest that one call may decode, seconds. */
const MAX_SECONDS = 30;
/** Most pixels that are kept before they are fitted; larger pictures are made smaller while they are decoded. */
const MAX_KEPT_PIXELS = 16e6;

/** A picture that was decoded. */
export interface Pixels extends RawPicture {
  readonly data: Uint8Array; // [height, width, 3]
}

/**
 * Reads one picture file at its own size.
 * @returns uint8 [height, width, 3], upright
 * @throws PipelineError ERR_VIDEO_OPEN where the file is missing, no picture of a format that is read, or too large
 */
export async function readPixels(path: string): Promise<Pixels> {
  await inspectPicture(path);
  try {
    return await decode(path, { page: 0 });
  } catch (cause) {
    throw unreadablePicture(path, cause);
  }
}

/** The pictures of one file, one after another; of an animation several are decoded at a time. */
export class PictureFile {
  readonly #path: string;
  readonly #facts: PictureFacts;
  readonly #request: FitRequest;
  /** The pages that are decoded, one below the other, and the first one's number. */
  #strip: Pixels | undefined;
  #first = 0;
  /** How many are decoded at a time. */
  readonly #numAtOnce: number;

  /** @param facts of the file, from `inspectPicture` */
  constructor(path: string, facts: PictureFacts, request: FitRequest) {
    this.#path = path;
    this.#facts = facts;
    this.#request = request;
    const { width, height, numPages, delays } = facts;
    const room = Math.floor(MAX_KEPT_PIXELS / (width * height));
    // pages without times are those of a TIFF, which may differ in size
    this.#numAtOnce = delays === undefined ? 1 : Math.max(1, Math.min(numPages, room));
  }

  /**
   * Decodes one picture, and fits it.
   * @param page its number, from 0, and never smaller than before
   * @throws PipelineError ERR_VIDEO_OPEN where it is damaged or takes too long
   */
  async read(page: number): Promise<Picture> {
    try {
      if (this.#numAtOnce === 1) {
        const whole = await decode(this.#path, { page }, this.#facts);
        const isShrunk = whole.width * whole.height < this.#facts.width * this.#facts.height;
        return await fitPicture(whole, this.#request, isShrunk ? this.#facts : whole);
      }
      return await fitPicture(await this.#pageOf(page), this.#request);
    } catch (cause) {
      throw unreadablePicture(this.#path, cause);
    }
  }

  /** Takes a page of the strip; the decoder begins anew at the first page each time that it needs another one. */
  async #pageOf(page: number): Promise<RawPicture> {
    if (this.#strip === undefined || page >= this.#first + this.#numAtOnce) {
      this.#strip = undefined; // before the next one is there
      this.#first = page;
      const pages = Math.min(this.#numAtOnce, this.#facts.numPages - page);
      this.#strip = await decode(this.#path, { page, pages });
    }
    const { width, height } = this.#facts;
    const bytes = width * height * 3;
    const at = (page - this.#first) * bytes;
    return { width, height, channels: 3, data: this.#strip.data.subarray(at, at + bytes) };
  }
}

/** Decoded once, upright, without transparency; a picture cut short is an error, not half a picture. */
async function decode(
  path: string,
  pages: { readonly page: number; readonly pages?: number },
  { width, height } = { width: 1, height: 1 },
): Promise<Pixels> {
  const decoded = sharp(path, { ...pages, failOn: 'truncated', limitInputPixels: MAX_PIXELS })
    .timeout({ seconds: MAX_SECONDS })
    .autoOrient();
  if (width * height > MAX_KEPT_PIXELS) {
    const scale = Math.sqrt(MAX_KEPT_PIXELS / (width * height));
    const size = { width: Math.round(width * scale), height: Math.round(height * scale) };
    decoded.resize({ ...size, fit: 'fill', kernel: 'linear' });
  }
  const { data, info } = await decoded
    .toColourspace('srgb')
    .flatten()
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height, channels: info.channels };
}
