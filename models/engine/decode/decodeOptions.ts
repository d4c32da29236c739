import type { DecodeOptions, ModelInfo } from '../../core/types.ts';
import {
  expectInteger,
  expectKnownKeys,
  expectNumber,
  expectOneOf,
  expectThat,
} from '../../core/validate.ts';

/** The most objects a sequence may hold: 500 tokens, as the official decoder's position table allows. */
export const MAX_OBJECTS = 100;

/** Decode options with every default filled in. */
export type ResolvedDecodeOptions = Required<DecodeOptions>;

const DEFAULTS = Object.freeze({
  maxObjects: MAX_OBJECTS,
  topP: 0,
  topK: 0,
  temperature: 1,
  typeMask: true,
  seed: 0,
  draft: new Int32Array(),
  reuse: 'refine' as const,
  stickiness: 0.1,
  attention: false,
  demand: [],
  budgetMs: 0,
});

/** The names of all decode options. */
export const DECODE_OPTIONS: readonly string[] = [
  ...Object.keys(DEFAULTS),
  ...['eosOffset', 'noiseThreshold', 'noisePatience', 'tolerance'],
];

/**
 * Checks decode options and fills in the defaults, the model's own where it has some.
 * @throws TypeError, RangeError that name the option, the rule and the value
 */
export function resolveDecodeOptions(
  options: DecodeOptions | undefined,
  model: ModelInfo,
): ResolvedDecodeOptions {
  const ofModel = { ...model.decode, tolerance: Math.round(model.vocabulary.bins / 100) };
  const all = { ...DEFAULTS, ...ofModel, ...options };
  expectKnownKeys('decode', options, DECODE_OPTIONS);
  expectInteger('maxObjects', all.maxObjects, { min: 1, max: MAX_OBJECTS });
  expectNumber('topP', all.topP, { min: 0, max: 1 });
  expectInteger('topK', all.topK, { min: 0 });
  expectNumber('temperature', all.temperature, { above: 0 });
  expectInteger('seed', all.seed);
  expectNumber('eosOffset', all.eosOffset);
  expectNumber('noiseThreshold', all.noiseThreshold, { min: 0, max: 1 });
  expectInteger('noisePatience', all.noisePatience, { min: 1 });
  expectOneOf('reuse', all.reuse, ['off', 'exact', 'refine', 'sticky', 'tolerant']);
  expectNumber('stickiness', all.stickiness, { above: 0, max: 1 });
  expectInteger('tolerance', all.tolerance, { min: 0 });
  expectThat(Array.isArray(all.demand), '`demand` is a list of what is wanted');
  expectNumber('budgetMs', all.budgetMs, { min: 0 });
  return all;
}
