import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { PipelineError, toError } from '../models/index.ts';

/** @throws RangeError where something has the name already */
export function expectNew(target: string): void {
  if (existsSync(target)) {
    throw new RangeError(`\`--out ${target}\` is there already; remove it or choose another name`);
  }
}

/**
 * Makes a folder that is there whole or not at all: it is filled under another name beside its own, and
 * goes where that fails. Nothing is overwritten.
 * @param fill gets the folder to write to
 * @returns what `fill` returned
 * @throws RangeError as `expectNew`; PipelineError ERR_OUTPUT where the folder
 * can't be made; what `fill` throws
 */
export async function createFolder<T>(
  target: string,
  fill: (folder: string) => Promise<T>,
): Promise<T> {
  expectNew(target);
  const partial = `${target.replace(/[/\\]+$/, '')}.${process.pid}.partial`;
  await attempt(target, mkdir(partial));
  try {
    const result = await fill(partial);
    await attempt(target, rename(partial, target));
    return result;
  } catch (thrown) {
    await rm(partial, { recursive: true, force: true });
    throw thrown;
  }
}

async function attempt(target: string, work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (cause) {
    throw new PipelineError('ERR_OUTPUT', `Cannot make \`${target}\`: ${toError(cause).message}`, {
      cause,
    });
  }
}
