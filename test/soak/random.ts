import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { mersenne } from 'pure-rand/generator/mersenne';

/** Chance that is the same with the same seed. */
export interface Random {
  /** In [low, high). */
  between(low: number, high: number): number;
  /** One of a list; undefined of none. */
  pick<T>(list: readonly T[]): T | undefined;
}

/** Makes a series of its own, so that what one part of a run draws does not depend on the others' haste. */
export function createRandom(seed: number): Random {
  const generator = mersenne(seed);
  const between = (low: number, high: number): number =>
    low + uniformFloat64(generator) * (high - low);
  return { between, pick: (list) => list[Math.floor(between(0, list.length))] };
}
