import { sep } from 'node:path';
import { PipelineError } from '../../models/core/errors.ts';
import { fileProblem } from '../../models/core/fileProblem.ts';
import {
  PICTURE_ENDINGS,
  VIDEO_ENDINGS,
  isPictureFile,
  isVideoFile,
} from '../media/input/fileEndings.ts';
import { kindOfSource } from './kindOfSource.ts';
import { walkFiles } from './walkFiles.ts';

/** Most files and folders that are looked at: the largest sets of pictures have fewer in a folder. */
const MAX_ENTRIES = 500_000;

/** What a folder or a glob holds, each in the order people expect: 2 before 10. */
export interface FoundFiles {
  readonly pictures: readonly string[];
  readonly videos: readonly string[];
  /** How many of what were left out: `{ folders: 1, 'broken links': 2 }`. */
  readonly leftOut: Readonly<Record<string, number>>;
}

/**
 * Lists what is read of a folder, without those below, or of a glob. Links are followed, but not to a
 * folder above. Names that begin with a dot count as hidden.
 * @param source a folder or a glob; see `kindOfSource`
 * @param maxEntries files and folders that may be looked at. Default 500,000
 * @throws PipelineError ERR_VIDEO_OPEN where there is nothing to be read, too much to look at, or no permission
 */
export async function findFiles(
  source: string,
  maxEntries: number = MAX_ENTRIES,
): Promise<FoundFiles> {
  const isFolder = (await kindOfSource(source)) === 'folder';
  const { names, leftOut, problem } = await walkFiles(source, isFolder, maxEntries);
  const found = {
    pictures: sorted(names.filter(isPictureFile)),
    videos: sorted(names.filter(isVideoFile)),
  };
  const numRead = found.pictures.length + found.videos.length;
  if (numRead === 0) {
    throw nothingFound(source, isFolder, problem);
  }
  const folders = names.filter((name) => name.endsWith(sep)).length;
  const others = { 'files of other kinds': names.length - numRead - folders, folders };
  const counts = Object.entries({ ...others, ...leftOut });
  return { ...found, leftOut: Object.fromEntries(counts.filter(([, count]) => count > 0)) };
}

function nothingFound(source: string, isFolder: boolean, problem: unknown): PipelineError {
  const endings = [...PICTURE_ENDINGS, ...VIDEO_ENDINGS].join(', ');
  const fact =
    problem !== undefined
      ? `Cannot read ${isFolder ? 'folder' : 'what is below'} \`${source}\`: ${fileProblem(problem)}`
      : isFolder
        ? `Folder \`${source}\` holds no pictures or videos (${endings})`
        : /[*?]/.test(source)
          ? `\`${source}\` matches no pictures or videos (${endings})`
          : `There is no file \`${source}\`, and as a pattern it matches none`;
  return new PipelineError('ERR_VIDEO_OPEN', fact, { cause: problem });
}

function sorted(names: string[]): readonly string[] {
  return names.sort(new Intl.Collator('en', { numeric: true }).compare);
}
