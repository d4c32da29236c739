/** What the readers of a checkpoint's files share: a way to read small files, and to say what is wrong. */
import { open } from 'node:fs/promises';
import { PipelineError } from '../../core/errors.ts';
import { fileProblem } from '../../core/fileProblem.ts';

/**
 * Says that a file of a checkpoint is damaged.
 * @param fact what was found, in words
 */
export function damaged(file: string, fact: string, cause?: unknown): PipelineError {
  return new PipelineError(
    'ERR_CHECKPOINT',
    `${file} is damaged: ${fact}; copy or download the checkpoint again`,
    { cause },
  );
}

/**
 * Reads a whole file that ought to be small.
 * @throws PipelineError ERR_CHECKPOINT where it can't be read or is larger than `maxBytes`
 */
export async function readSmallFile(file: string, maxBytes: number): Promise<Buffer> {
  try {
    await using handle = await open(file);
    const { size } = await handle.stat();
    if (size <= maxBytes) {
      return await handle.readFile();
    }
  } catch (cause) {
    throw new PipelineError('ERR_CHECKPOINT', `Cannot read ${file}: ${fileProblem(cause)}`, {
      cause,
    });
  }
  throw new PipelineError(
    'ERR_CHECKPOINT',
    `${file} is larger than ${maxBytes} bytes, which no file of its kind is`,
  );
}
