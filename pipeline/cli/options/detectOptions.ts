/** What `detect` says on the command line. */
import type { Command } from 'commander';
import { DETECTOR_OPTIONS } from '../../../models/core/detectorOptions.ts';
import type { OptionTable } from '../../../models/core/options.ts';
import type { DetectorOptions } from '../../../models/index.ts';
import type { OnDamage } from '../../../operators/index.ts';
import { FROM_VIDEO_OPTIONS } from '../../../operators/options.ts';
import { READING_SETTINGS, SOURCES_SETTINGS } from '../../options/settings.ts';
import type {
  ReadingConfig,
  ReadingSettings,
  SourcesSettings,
  TaskName,
} from '../../options/settings.ts';
import { FORMATS } from '../../sinks/formats.ts';
import type { FormatName } from '../../sinks/formats.ts';
import { addOptions, flagValues } from './addOptions.ts';
import type { Flags } from './addOptions.ts';

/** How much a command tells. */
export interface ReportSettings {
  /** No progress and no summary. */
  readonly quiet: boolean;
  /** Errors with their stack. */
  readonly verbose: boolean;
}

/** The table of {@link ReportSettings}. */
export const REPORT_SETTINGS: OptionTable<ReportSettings> = {
  quiet: {
    type: 'boolean',
    default: false,
    flag: '--quiet',
    help: 'no progress and no summary',
  },
  verbose: {
    type: 'boolean',
    default: false,
    flag: '--verbose',
    help: 'errors with their stack',
  },
};

/** What a command with a model is told. */
export interface ModelArguments extends ReportSettings, Required<SourcesSettings> {
  readonly detector: DetectorOptions;
  readonly detect: ReadingConfig;
  readonly tasks: readonly TaskName[];
}

/** Where the results of `detect` go. */
export interface OutputSettings {
  /** A file, or `-` for standard output. */
  readonly out: string;
  readonly format: FormatName;
  /** File for the video with what was found drawn in. */
  readonly save?: string | undefined;
  /** What becomes of a damaged source. */
  readonly onDamage: OnDamage;
  /** Folder for pictures of where the decoder looked. */
  readonly attention?: string | undefined;
}

/** The table of {@link OutputSettings}. */
export const OUTPUT_SETTINGS: OptionTable<OutputSettings> = {
  out: { type: 'text', default: '-', flag: '--out <file|->', help: 'where the results go' },
  format: {
    type: 'choice',
    values: FORMATS,
    default: 'ndjson',
    flag: '--format <format>',
    help: 'how they are written',
  },
  save: {
    type: 'text',
    flag: '--save <file.mp4>',
    help: 'also write the video with what was found drawn in, without sound',
  },
  onDamage: { ...FROM_VIDEO_OPTIONS.onDamage, default: 'stop' },
  attention: {
    type: 'text',
    flag: '--attention <dir>',
    help: 'also draw where the decoder looked, a picture for each object found; slow: use with --max-frames',
  },
};

/** Arguments of `detect`. */
export interface DetectArguments extends ModelArguments, OutputSettings {}

const { batch: _, ...DETECTOR } = DETECTOR_OPTIONS;
const { maxSources: __, ...SOURCES } = SOURCES_SETTINGS;

/** Adds the options of `detect`. */
export function addDetectOptions(command: Command): Command {
  const tables = [OUTPUT_SETTINGS, DETECTOR, READING_SETTINGS, SOURCES, REPORT_SETTINGS];
  return tables.reduce((done, table) => addOptions(done, table), command);
}

/** Turns flags into what a command with a model is told. */
export function modelArguments(flags: Flags): ModelArguments {
  const { tasks = [], ...detect } = flagValues<ReadingSettings>(READING_SETTINGS, flags);
  return {
    ...flagValues<Required<SourcesSettings>>(SOURCES_SETTINGS, flags),
    ...flagValues<ReportSettings>(REPORT_SETTINGS, flags),
    detector: flagValues<DetectorOptions>(DETECTOR_OPTIONS, flags),
    detect,
    tasks,
  };
}

/** Turns the flags of `detect` into arguments. */
export function detectArguments(flags: Flags): DetectArguments {
  return { ...modelArguments(flags), ...flagValues<OutputSettings>(OUTPUT_SETTINGS, flags) };
}
