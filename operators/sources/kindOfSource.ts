import { stat } from 'node:fs/promises';
import { isDynamicPattern } from 'tinyglobby';
import { inspectPicture } from '../media/pictures/inspectPicture.ts';
import { isOwnDescriptor } from '../media/input/byteStream.ts';
import { isUrl } from '../media/input/videoInput.ts';
import { isPictureFile } from '../media/input/fileEndings.ts';

/** What a source string stands for; a video is all that FFmpeg reads, and pictures that move. */
export type SourceKind = 'video' | 'picture' | 'folder' | 'glob';

/**
 * Says what a source stands for: the one place that decides it. What is there under the very name comes
 * first, whatever signs the name has; an address is never a glob.
 * @param source a path, a glob, an address, `-`
 * @returns `video` also for what is not there or can't be looked at: reading it says why
 */
export async function kindOfSource(source: string): Promise<SourceKind> {
  if (isOwnDescriptor(source) || isUrl(source)) {
    return 'video';
  }
  try {
    const stats = await stat(source);
    if (stats.isDirectory()) {
      return 'folder';
    }
    return stats.isFile() && isPictureFile(source) && !(await isMoving(source))
      ? 'picture'
      : 'video';
  } catch (thrown) {
    const isMissing = (thrown as NodeJS.ErrnoException).code === 'ENOENT';
    return isMissing && isDynamicPattern(source) ? 'glob' : 'video';
  }
}

async function isMoving(path: string): Promise<boolean> {
  try {
    const { numPages, isVideo } = await inspectPicture(path);
    return isVideo || numPages > 1;
  } catch {
    return false; // reading it says why
  }
}
