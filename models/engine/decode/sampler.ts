import { mersenne } from 'pure-rand/generator/mersenne';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import type { DecodeOptions } from '../../core/types.ts';

/** More than any sequence has: one draw a position and seed. */
const MAX_POSITIONS = 1_024;

/** Tokens that may stand at a place: a range, and some more beside it. */
export interface Allowed {
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
  /** The end token, where the sequence may end, with what is taken off its logit. */
  readonly eos?: { readonly token: number; readonly offset: number };
  /** Outside the range; none by default. */
  readonly marks?: readonly number[];
}

/**
 * Picks one token of a row of logits. It depends on nothing but these and the position, so that what
 * is picked is the same in whatever order and however often rows are looked at.
 */
export type Sampler = (logits: Float32Array, allowed: Allowed, position: number) => number;

/**
 * Makes the sampler that the options ask for: arg-max for `topP` 0, otherwise a seeded draw from
 * the nucleus.
 */
export function createSampler({
  topP,
  topK,
  temperature,
  seed,
}: Required<Pick<DecodeOptions, 'topP' | 'topK' | 'temperature' | 'seed'>>): Sampler {
  if (topP === 0 || topK === 1) {
    return argMaxAllowed;
  }
  return (logits, allowed, position) => {
    const tokens = allowedTokens(allowed);
    const scaled = tokens.map((token) => biased(logits, token, allowed) / temperature);
    const kept = nucleus(scaled, topK, topP);
    return (
      tokens[draw(kept, scaled, uniformFloat64(mersenne(seed * MAX_POSITIONS + position)))] ??
      argMaxAllowed(logits, allowed)
    );
  };
}

/**
 * Index of the largest value in [from, to); the first of equals.
 * @param values [V]
 */
export function argMax(values: Float32Array, from: number, to: number): number {
  let best = from;
  for (let i = from + 1; i < to; i++) {
    if ((values[i] ?? -Infinity) > (values[best] ?? -Infinity)) {
      best = i;
    }
  }
  return best;
}

/**
 * Softmax probabilities of a few tokens over the whole vocabulary.
 * @param logits [V]   @param tokens ids   @returns one probability a token, in order
 */
export function probabilities(logits: Float32Array, tokens: readonly number[]): number[] {
  const top = logits[argMax(logits, 0, logits.length)] ?? 0;
  let sum = 0;
  for (const logit of logits) {
    sum += Math.exp(logit - top);
  }
  return tokens.map((token) => Math.exp((logits[token] ?? -Infinity) - top) / sum);
}

/**
 * Which values survive top-k and top-p: of the sorted values the LARGEST prefix whose mass is at
 * most p, at least one, equals of the last one kept.
 * @param logits already divided by the temperature   @returns indices, most probable first unless all are kept
 * Source: google-research/pix2seq `ar_model.top_logits`.
 */
export function nucleus(logits: readonly number[], topK: number, topP: number): number[] {
  if (topP >= 1 && topK === 0) {
    return logits.map((_, i) => i); // not sorted: a text vocabulary has tens of thousands
  }
  const order = logits
    .map((_, i) => i)
    .sort((a, b) => (logits[b] ?? -Infinity) - (logits[a] ?? -Infinity));
  const at = (rank: number): number => logits[order[rank] ?? -1] ?? -Infinity;
  const inTopK = topK > 0 ? order.filter((i) => (logits[i] ?? 0) >= at(topK - 1)) : order;
  if (topP >= 1) {
    return inTopK;
  }
  const weights = inTopK.map((_, rank) => Math.exp(at(rank) - at(0)));
  const sum = weights.reduce((a, b) => a + b, 0);
  let mass = 0;
  let threshold = at(0);
  for (const [rank, weight] of weights.entries()) {
    mass += weight / sum;
    if (mass > topP) {
      break;
    }
    threshold = at(rank);
  }
  return inTopK.filter((i) => (logits[i] ?? -Infinity) >= threshold);
}

function argMaxAllowed(logits: Float32Array, allowed: Allowed): number {
  const { from, to, eos, marks = [] } = allowed;
  let best = from;
  for (let token = from + 1; token < to; token++) {
    if (biased(logits, token, allowed) > biased(logits, best, allowed)) {
      best = token;
    }
  }
  for (const mark of marks) {
    if (biased(logits, mark, allowed) > biased(logits, best, allowed)) {
      best = mark;
    }
  }
  return eos !== undefined && biased(logits, eos.token, allowed) > biased(logits, best, allowed)
    ? eos.token
    : best;
}

function biased(logits: Float32Array, token: number, { eos }: Allowed): number {
  const logit = logits[token] ?? -Infinity;
  return token === eos?.token ? logit - eos.offset : logit;
}

function allowedTokens({ from, to, eos, marks = [] }: Allowed): number[] {
  const range = [...marks, ...Array.from({ length: to - from }, (_, i) => from + i)];
  return eos === undefined || (eos.token >= from && eos.token < to) ? range : [eos.token, ...range];
}

function draw(kept: readonly number[], logits: readonly number[], uniform: number): number {
  const top = kept.reduce((most, i) => Math.max(most, logits[i] ?? -Infinity), -Infinity);
  const weights = kept.map((i) => Math.exp((logits[i] ?? -Infinity) - top));
  let left = uniform * weights.reduce((a, b) => a + b, 0);
  for (const [rank, weight] of weights.entries()) {
    left -= weight;
    if (left < 0) {
      return kept[rank] ?? 0;
    }
  }
  return kept.at(-1) ?? 0;
}
