import { createHash } from 'node:crypto';
import { access, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PipelineError } from '../../core/errors.ts';
import type { Architecture } from '../config/architecture.ts';
import type { WrittenFile } from '../onnx/writeModel.ts';
import { TEXT_VOCABULARY, readTextVocabulary } from './textVocabulary.ts';

/** What captions are written with, as a model folder has it. */
const FILE = 'pieces.json';

/** Where a vocabulary may be. */
export interface TextSource {
  readonly checkpointDir: string;
  readonly textVocabulary?: string | undefined;
}

/**
 * Reads the pieces of text that a checkpoint's captions are made of: those of the file that is named, else of the
 * official vocabulary beside the checkpoint.
 * @returns undefined where it does not caption, or has no vocabulary
 * @throws PipelineError ERR_CHECKPOINT where the named one does not fit it, or can't be read
 */
export async function captionPieces(
  { otherTasks, vocabularySize }: Architecture,
  { checkpointDir, textVocabulary }: TextSource,
): Promise<readonly string[] | undefined> {
  const { caption } = otherTasks.prompts;
  if (caption === undefined) {
    if (textVocabulary === undefined) {
      return undefined;
    }
    throw new PipelineError(
      'ERR_CHECKPOINT',
      `${checkpointDir} was not trained to caption: a text vocabulary is of no use to it`,
    );
  }
  const file = textVocabulary ?? join(checkpointDir, TEXT_VOCABULARY);
  if (textVocabulary === undefined && !(await isThere(file))) {
    return undefined;
  }
  const pieces = await readTextVocabulary(file);
  const room = vocabularySize - caption.textBase;
  if (pieces.length > room) {
    throw new PipelineError(
      'ERR_CHECKPOINT',
      `${file} is not the vocabulary that ${checkpointDir} was trained with: it has ${pieces.length} pieces, ` +
        `the model tokens for ${room}`,
    );
  }
  return pieces;
}

/**
 * Writes `pieces.json`: an array, the text of a piece at its number. Without pieces, one of an earlier import goes.
 * @returns what was written
 */
export async function writePieces(
  pieces: readonly string[] | undefined,
  outDir: string,
): Promise<readonly WrittenFile[]> {
  if (pieces === undefined) {
    await rm(join(outDir, FILE), { force: true });
    return [];
  }
  const text = `${JSON.stringify(pieces)}\n`;
  await writeFile(join(outDir, FILE), text);
  return [{ name: FILE, sha256: createHash('sha256').update(text).digest('hex') }];
}

async function isThere(file: string): Promise<boolean> {
  return await access(file).then(
    () => true,
    () => false,
  );
}
