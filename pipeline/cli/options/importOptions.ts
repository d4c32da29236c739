/** What `import` says on the command line. */
import { isAbsolute, relative, resolve, sep } from 'node:path';
import type { Command } from 'commander';
import type { OptionTable } from '../../../models/core/options.ts';
import { addOptions, flagValues } from './addOptions.ts';
import type { Flags } from './addOptions.ts';
import { REPORT_SETTINGS } from './detectOptions.ts';
import type { ReportSettings } from './detectOptions.ts';

/** What `import` can be told. */
interface ImportSettings {
  readonly out?: string | undefined;
  readonly from?: string | undefined;
  readonly imageSize?: number | undefined;
  readonly fp16: boolean;
  readonly labels?: string | undefined;
  readonly textVocabulary?: string | undefined;
  readonly list: boolean;
}

const IMPORT_SETTINGS: OptionTable<ImportSettings> = {
  out: { type: 'text', flag: '--out <dir>', help: 'model folder to be made' },
  from: {
    type: 'text',
    flag: '--from <url>',
    help: 'download the checkpoint first: gs://… or https://… of its folder',
  },
  imageSize: {
    type: 'integer',
    min: 64,
    max: 4096,
    unit: 'pixels',
    flag: '--image-size <n>',
    help: 'side of the picture (default: the checkpoint’s)',
  },
  fp16: {
    type: 'boolean',
    default: false,
    flag: '--fp16',
    help: 'halve the weights: 16-bit floats',
  },
  labels: {
    type: 'text',
    flag: '--labels <names>',
    help: 'coco, objects365v1, objects365v2, or a JSON file with `categories` (default: the checkpoint’s)',
  },
  textVocabulary: {
    type: 'text',
    flag: '--text-vocabulary <file>',
    help: 'SentencePiece model that captions are written with',
  },
  list: {
    type: 'boolean',
    default: false,
    flag: '--list',
    help: 'print keys, types and shapes of the tensors instead',
  },
};

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
  return addOptions(addOptions(command, IMPORT_SETTINGS), REPORT_SETTINGS);
}

/**
 * Turns the flags of `import` into arguments.
 * @throws RangeError where it is not said what to make, or something is asked for that would do nothing
 */
export function importArguments(checkpointDir: string, flags: Flags): ImportArguments {
  const settings = flagValues<ImportSettings>(IMPORT_SETTINGS, flags);
  const { out, from, imageSize, fp16, labels, textVocabulary, list } = settings;
  const { quiet } = flagValues<ReportSettings>(REPORT_SETTINGS, flags);
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
