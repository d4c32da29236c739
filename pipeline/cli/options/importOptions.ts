/** What `import` says on the command line. */
import { isAbsolute, relative, resolve, sep } from 'node:path';
import type { Command } from 'commander';
import { whole } from './options.ts';

/** Options of `import`, as commander gives them. */
export interface ImportFlags {
  readonly out?: string;
  readonly from?: string;
  readonly imageSize?: number;
  readonly fp16?: boolean;
  readonly labels?: string;
  readonly textVocabulary?: string;
  readonly list?: boolean;
  readonly quiet?: boolean;
}

/** Arguments of `import`. */
export interface ImportArguments {
  readonly checkpointDir: string;
  /** Where the checkpoint is downloaded from first. */
  readonly from: string | undefined;
  /** The model folder to be made; undefined to list the tensors instead. */
  readonly out: string | undefined;
  readonly imageSize: number | undefined;
  readonly precision: 'float32' | 'float16';
  /** What the classes are called. */
  readonly labels: string | undefined;
  /** SentencePiece model that captions are written with. */
  readonly textVocabulary: string | undefined;
  readonly quiet: boolean;
}

/** Adds the options of `import`. */
export function addImportOptions(command: Command): Command {
  return command
    .option('--out <dir>', 'model folder to be made')
    .option('--from <url>', 'download the checkpoint first: gs://… or https://… of its folder')
    .option('--image-size <n>', 'side of the picture (default: the checkpoint’s)', whole(64, 4096))
    .option('--fp16', 'halve the weights: 16-bit floats')
    .option(
      '--labels <names>',
      'coco, objects365v1, objects365v2, or a JSON file with `categories` (default: the checkpoint’s)',
    )
    .option('--text-vocabulary <file>', 'SentencePiece model that captions are written with')
    .option('--list', 'print keys, types and shapes of the tensors instead')
    .option('--quiet', 'no progress and no summary')
    .option('--verbose', 'errors with their stack');
}

/**
 * Turns the flags of `import` into arguments.
 * @throws RangeError where it is not said what to make, or something is asked for that would do nothing
 */
export function importArguments(checkpointDir: string, flags: ImportFlags): ImportArguments {
  const { out, from, imageSize, labels, textVocabulary } = flags;
  const { fp16 = false, list = false, quiet = false } = flags;
  if (out === '' || (!list && out === undefined)) {
    throw new RangeError('Expected `--out DIR`, the model folder to be made, or `--list`');
  }
  const ofModel = [out, imageSize, labels, textVocabulary];
  if (list && (fp16 || ofModel.some((value) => value !== undefined))) {
    throw new RangeError(
      '`--list` makes no model; leave out `--out`, `--image-size`, `--fp16`, `--labels` and ' +
        '`--text-vocabulary`',
    );
  }
  if (out !== undefined && isWithin(checkpointDir, out)) {
    throw new RangeError(
      `The model folder \`${out}\` has the checkpoint’s folder in it, or is the same; choose another`,
    );
  }
  const precision = fp16 ? 'float16' : 'float32';
  return { checkpointDir, from, out, imageSize, precision, labels, textVocabulary, quiet };
}

function isWithin(inner: string, outer: string): boolean {
  const way = relative(resolve(outer), resolve(inner));
  return !isAbsolute(way) && way.split(sep)[0] !== '..'; // absolute: on another drive
}
