import type { OptionTable } from './options.ts';

/** The most objects a sequence may hold: 500 tokens, as the official decoder's position table allows. */
export const MAX_OBJECTS = 100;

/** All of `Reuse`. */
export const REUSES = ['exact', 'refine', 'sticky', 'tolerant', 'off'] as const;
/**
 * How the previous frame's tokens are used. `off`: not at all. `exact`, `refine`: as guesses, which
 * saves calls and never changes what is read; `refine` guesses anew after a wrong one. `sticky`: the
 * rule itself prefers the previous token while it is nearly as probable, which saves more and keeps
 * boxes still. `tolerant`: the same for what is near the previous token, which saves most. These two leave out
 * an object that they have read already in the frame: one of the same class, with an IoU of 0.7 or more.
 */
export type Reuse = (typeof REUSES)[number];

/** What somebody wants to know of a frame. */
export interface Demand {
  /** Labels that are of interest; all where absent. */
  readonly classes?: readonly string[] | undefined;
  /** Least score that is of interest, 0 to 1. Default 0. */
  readonly minScore?: number | undefined;
  /** So many objects of interest are enough, 1 to 100; without it the whole frame is wanted. */
  readonly limit?: number | undefined;
}

/** How a frame is read out. All fields are optional; unknown ones are a `TypeError`. */
export interface DecodeOptions {
  /** At most so many objects, 1 to 100. Default 100. */
  readonly maxObjects?: number;
  /** Nucleus mass, 0 to 1; 0 is arg-max. Default 0. */
  readonly topP?: number;
  /** Only the k most probable tokens, 0 for all. Default 0. */
  readonly topK?: number;
  /** Keeps coordinates at coordinate places, and EOS at the start of an object. Default true. */
  readonly typeMask?: boolean;
  /** Softmax temperature, above 0. Default 1. */
  readonly temperature?: number;
  /** Seed of the sampler, used where `topP` > 0. Default 0. */
  readonly seed?: number;
  /** Subtracted from the EOS logit, which delays the end. Default: the model's own. */
  readonly eosOffset?: number;
  /**
   * Noise probability above which an object counts as noise, 0 to 1; 1 turns the rule off. Default: the model's own.
   */
  readonly noiseThreshold?: number;
  /**
   * Noise objects in a row that end the frame; so do those that `sticky` and `tolerant` leave out. Default: the model's
   * own.
   */
  readonly noisePatience?: number;
  /** Tokens of the source's previous frame, `TokenSequence.tokens`. Default none. */
  readonly draft?: Int32Array;
  /**
   * What the draft is used for; where tokens are drawn at random, `sticky` and `tolerant` are `refine`. Default
   * `refine`.
   */
  readonly reuse?: Reuse;
  /**
   * For `sticky` and `tolerant`: least probability of the previous token, as a share of the most probable one's, above
   * 0 to 1. Default 0.1.
   */
  readonly stickiness?: number;
  /**
   * For `tolerant`: bins within which a coordinate counts as the previous one, 0 or more. Default a hundredth of the
   * bins.
   */
  readonly tolerance?: number;
  /** Tell where the decoder looked for each token; the model must have `attention.onnx`. Default false. */
  readonly attention?: boolean;
  /** What is asked for: once all of it is found, reading stops with `filter`. Default: everything. */
  readonly demand?: readonly Demand[];
  /** Time for a frame's tokens, milliseconds; 0 for no limit. Default 0. */
  readonly budgetMs?: number;
}

/** How tokens are drawn: the same for objects and for responses. */
export const SAMPLING_OPTIONS: OptionTable<
  Pick<DecodeOptions, 'topP' | 'topK' | 'temperature' | 'seed' | 'typeMask'>
> = {
  topP: {
    type: 'number',
    min: 0,
    max: 1,
    default: 0,
    flag: '--top-p <p>',
    help: 'nucleus sampling (0: arg-max)',
  },
  topK: { type: 'integer', min: 0, default: 0 },
  temperature: { type: 'number', above: 0, default: 1 },
  seed: { type: 'integer', default: 0 },
  typeMask: { type: 'boolean', default: true },
};

/** The table of {@link DecodeOptions}. */
export const DECODE_OPTIONS: OptionTable<DecodeOptions> = {
  maxObjects: {
    type: 'integer',
    min: 1,
    max: MAX_OBJECTS,
    default: MAX_OBJECTS,
    flag: '--max-objects <n>',
    help: 'most objects read from a frame',
  },
  ...SAMPLING_OPTIONS,
  eosOffset: {
    type: 'number',
    defaultText: 'the model’s',
    flag: '--eos-offset <d>',
    help: 'taken off the EOS logit, delays the end',
  },
  noiseThreshold: {
    type: 'number',
    min: 0,
    max: 1,
    defaultText: 'the model’s',
    flag: '--noise-threshold <p>',
    help: 'what counts as noise',
  },
  noisePatience: {
    type: 'integer',
    min: 1,
    defaultText: 'the model’s',
    flag: '--noise-patience <n>',
    help: 'noise that ends a frame',
  },
  draft: { type: 'value', default: new Int32Array() },
  reuse: {
    type: 'choice',
    values: REUSES,
    default: 'refine',
    flag: '--reuse <mode>',
    help: 'how the previous frame’s tokens are used',
  },
  stickiness: { type: 'number', above: 0, max: 1, default: 0.1 },
  tolerance: { type: 'integer', min: 0, defaultText: 'a hundredth of the bins' },
  attention: { type: 'boolean', default: false },
  demand: { type: 'value', default: [] },
  budgetMs: {
    type: 'number',
    min: 0,
    default: 0,
    unit: 'ms',
    flag: '--budget-ms <ms>',
    help: 'time for the tokens of a frame (0: no limit)',
  },
};
