import { existsSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { resolve } from 'node:path';
import { PipelineError } from '../../models/index.ts';
import { fileProblem } from '../../models/core/fileProblem.ts';
import { unfinished } from './unfinished.ts';

/** @throws RangeError where something has the name already */
function expectNew(target: string): void {
  if (existsSync(target)) {
    throw new RangeError(`\`--out ${target}\` is there already; remove it or choose another name`);
  }
}

/**
 * Makes a folder that is there whole or not at all: it is filled under another name beside its own, and
 * goes where that fails. Folders above it are made too, and stay. Nothing is overwritten.
 * @param fill gets the folder to write to
 * @returns what `fill` returned
 * @throws RangeError where something has the name already; PipelineError ERR_OUTPUT where the folder
 * can't be made; what `fill` throws
 */
export async function createFolder<T>(
  target: string,
  fill: (folder: string) => Promise<T>,
): Promise<T> {
  expectNew(target);
  const partial = await attempt(target, () => unfinished(target));
  try {
    await attempt(target, () => mkdir(partial.path, { recursive: true }));
    const result = await fill(partial.path);
    expectNew(target); // somebody else may have been faster
    await attempt(target, () => rename(partial.path, resolve(target)));
    return result;
  } finally {
    partial.discard();
  }
}

async function attempt<T>(target: string, work: () => T): Promise<Awaited<T>> {
  try {
    return await work();
  } catch (cause) {
    throw new PipelineError('ERR_OUTPUT', `Cannot make \`${target}\`: ${fileProblem(cause)}`, {
      cause,
    });
  }
}
