/** What the readers of a checkpoint's `config.json` share: a way to check it, and to say what is wrong. */
import type { Static, TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { PipelineError } from '../../core/errors.ts';

/**
 * Checks a part of the file.
 * @returns the value, as the schema types it
 * @throws PipelineError ERR_CHECKPOINT that names the first field that is wrong
 */
export function expectShape<T extends TSchema>(file: string, schema: T, value: unknown): Static<T> {
  if (Value.Check(schema, value)) {
    return value;
  }
  throw unfit(file, mistakeIn(schema, value));
}

/** What is wrong with a value, in words: the first field that is. */
export function mistakeIn(schema: TSchema, value: unknown): string {
  const [error] = Value.Errors(schema, value);
  const wanted = error?.keyword === 'const' ? ` ${JSON.stringify(error.params.allowedValue)}` : '';
  return `${error?.instancePath || 'the file'} ${error?.message ?? 'is wrong'}${wanted}`;
}

/**
 * Says that a file describes a model of another kind.
 * @param fact what was found, in words
 */
export function unfit(file: string, fact: string): PipelineError {
  return new PipelineError(
    'ERR_CHECKPOINT',
    `${file} describes no Pix2seq detector that this engine can run: ${fact}`,
  );
}
