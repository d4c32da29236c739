import { statSync } from 'node:fs';
import { extname, isAbsolute, join } from 'node:path';
import { globSync, isDynamicPattern } from 'tinyglobby';
import { PipelineError } from '../../models/errors.ts';

/** Endings of the pictures that can be read. */
const ENDINGS = ['.jpg', '.jpeg', '.png', '.webp', '.gif', '.avif', '.tif', '.tiff'];

/** Whether a name ends like a picture's. */
export function isImageFile(path: string): boolean {
  return ENDINGS.includes(extname(path).toLowerCase());
}

/** Whether a source stands for pictures: a picture, a folder, or a glob. */
export function isImageSource(source: string): boolean {
  const stats = statSync(source, { throwIfNoEntry: false });
  return stats === undefined
    ? isDynamicPattern(source)
    : stats.isDirectory() || isImageFile(source);
}

/**
 * Lists the pictures that a source stands for, in the order people expect: 2 before 10.
 * @param source a picture, a folder of pictures (not those in folders below), or a glob
 * @throws PipelineError ERR_VIDEO_OPEN where there is none
 */
export function findImages(source: string): string[] {
  const stats = statSync(source, { throwIfNoEntry: false });
  if (stats?.isFile() === true) {
    return [source];
  }
  const isFolder = stats?.isDirectory() === true;
  const found = (
    isFolder
      ? globSync('*', { cwd: source }).map((name) => join(source, name))
      : globSync(source, { absolute: isAbsolute(source) })
  ).filter(isImageFile);
  if (found.length === 0) {
    const what = isFolder
      ? `Folder \`${source}\` holds no pictures`
      : `\`${source}\` matches no pictures`;
    throw new PipelineError(
      'ERR_VIDEO_OPEN',
      `${what} (${ENDINGS.map((e) => e.slice(1)).join(', ')})`,
    );
  }
  return found.sort(new Intl.Collator('en', { numeric: true }).compare);
}
