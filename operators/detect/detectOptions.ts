/** What `detect` and its parts can be told. Tables only: the command line loads them to explain itself. */
import { DECODE_OPTIONS } from '../../models/core/decodeOptions.ts';
import type { PipelineError } from '../../models/core/errors.ts';
import type { OptionTable } from '../../models/core/options.ts';
import type { DecodeOptions, Demand, FoundObject, Frame } from '../../models/core/types.ts';
import type { FairScheduler } from '../flow/fairScheduler.ts';
import type { DropCause } from './losses.ts';
import type { FrameTask } from './tasks/runTasks.ts';

/** Which objects are kept. */
export interface ObjectsConfig {
  /** Lowest score, 0 to 1. Default 0.3. */
  readonly minScore?: number;
  /** Labels to keep. Default: all. */
  readonly classes?: readonly string[] | undefined;
}

/** The table of {@link ObjectsConfig}. */
export const OBJECTS_OPTIONS: OptionTable<ObjectsConfig> = {
  minScore: {
    type: 'number',
    min: 0,
    max: 1,
    default: 0.3,
    flag: '--min-score <score>',
    alias: 'conf',
    help: 'lowest score of a detection',
  },
  classes: { type: 'list', flag: '--classes <names>', help: 'labels to keep, separated by commas' },
};

/** How a frame is read, and which objects are kept. */
export interface ReadAttentionConfig
  extends Omit<DecodeOptions, 'draft' | 'demand' | 'attention'>, ObjectsConfig {}

const { draft: _, demand: __, attention: ___, ...READ_OPTIONS } = DECODE_OPTIONS;

/** The table of {@link ReadAttentionConfig}. */
export const READING_OPTIONS: OptionTable<ReadAttentionConfig> = {
  ...OBJECTS_OPTIONS,
  ...READ_OPTIONS,
};

/** When a scene counts as still, for `motion` of `detect`. */
export interface MotionConfig {
  /**
   * Difference of a block's mean red, green or blue, of 255, above which something has moved, above 0
   * to 255. Lower sees fainter objects, higher bears more noise. Default 8.
   */
  readonly threshold?: number;
  /** A still scene is looked at again after so long, seconds of media time, above 0. Default 2. */
  readonly maxStillSeconds?: number;
}

/** The table of {@link MotionConfig}. */
export const MOTION_OPTIONS: OptionTable<MotionConfig> = {
  threshold: {
    type: 'number',
    above: 0,
    max: 255,
    default: 8,
    flag: '--motion-threshold <n>',
    help: 'how much has to change, of 255; turns on --motion',
  },
  maxStillSeconds: {
    type: 'number',
    above: 0,
    default: 2,
    unit: 's',
    flag: '--max-still-seconds <s>',
    help: 'look again after so long; turns on --motion',
  },
};

/** All of `DetectPolicy`. */
export const POLICIES = ['every', 'latest'] as const;
/** What happens to frames that come while one is being read. */
export type DetectPolicy = (typeof POLICIES)[number];

/** Options of `detect`: how frames are read, which objects are kept, what happens under load. */
export interface DetectConfig extends Omit<DecodeOptions, 'draft' | 'demand'>, ObjectsConfig {
  /** `every` for files: nothing is dropped; `latest` for live sources: the newest frame wins. Default `every`. */
  readonly policy?: DetectPolicy;
  /**
   * Asked before each frame what is wanted of it. Where nobody wants anything (an empty list) the
   * frame is dropped unread, with the cause `idle`; where all want a limited number, reading stops
   * when all have it. Default: everything is wanted.
   */
  readonly demand?: (() => readonly Demand[]) | undefined;
  /**
   * Lets frames of a still scene pass without a look: they repeat the last result, marked `still`. See
   * `MotionConfig`; `{}` for its defaults. Default: each frame is looked at.
   */
  readonly motion?: MotionConfig | undefined;
  /**
   * For `latest`: shared by all that use the detector, so that each takes its newest frame when its turn
   * comes, and none is late because of the others. Default: frames wait inside the detector.
   */
  readonly turns?: FairScheduler | undefined;
  /**
   * What else is to be found in each frame that is looked at, in order: `segment`, `pose`, `caption`, or a function
   * of your own. They end once `demand` is empty, and when `budgetMs` is spent: the result is then not `final`, and
   * lacks what unfinished ones found. Default: nothing.
   */
  readonly tasks?: readonly FrameTask[];
  /** Told of each object before its frame is finished; not of those that a still frame repeats. */
  readonly onObject?: ((object: FoundObject) => void) | undefined;
  /**
   * Told of each frame just before its encoder run, or its repeated result, while its pixels are there; must not close
   * it.
   */
  readonly onFrame?: ((frame: Frame) => void) | undefined;
  /** Called with each frame that was dropped, and why; it is closed already, its facts can still be read. */
  readonly onDropped?: ((frame: Frame, cause: DropCause) => void) | undefined;
  /**
   * Told of each frame that the detector failed at (ERR_WORKER_EXIT, ERR_MODEL_RUN); it is closed
   * already, its facts can still be read. The frame counts as `error` in `skipped`, and the stream goes
   * on without a draft. Default: the failure ends the stream.
   */
  readonly onFault?: ((error: PipelineError, frame: Frame) => void) | undefined;
}

/** The table of {@link DetectConfig}. */
export const DETECT_OPTIONS: OptionTable<DetectConfig> = {
  ...READING_OPTIONS,
  attention: DECODE_OPTIONS.attention,
  policy: { type: 'choice', values: POLICIES, default: 'every' },
  demand: { type: 'hook' },
  motion: {
    type: 'group',
    table: MOTION_OPTIONS,
    flag: '--motion',
    help: 'while nothing moves, repeat the last result',
  },
  turns: { type: 'value' },
  tasks: { type: 'value', default: [] },
  onObject: { type: 'hook' },
  onFrame: { type: 'hook' },
  onDropped: { type: 'hook' },
  onFault: { type: 'hook' },
};
