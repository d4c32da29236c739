/** The door to sharp for looking at a picture before anything of it is decoded. */
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import sharp from 'sharp';
import type { Metadata } from 'sharp';
import { PipelineError } from '../../../models/core/errors.ts';
import { fileProblem } from '../../../models/core/fileProblem.ts';
import { PICTURE_ENDINGS } from '../input/fileEndings.ts';
import { KIND_BYTES, isSequence, pictureKindOf } from '../input/pictureKind.ts';
import type { PictureKind } from '../input/pictureKind.ts';

/** Most pixels of a picture that is decoded row by row: those of the largest cameras. */
export const MAX_PIXELS = 100e6;
/** Most where the decoder holds all of it at once: measured, so that it takes no more than 256 MB. */
const MAX_WHOLE_PIXELS = { progressive: 60e6, gif: 50e6, moving: 25e6, avif: 14e6 };
/** Most pictures of an animation. */
const MAX_PAGES = 100_000;
/** Chunks of a PNG that are looked through for the one that says it moves. */
const MAX_CHUNKS = 1_000;
/** What browsers make of a delay that is too short to be meant, seconds. */
const LEAST_DELAY = 0.02;
const USUAL_DELAY = 0.1;

/** What a picture file holds. */
export interface PictureFacts {
  /** Size when upright, pixels. */
  readonly width: number;
  readonly height: number;
  /** Pictures that sharp reads of it, 1 or more. */
  readonly numPages: number;
  /** How long each of them is shown, seconds; undefined where the file does not say. */
  readonly delays: readonly number[] | undefined;
  /** Whether it moves and only FFmpeg can read that: an animated PNG, a sequence in AVIF. */
  readonly isVideo: boolean;
}

/**
 * Looks at a picture file: its format by its first bytes, its size, how many pictures it holds.
 * @throws PipelineError ERR_VIDEO_OPEN where it can't be read, is of no format that is promised, or too large
 */
export async function inspectPicture(path: string): Promise<PictureFacts> {
  try {
    const { kind, isVideo } = await lookAt(path);
    const facts = await sharp(path, { limitInputPixels: false }).metadata();
    const { width, height } = facts.autoOrient;
    const limit = maxPixelsOf(kind, facts);
    if (width * height > limit) {
      const fact = `more than ${limit / 1e6} million pixels`;
      throw new RangeError(`it is ${width} x ${height}, ${fact}; make it smaller`);
    }
    const numPages = isVideo ? 1 : await numPagesOf(path, kind, facts);
    const delays = numPages > 1 ? facts.delay?.slice(0, numPages).map(toSeconds) : undefined;
    return { width, height, numPages, delays, isVideo };
  } catch (cause) {
    throw unreadablePicture(path, cause);
  }
}

function maxPixelsOf(kind: PictureKind, { isProgressive, pages = 1 }: Metadata): number {
  const { progressive, gif, moving, avif } = MAX_WHOLE_PIXELS;
  if (kind === 'gif' || kind === 'webp') {
    return pages > 1 ? moving : kind === 'gif' ? gif : MAX_PIXELS;
  }
  return kind === 'avif' ? avif : isProgressive ? progressive : MAX_PIXELS;
}

/** An error that names the picture, and says why. */
export function unreadablePicture(path: string, cause: unknown): PipelineError {
  const message = `Cannot read picture \`${path}\`: ${fileProblem(cause)}`;
  return new PipelineError('ERR_VIDEO_OPEN', message, { cause });
}

async function lookAt(
  path: string,
): Promise<{ readonly kind: PictureKind; readonly isVideo: boolean }> {
  await using file = await open(path);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(KIND_BYTES), 0, KIND_BYTES, 0);
  const head = buffer.subarray(0, bytesRead);
  const kind = pictureKindOf(head);
  if (kind === undefined || kind === 'svg') {
    const what = kind === undefined ? 'it is of another kind than' : 'it is a drawing (SVG), not';
    throw new TypeError(`${what} ${PICTURE_ENDINGS.join(', ')}`);
  }
  const isVideo = kind === 'png' ? await isAnimatedPng(file) : kind === 'avif' && isSequence(head);
  return { kind, isVideo };
}

/** Source: PNG (Third Edition) section 11.3.6.1, `acTL`, which comes before the pixels. */
async function isAnimatedPng(file: FileHandle): Promise<boolean> {
  const chunk = Buffer.alloc(12);
  let at = 8;
  for (let count = 0; count < MAX_CHUNKS; count++) {
    const { bytesRead } = await file.read(chunk, 0, chunk.length, at);
    const kind = chunk.toString('latin1', 4, 8);
    if (bytesRead < chunk.length || kind === 'IDAT') {
      return false;
    }
    if (kind === 'acTL') {
      return chunk.readUInt32BE(8) > 1; // how many pictures it has
    }
    at += 12 + chunk.readUInt32BE(0);
  }
  return false;
}

async function numPagesOf(
  path: string,
  kind: PictureKind,
  { pages = 1, width, height }: Metadata,
): Promise<number> {
  if (pages > MAX_PAGES) {
    throw new RangeError(`it holds ${pages} pictures, more than ${MAX_PAGES}`);
  }
  if (pages > 1 && kind === 'tiff') {
    // else they are smaller copies of the first
    const second = await sharp(path, { page: 1, limitInputPixels: false }).metadata();
    return second.width === width && second.height === height ? pages : 1;
  }
  return kind === 'gif' || kind === 'webp' ? pages : 1;
}

function toSeconds(delayMs: number): number {
  const delay = delayMs / 1_000;
  return delay < LEAST_DELAY ? USUAL_DELAY : delay;
}
