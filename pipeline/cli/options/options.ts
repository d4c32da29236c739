/** What the command line says, as typed values: shared options of the commands, and their parsers. */
import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import type { DetectorOptions, Device, Reuse } from '../../../models/index.ts';
import type { DecoderChoice, DetectConfig, OnDamage } from '../../../operators/index.ts';
import { FORMATS } from '../../sinks/formats.ts';
import type { FormatName } from '../../sinks/formats.ts';
import { TASKS } from '../../run/taskNames.ts';
import type { TaskName } from '../../run/taskNames.ts';

const DEVICES: readonly Device[] = ['auto', 'cpu', 'webgpu', 'cuda', 'dml', 'coreml'];
const REUSES: readonly Reuse[] = ['refine', 'exact', 'sticky', 'tolerant', 'off'];
const DECODERS: readonly DecoderChoice[] = ['auto', 'wasm', 'native'];
const ON_DAMAGE: readonly OnDamage[] = ['stop', 'skip'];

/** Options of every command that runs a model, as commander gives them. */
export interface ModelFlags {
  readonly model: string;
  readonly device: Device;
  readonly threads?: number;
  readonly decoder: DecoderChoice;
  readonly conf: number;
  readonly classes?: readonly string[];
  readonly vidStride: number;
  readonly maxFrames: number;
  readonly maxObjects: number;
  readonly budgetMs: number;
  readonly reuse: Reuse;
  readonly topP: number;
  readonly eosOffset?: number;
  readonly task: readonly TaskName[];
  readonly verbose?: boolean;
  readonly quiet?: boolean;
}

/** How the model runs and how sources are read. */
export interface ModelArguments {
  readonly detector: DetectorOptions;
  readonly detect: Omit<DetectConfig, 'policy'>;
  readonly tasks: readonly TaskName[];
  readonly decoder: DecoderChoice;
  readonly vidStride: number;
  readonly maxFrames: number;
  readonly verbose: boolean;
  readonly quiet: boolean;
}

/** Arguments of `detect`. */
export interface DetectArguments extends ModelArguments {
  readonly out: string;
  readonly format: FormatName;
  /** Folder for pictures of where the decoder looked. */
  readonly attention: string | undefined;
  /** File for the video with what was found drawn in. */
  readonly save: string | undefined;
  /** What becomes of a damaged source. */
  readonly onDamage: OnDamage;
}

/** Adds the options that every command with a model has. */
export function addModelOptions(command: Command, reuse: Reuse): Command {
  return addReadingOptions(command, { minScore: 0.3 })
    .addOption(choice('--decoder <decoder>', 'which FFmpeg decodes video', DECODERS, 'auto'))
    .addOption(
      new Option('--task <names>', `what is looked for: ${TASKS.join(', ')}`)
        .argParser(taskNames)
        .default(['detect'], 'detect'),
    )
    .option('--classes <names>', 'labels to keep, separated by commas', names)
    .option('--vid-stride <n>', 'look at every n-th frame', whole(1), 1)
    .option('--max-frames <n>', 'end each source after n frames (0: all)', whole(0), 0)
    .option('--budget-ms <ms>', 'time for the tokens of a frame (0: no limit)', number(0), 0)
    .addOption(choice('--reuse <mode>', 'how the previous frame’s tokens are used', REUSES, reuse));
}

/** Adds the options that say which model reads, and how. */
function addReadingOptions(command: Command, { minScore }: { minScore: number }): Command {
  return command
    .option('--model <dir|name>', 'model folder, or the bundled model', 'nano')
    .addOption(choice('--device <device>', 'where the model runs', DEVICES, 'auto'))
    .option('--threads <n>', 'threads of the encoder', whole(1))
    .option('--conf <score>', 'lowest score of a detection', number(0, 1), minScore)
    .option('--max-objects <n>', 'most objects read from a frame', whole(1, 100), 100)
    .option('--top-p <p>', 'nucleus sampling (0: arg-max)', number(0, 1), 0)
    .option(
      '--eos-offset <d>',
      'taken off the EOS logit, delays the end (default: the model’s)',
      number(),
    )
    .option('--quiet', 'no progress and no summary')
    .option('--verbose', 'errors with their stack');
}

/** Adds the options of `detect`. */
export function addDetectOptions(command: Command): Command {
  return addModelOptions(
    command
      .option('--out <file|->', 'where the results go', '-')
      .addOption(choice('--format <format>', 'how they are written', FORMATS, 'ndjson'))
      .option(
        '--save <file.mp4>',
        'also write the video with what was found drawn in, without sound',
      )
      .addOption(
        choice(
          '--on-damage <what>',
          'end a damaged video there, or go on behind it',
          ON_DAMAGE,
          'stop',
        ),
      )
      .option(
        '--attention <dir>',
        'also draw where the decoder looked, a picture for each object found; slow: use with --max-frames',
      ),
    'refine',
  );
}

/** Adds the options of `eval`. */
export function addEvalOptions(command: Command): Command {
  const labelled = command
    .requiredOption('--images <dir>', 'folder of the pictures')
    .requiredOption('--annotations <file>', 'their labels, COCO JSON')
    .option('--split <name>', 'only pictures whose `split` field is this')
    .option('--limit <n>', 'only the first n pictures (0: all)', whole(0), 0)
    .option('--pan <n>', 'make each picture a moving, noisy clip of n frames', whole(2, 30));
  return addReadingOptions(labelled, { minScore: 0 })
    .addOption(choice('--reuse <mode>', 'use of guesses; off: none (default: refine)', REUSES))
    .option('--noise-threshold <p>', 'what counts as noise (default: the model’s)', number(0, 1))
    .option('--noise-patience <n>', 'noise that ends a frame (default: the model’s)', whole(1))
    .option('--json', 'figures as JSON');
}

/** Turns commander's flags into arguments. */
export function modelArguments(flags: ModelFlags): ModelArguments {
  const decode: DetectConfig = {
    maxObjects: flags.maxObjects,
    budgetMs: flags.budgetMs,
    reuse: flags.reuse,
    topP: flags.topP,
    ...(flags.eosOffset === undefined ? {} : { eosOffset: flags.eosOffset }),
  };
  const { model, device, threads } = flags;
  return {
    detector: { model, device, ...(threads === undefined ? {} : { threads }) },
    detect: { ...decode, minScore: flags.conf, classes: flags.classes },
    tasks: flags.task,
    decoder: flags.decoder,
    vidStride: flags.vidStride,
    maxFrames: flags.maxFrames,
    verbose: flags.verbose ?? false,
    quiet: flags.quiet ?? false,
  };
}

/** Turns the flags of `detect` into arguments. */
export function detectArguments(
  flags: ModelFlags & {
    readonly out: string;
    readonly format: FormatName;
    readonly attention?: string;
    readonly save?: string;
    readonly onDamage: OnDamage;
  },
): DetectArguments {
  const { out, format, attention, save, onDamage } = flags;
  return { ...modelArguments(flags), out, format, attention, save, onDamage };
}

/** An option that takes one of some words. */
export function choice<T extends string>(
  flags: string,
  description: string,
  values: readonly T[],
  fallback?: T,
): Option {
  return new Option(flags, description).choices(values).default(fallback);
}

/** Parses a number in a range, for commander. */
export function number(min: number = -Infinity, max: number = Infinity): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isFinite(value) || value < min || value > max) {
      throw new InvalidArgumentError(`Expected ${range('a number', min, max)}.`);
    }
    return value;
  };
}

/** Parses a whole number in a range, for commander. */
export function whole(min: number, max: number = Infinity): (text: string) => number {
  const parse = number(min, max);
  return (text) => {
    const value = parse(text);
    if (!Number.isInteger(value)) {
      throw new InvalidArgumentError(`Expected ${range('a whole number', min, max)}.`);
    }
    return value;
  };
}

function range(noun: string, min: number, max: number): string {
  if (max !== Infinity) {
    return `${noun} from ${min} to ${max}`;
  }
  return min === -Infinity ? noun : `${noun} >= ${min}`;
}

function names(text: string): string[] {
  const found = text.split(',').map((name) => name.trim());
  if (found.includes('')) {
    throw new InvalidArgumentError('Expected labels separated by commas.');
  }
  return found;
}

function taskNames(text: string): readonly TaskName[] {
  return text.split(',').map((name) => {
    const task = TASKS.find((known) => known === name.trim());
    if (task === undefined) {
      throw new InvalidArgumentError(`Expected some of ${TASKS.join(', ')}, separated by commas.`);
    }
    return task;
  });
}
