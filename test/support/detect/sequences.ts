import type { StopReason, TokenSequence } from '../../../models/core/types.ts';

/** One object that was read, as far as a draft is concerned. */
export interface ReadObject {
  /** Makes its tokens other than those of every other object; see `tokensOf`. */
  readonly at: number;
  readonly score?: number;
  readonly noise?: number;
  /** Index in the draft, -1 for none. */
  readonly continues?: number;
}

/** The five tokens of an object. */
export function tokensOf(at: number): number[] {
  return [1000 + at, 1010 + at, 1100 + at, 1110 + at, 100];
}

/** What the decoder would have read. */
export function sequenceOf(
  objects: readonly ReadObject[],
  stop: StopReason = 'eos',
): TokenSequence {
  const tokens = Int32Array.from(objects.flatMap(({ at }) => tokensOf(at)));
  return {
    tokens,
    scores: Float32Array.from(objects, ({ score = 0.9 }) => score),
    reused: new Uint8Array(objects.length),
    noises: Float32Array.from(objects, ({ noise = 0 }) => noise),
    continues: Int32Array.from(objects, ({ continues = -1 }) => continues),
    stop,
    final: stop !== 'budget' && stop !== 'abort',
    counts: { drafted: 0, accepted: 0, decoded: tokens.length, passes: tokens.length },
    tokensMs: 0,
  };
}

/** A small seeded generator of whole numbers: many cases, and the same every time. */
export function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.floor((state / 2 ** 31) * below);
  };
}
