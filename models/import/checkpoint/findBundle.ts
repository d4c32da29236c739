import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { PipelineError } from '../../core/errors.ts';
import { readSmallFile } from './checkpointFile.ts';

const MAX_STATE_BYTES = 1 << 20;
/** What may stand at the beginning of a file's name on every system. */
const FILE_NAME = /^(?!\.)[^\p{Cc}<>:"|?*]{1,128}$/u;

/**
 * Finds the checkpoint of a folder: the one that the file `checkpoint` names, else the `ckpt-N` with the
 * highest N.
 * @returns the path that its files have in common, `<directory>/ckpt-N`
 * @throws PipelineError ERR_CHECKPOINT where there is none
 */
export async function findBundle(directory: string): Promise<string> {
  const files = await list(directory);
  const names = files.flatMap((file) => /^(.+)\.index$/.exec(file)?.[1] ?? []);
  if (!files.includes('checkpoint')) {
    const newest = names.toSorted((a, b) => stepOf(a) - stepOf(b)).at(-1);
    if (newest === undefined || stepOf(newest) < 0) {
      throw new PipelineError(
        'ERR_CHECKPOINT',
        `No checkpoint in ${directory}: expected the files of a TensorFlow 2 checkpoint, ` +
          'ckpt-N.index and ckpt-N.data-00000-of-00001',
      );
    }
    return join(directory, newest);
  }
  const state = join(directory, 'checkpoint');
  const name = await readState(state);
  if (!names.includes(name)) {
    throw new PipelineError(
      'ERR_CHECKPOINT',
      `${state} names ${name}, but ${name}.index is not there (found: ${names.join(', ') || 'none'})`,
    );
  }
  return join(directory, name);
}

/**
 * Reads which checkpoint is the newest, from a file `checkpoint`. A path in it is that of where the
 * checkpoint was made, so that only its last part counts.
 * @returns what the names of its files begin with, `ckpt-N`
 * @throws PipelineError ERR_CHECKPOINT where it names none
 */
export async function readState(file: string): Promise<string> {
  const text = (await readSmallFile(file, MAX_STATE_BYTES)).toString();
  const [, path] = /^\s*model_checkpoint_path:\s*"([^"]+)"/m.exec(text) ?? [];
  const name = path?.split(/[/\\]/).at(-1);
  if (name === undefined || !FILE_NAME.test(name)) {
    throw new PipelineError(
      'ERR_CHECKPOINT',
      `${file} names no checkpoint: expected model_checkpoint_path: "ckpt-N"`,
    );
  }
  return name;
}

async function list(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (cause) {
    throw new PipelineError(
      'ERR_CHECKPOINT',
      `Cannot read ${directory}: expected the folder of a TensorFlow 2 checkpoint`,
      { cause },
    );
  }
}

/** The N of `ckpt-N`, -1 of other names. */
function stepOf(name: string): number {
  return Number(/^ckpt-(\d+)$/.exec(name)?.[1] ?? -1);
}
