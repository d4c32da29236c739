import { readFile, stat } from 'node:fs/promises';
import { PipelineError } from './errors.ts';

const MEGABYTE = 1 << 20;

/**
 * Reads a text of a model folder whole, where it is no larger than such a text can be.
 * @param maxMegabytes above which it is not even opened
 * @throws PipelineError ERR_MODEL_CONTRACT where it is larger, or no file; Error of the system where it cannot be read
 */
export async function readText(file: string, maxMegabytes: number): Promise<string> {
  const stats = await stat(file);
  if (!stats.isFile()) {
    throw new PipelineError('ERR_MODEL_CONTRACT', `${file} is no file`); // a pipe would never end
  }
  if (stats.size > maxMegabytes * MEGABYTE) {
    throw new PipelineError(
      'ERR_MODEL_CONTRACT',
      `${file} has ${Math.ceil(stats.size / MEGABYTE)} MB; expected ${maxMegabytes} MB at the most`,
    );
  }
  return await readFile(file, 'utf8');
}
