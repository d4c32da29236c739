import { randomBytes } from 'node:crypto';
import { lstatSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** Something that is made under another name, and gets its own when it is whole. */
export interface Unfinished {
  /** Where it is made: beside the target, so that renaming is all that is left to do. */
  readonly path: string;
  /** Removes what is still there under that name. Idempotent. */
  discard(): void;
}

/**
 * Finds a name for what is not finished yet. It is short whatever the target is called, since a file system that
 * takes the target's name need not take a longer one. What is left of it goes with this process, however that ends
 * from within: at a second Ctrl-C nobody waits for clean-ups.
 * @param target of a file or folder
 * @param letGo called before it is removed; must be idempotent. Default: nothing to do
 * @throws Error of the system where the target's own name is none: at the end of the work it would be too late
 */
export function unfinished(target: string, letGo: () => void = () => undefined): Unfinished {
  lstatSync(target, { throwIfNoEntry: false });
  // at random: numbers of processes come again, most of all in containers
  const name = `.${randomBytes(6).toString('hex')}.partial`;
  return temporary(join(dirname(resolve(target)), name), letGo);
}

/**
 * Takes care of a file or folder that does not outlive this process.
 * @param path where it is, or will be
 * @param letGo as of `unfinished`
 */
export function temporary(path: string, letGo: () => void = () => undefined): Unfinished {
  const remove = (): void => {
    letGo();
    rmSync(path, { recursive: true, force: true });
  };
  process.once('exit', remove);
  return {
    path,
    discard() {
      process.off('exit', remove);
      remove();
    },
  };
}
