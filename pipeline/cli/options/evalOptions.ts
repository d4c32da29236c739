/** What `eval` says on the command line. */
import type { Command } from 'commander';
import { DETECTOR_OPTIONS } from '../../../models/core/detectorOptions.ts';
import type { AnyTable, OptionTable } from '../../../models/core/options.ts';
import type { DetectorOptions, Reuse } from '../../../models/index.ts';
import type { DetectConfig } from '../../../operators/index.ts';
import { DETECT_OPTIONS } from '../../../operators/options.ts';
import { addOptions, flagValues } from './addOptions.ts';
import type { Flags } from './addOptions.ts';
import { REPORT_SETTINGS } from './detectOptions.ts';
import type { ReportSettings } from './detectOptions.ts';

/** Which pictures are judged, and how. */
interface EvalSettings {
  readonly images: string;
  readonly annotations: string;
  readonly split?: string | undefined;
  readonly limit: number;
  readonly pan?: number | undefined;
  readonly json: boolean;
}

const EVAL_SETTINGS: OptionTable<EvalSettings> = {
  images: {
    type: 'text',
    required: true,
    flag: '--images <dir>',
    help: 'folder of the pictures',
  },
  annotations: {
    type: 'text',
    required: true,
    flag: '--annotations <file>',
    help: 'their labels, COCO JSON',
  },
  split: {
    type: 'text',
    flag: '--split <name>',
    help: 'only pictures whose `split` field is this',
  },
  limit: {
    type: 'integer',
    min: 0,
    default: 0,
    flag: '--limit <n>',
    help: 'only the first n pictures (0: all)',
  },
  pan: {
    type: 'integer',
    min: 2,
    max: 30,
    flag: '--pan <n>',
    help: 'make each picture a moving, noisy clip of n frames',
  },
  json: { type: 'boolean', default: false, flag: '--json', help: 'figures as JSON' },
};

const { batch: _, ...DETECTOR } = DETECTOR_OPTIONS;
const { minScore, maxObjects, topP, eosOffset, reuse, noiseThreshold, noisePatience } =
  DETECT_OPTIONS;
/** What is judged is everything that is found: only what changes that can be told. */
const READING: AnyTable = {
  ...{ minScore, maxObjects, topP, eosOffset, reuse, noiseThreshold, noisePatience },
};

/** Arguments of `eval`. */
export interface EvalArguments extends Pick<EvalSettings, 'json'>, ReportSettings {
  readonly pictures: Pick<EvalSettings, 'images' | 'annotations' | 'split' | 'limit'>;
  readonly detector: DetectorOptions;
  readonly detect: DetectConfig & { readonly reuse: Reuse };
  /** Frames of the clip that each picture becomes; 0 for the picture as it is. */
  readonly pan: number;
}

/** Adds the options of `eval`. */
export function addEvalOptions(command: Command): Command {
  addOptions(command, EVAL_SETTINGS);
  addOptions(command, DETECTOR);
  addOptions(command, READING, { minScore: 0 });
  return addOptions(command, REPORT_SETTINGS);
}

/**
 * Turns the flags of `eval` into arguments.
 * @throws RangeError where something is asked for that would do nothing
 */
export function evalArguments(flags: Flags): EvalArguments {
  const { pan = 0, json, ...pictures } = flagValues<EvalSettings>(EVAL_SETTINGS, flags);
  const { reuse: mode = 'refine', ...reading } = flagValues<DetectConfig>(READING, flags);
  if (pan === 0 && mode !== 'off' && mode !== 'refine') {
    throw new RangeError(
      `\`--reuse ${mode}\` needs \`--pan\`: single pictures have no previous frame`,
    );
  }
  return {
    ...flagValues<ReportSettings>(REPORT_SETTINGS, flags),
    pictures,
    detector: flagValues<DetectorOptions>(DETECTOR, flags),
    detect: { ...reading, reuse: mode },
    pan,
    json,
  };
}
