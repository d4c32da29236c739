/** The door to tinyglobby: walks through folders, a little at a time and up to a limit. */
import { readdir, realpath } from 'node:fs';
import { dirname, isAbsolute, join, sep } from 'node:path';
import { glob } from 'tinyglobby';
import type { FileSystemAdapter } from 'tinyglobby';
import { PipelineError } from '../../models/core/errors.ts';
import { isPictureFile, isVideoFile } from '../media/input/fileEndings.ts';

/** Most folders and links that are looked at at a time. */
const MAX_AT_WORK = 4;

/** What a walk has found. */
export interface Walked {
  /** Files, and of a folder also the folders in it, which end with a separator; in no order. */
  readonly names: readonly string[];
  /** How many of what could not be followed; 0 too. */
  readonly leftOut: Readonly<Record<string, number>>;
  /** Why the first folder that could not be read could not. */
  readonly problem: unknown;
}

/**
 * Lists what is in a folder, without what is in those below, or what matches a glob. Links are followed, but
 * not to a folder above.
 * @throws PipelineError ERR_VIDEO_OPEN where there is more to look at than `maxEntries`
 */
export async function walkFiles(
  source: string,
  isFolder: boolean,
  maxEntries: number,
): Promise<Walked> {
  const walk = new Walk(maxEntries);
  const options = { fs: walk.fs, signal: walk.signal, onlyFiles: !isFolder };
  const matching = isFolder
    ? glob('*', { ...options, cwd: source, deep: 0 })
    : glob(source, { ...options, absolute: isAbsolute(source) });
  const names = await Promise.race([matching, walk.stopped]);
  if (names === 'stopped') {
    const fact = `\`${source}\` stands for more than ${maxEntries} files and folders to look at`;
    throw new PipelineError('ERR_VIDEO_OPEN', `${fact}; name a smaller part`);
  }
  const { leftOut, problem } = walk;
  return { names: isFolder ? names.map((name) => join(source, name)) : names, leftOut, problem };
}

/** A walk under way. */
class Walk {
  readonly leftOut = { 'broken links': 0, 'links to a folder above': 0, 'unreadable folders': 0 };
  problem: unknown;
  /** Settles at the limit. */
  readonly stopped: Promise<'stopped'>;
  readonly #limit = new AbortController();
  readonly #maxEntries: number;
  #numEntries = 0;
  #numAtWork = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries;
    this.stopped = new Promise((resolve) =>
      this.signal.addEventListener('abort', () => resolve('stopped')),
    );
  }

  get signal(): AbortSignal {
    return this.#limit.signal;
  }

  /** The functions of `node:fs` that the walk uses, watched. */
  get fs(): FileSystemAdapter {
    const watched = {
      readdir: (path: string, options: { withFileTypes: true }, done: Done<readonly unknown[]>) =>
        this.#inTurn((leave) =>
          readdir(path, options, (error, entries) => {
            this.#see(error, entries?.length ?? 0);
            done(error, entries);
            leave();
          }),
        ),
      realpath: (path: string, done: Done<string>) =>
        this.#inTurn((leave) =>
          this.#follow(path, (error, target) => {
            done(error, target);
            leave();
          }),
        ),
    };
    return watched as unknown as FileSystemAdapter; // it calls them in this one way
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

  /** Where a link leads; an error where nothing is there, or a folder above. */
  #follow(link: string, done: Done<string>): void {
    realpath.native(link, (error, target) => {
      if (error !== null) {
        this.leftOut['broken links'] += isPictureFile(link) || isVideoFile(link) ? 1 : 0;
        done(error, target);
        return;
      }
      realpath.native(dirname(link), (failure, folder) => {
        const isAbove = `${folder}${sep}`.startsWith(target.replace(/[/\\]?$/, sep));
        this.leftOut['links to a folder above'] += isAbove ? 1 : 0;
        done(failure ?? (isAbove ? new Error('following it would never end') : null), target);
      });
    });
  }

  /** Does little at a time: what is made of a folder holds the event loop, and others have their turn between. */
  #inTurn(work: (leave: () => void) => void): void {
    const start = (): void => work(() => this.#leave());
    if (this.#numAtWork < MAX_AT_WORK) {
      this.#numAtWork += 1;
      start();
    } else {
      this.#waiting.push(start);
    }
  }

  #leave(): void {
    const next = this.signal.aborted ? undefined : this.#waiting.pop();
    if (next === undefined) {
      this.#numAtWork -= 1;
    } else {
      setImmediate(next);
    }
  }
}

type Done<T> = (error: Error | null, value: T) => void;
