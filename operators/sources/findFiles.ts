import { readdir, realpath } from 'node:fs';
import { dirname, isAbsolute, join, sep } from 'node:path';
import { glob } from 'tinyglobby';
import type { FileSystemAdapter } from 'tinyglobby';
import { PipelineError } from '../../models/errors.ts';
import { fileProblem } from '../../models/fileProblem.ts';
import { PICTURE_ENDINGS, VIDEO_ENDINGS, isPictureFile, isVideoFile } from './fileEndings.ts';
import { kindOfSource } from './kindOfSource.ts';

/** Most files and folders that are looked at. */
const MAX_ENTRIES = 200_000;

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
 * @param maxEntries files and folders that may be looked at. Default 200,000
 * @throws PipelineError ERR_VIDEO_OPEN where there is nothing to be read, too much to look at, or no permission
 */
export async function findFiles(
  source: string,
  maxEntries: number = MAX_ENTRIES,
): Promise<FoundFiles> {
  const isFolder = (await kindOfSource(source)) === 'folder';
  const walk = new Walk(maxEntries);
  const options = { fs: walk.fs, signal: walk.signal, onlyFiles: !isFolder };
  const names = isFolder
    ? (await glob('*', { ...options, cwd: source })).map((name) => join(source, name))
    : await glob(source, { ...options, absolute: isAbsolute(source) });
  if (walk.signal.aborted) {
    const fact = `\`${source}\` stands for more than ${maxEntries} files and folders to look at`;
    throw new PipelineError('ERR_VIDEO_OPEN', `${fact}; name a smaller part`);
  }
  const found = {
    pictures: sorted(names.filter(isPictureFile)),
    videos: sorted(names.filter(isVideoFile)),
  };
  const numRead = found.pictures.length + found.videos.length;
  if (numRead === 0) {
    throw nothingFound(source, isFolder, walk.problem);
  }
  const numFolders = names.filter((name) => name.endsWith(sep)).length;
  const others = {
    'files of other kinds': names.length - numRead - numFolders,
    folders: numFolders,
  };
  const counts = Object.entries({ ...others, ...walk.leftOut });
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

/** A walk through folders, which ends at a limit and counts what it can't follow. */
class Walk {
  readonly leftOut = { 'broken links': 0, 'links to a folder above': 0, 'unreadable folders': 0 };
  /** Why the first folder could not be read. */
  problem: unknown;
  readonly #limit = new AbortController();
  readonly #maxEntries: number;
  #numEntries = 0;

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries;
  }

  get signal(): AbortSignal {
    return this.#limit.signal;
  }

  /** The functions of `node:fs` that the walk uses, watched. */
  get fs(): FileSystemAdapter {
    const watched = {
      readdir: (path: string, options: { withFileTypes: true }, done: Done<readonly unknown[]>) =>
        readdir(path, options, (error, entries) => {
          this.#see(error, entries?.length ?? 0);
          done(error, entries);
        }),
      realpath: (path: string, done: Done<string>) =>
        realpath(path, (error, target) => {
          if (error !== null) {
            this.leftOut['broken links'] += isPictureFile(path) || isVideoFile(path) ? 1 : 0;
            return done(error, target);
          }
          realpath(dirname(path), (failure, folder) => {
            const isAbove = `${folder}${sep}`.startsWith(target.replace(/[/\\]?$/, sep));
            this.leftOut['links to a folder above'] += isAbove ? 1 : 0;
            done(failure ?? (isAbove ? new Error('following it would never end') : null), target);
          });
        }),
    };
    return watched as unknown as FileSystemAdapter;
  }

  #see(error: Error | null, numEntries: number): void {
    if (error !== null) {
      this.problem ??= error;
      this.leftOut['unreadable folders'] += 1;
    }
    this.#numEntries += numEntries;
    if (this.#numEntries > this.#maxEntries) {
      this.#limit.abort();
    }
  }
}

type Done<T> = (error: Error | null, value: T) => void;
