/** The one list of which files are read where a folder, a glob or a web address names many. */
import { extname } from 'node:path';

/** Endings of the pictures that can be read. */
export const PICTURE_ENDINGS: readonly string[] = 'jpg jpeg png webp gif avif tif tiff'.split(' ');

/** Endings of recordings, on a web server too. */
const RECORDING_ENDINGS: readonly string[] =
  'mp4 m4v mov mkv webm avi mpg mpeg wmv flv ogv 3gp'.split(' ');

/** Endings of the videos that are looked for; one that is named itself may have any. */
export const VIDEO_ENDINGS: readonly string[] = [...RECORDING_ENDINGS, 'ts', 'mts', 'm2ts'];

/** Whether a name ends like a picture's. */
export function isPictureFile(path: string): boolean {
  return PICTURE_ENDINGS.includes(endingOf(path));
}

/** Whether a name ends like a video's. */
export function isVideoFile(path: string): boolean {
  return VIDEO_ENDINGS.includes(endingOf(path));
}

/** Whether the path of a web address ends like a file, rather than like a stream, which `.ts` may be there. */
export function isWebFile(path: string): boolean {
  return [...PICTURE_ENDINGS, ...RECORDING_ENDINGS].includes(endingOf(path));
}

function endingOf(path: string): string {
  return extname(path).slice(1).toLowerCase();
}
