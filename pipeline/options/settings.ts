/**
 * What the commands and the configuration file can be told beside where things are: the tables of the floors below,
 * and the pipeline's own. One name on every layer: `minScore` in code and in the file is `--min-score` when typed.
 */
import { DETECTOR_OPTIONS } from '../../models/core/detectorOptions.ts';
import type { AnyOption, AnyTable, OptionTable } from '../../models/core/options.ts';
import { PROMPT_TASKS } from '../../models/core/prompts.ts';
import type { DetectorOptions } from '../../models/index.ts';
import type { DecoderChoice, DetectConfig } from '../../operators/index.ts';
import { DETECT_OPTIONS, FROM_VIDEO_OPTIONS } from '../../operators/options.ts';
import { SERVER_OPTIONS } from '../../server/options/serverOptions.ts';

/** How sources are read that say nothing else themselves, and how many there may be. */
export interface SourcesSettings {
  /** Which FFmpeg decodes files. Default `auto`. */
  readonly decoder?: DecoderChoice;
  /** Look at every n-th frame only. Default 1. */
  readonly stride?: number;
  /** End each source after so many frames; 0 for all. Default 0. */
  readonly maxFrames?: number;
  /** Sources there may be at a time, 1 or more; each takes a decoder and memory for its frames. Default 64. */
  readonly maxSources?: number;
}

/** The table of {@link SourcesSettings}. */
export const SOURCES_SETTINGS: OptionTable<SourcesSettings> = {
  decoder: FROM_VIDEO_OPTIONS.decoder,
  stride: FROM_VIDEO_OPTIONS.stride,
  maxFrames: FROM_VIDEO_OPTIONS.maxFrames,
  maxSources: {
    type: 'integer',
    min: 1,
    default: 64,
    flag: '--max-sources <n>',
    help: 'sources there may be at a time',
  },
};

/** All of `TaskName`: an object's box, its outline, its keypoints, a sentence on the frame. */
export const TASKS: readonly ['detect', ...typeof PROMPT_TASKS] = ['detect', ...PROMPT_TASKS];
/** What can be looked for. */
export type TaskName = (typeof TASKS)[number];

/** How frames are read, and what is looked for. */
export interface ReadingSettings extends ReadingConfig {
  /** What is looked for beside boxes. Default: boxes only, `detect`. */
  readonly tasks?: readonly TaskName[];
}

/** How the frames of all sources are read. */
export type ReadingConfig = Omit<
  DetectConfig,
  'policy' | 'turns' | 'demand' | 'tasks' | 'onObject' | 'onFrame' | 'onDropped' | 'onFault'
>;

/** The table of {@link ReadingSettings}, as far as it can be typed. */
export const READING_SETTINGS: AnyTable = {
  ...typable(DETECT_OPTIONS),
  tasks: {
    type: 'list',
    values: TASKS,
    default: ['detect'],
    flag: '--tasks <names>',
    alias: 'task',
    help: `what is looked for: ${TASKS.join(', ')}`,
  },
};

/** All of `LogFormat`. */
export const LOG_FORMATS = ['text', 'json'] as const;
/** How a log is written. */
export type LogFormat = (typeof LOG_FORMATS)[number];

/** How `serve` serves. */
export interface ServingSettings {
  readonly host?: string;
  readonly port?: number;
  readonly insecure?: boolean;
  /** Also let HTTP requests add, remove, pause and resume sources, text only. Default false. */
  readonly manage?: boolean;
  /** Whether web servers may send FFmpeg to other addresses. Default true. */
  readonly followLinks?: boolean;
  /** Certificate, PEM. */
  readonly cert?: string | undefined;
  /** Its key, PEM. */
  readonly key?: string | undefined;
  /** How it tells what happens. */
  readonly log: LogFormat;
  /** After SIGTERM, time in which clients are still served, seconds. */
  readonly drainSeconds: number;
}

/** The table of {@link ServingSettings}. */
export const SERVING_SETTINGS: OptionTable<ServingSettings> = {
  host: SERVER_OPTIONS.host,
  port: SERVER_OPTIONS.port,
  insecure: SERVER_OPTIONS.insecure,
  manage: {
    type: 'boolean',
    default: false,
    flag: '--manage',
    help: 'let HTTP requests add and remove sources, until the server ends: whatever this program can read',
  },
  followLinks: FROM_VIDEO_OPTIONS.followLinks,
  cert: { type: 'text', flag: '--cert <file>', help: 'certificate, PEM: serves https and wss' },
  key: { type: 'text', flag: '--key <file>', help: 'its key, PEM' },
  log: {
    type: 'choice',
    values: LOG_FORMATS,
    default: 'text',
    flag: '--log <format>',
    help: 'how it tells what happens',
  },
  drainSeconds: {
    type: 'integer',
    min: 0,
    max: 3_600,
    default: 5,
    unit: 's',
    flag: '--drain-seconds <seconds>',
    alias: 'drain',
    help: 'after SIGTERM serve those who are connected for at most so long',
  },
};

/** What a configuration file can say of all sources; `detect` and `server` are parts of their own. */
export interface TopSettings extends DetectorOptions, SourcesSettings {}

/** The table of {@link TopSettings}. */
export const TOP_SETTINGS: OptionTable<TopSettings> = { ...DETECTOR_OPTIONS, ...SOURCES_SETTINGS };

/** The rows of a table that have a flag. */
export function typable(table: AnyTable): Readonly<Record<string, AnyOption>> {
  return Object.fromEntries(Object.entries(table).filter(([, { flag }]) => flag !== undefined));
}
