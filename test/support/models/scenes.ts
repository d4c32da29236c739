import type { ModelInfo } from '../../../models/index.ts';
import { SURE, WIDE } from './fakeGraph.ts';
import type { Scene } from './fakeGraph.ts';

/** An object of five tokens, `[ymin, xmin, ymax, xmax, class]`. */
export type Tokens = readonly [number, number, number, number, number];

/** A seeded generator: the cases need to be many and the same every time, not good. */
export function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.floor((state / 2 ** 31) * below);
  };
}

/** An object at a place of a grid, far from those at all other places. */
export function objectAt(place: number, moved = 0): Tokens {
  const y = 20 + 60 * Math.floor(place / 5) + moved;
  const x = 20 + 70 * (place % 5) + moved;
  return [y, x, y + 25, x + 30, 4 + (place % 2)];
}

/** How a scene wavers. */
export interface Wavering {
  /** Of so many prefixes one lets a coordinate be a bin or two off; 0 for none. */
  readonly oneIn?: number;
  readonly seed?: number;
}

/**
 * A frame with objects in it: says the first object not read yet that fits what was read of the
 * present one, and then the end. Where it wavers, a hash of the whole prefix decides, so that every
 * wrong token or row before makes it say something else; the steady token is then nearly as probable.
 */
export function showing(
  objects: readonly Tokens[],
  { oneIn = 0, seed = 0 }: Wavering = {},
  { vocabulary }: ModelInfo = WIDE,
): Scene {
  const { prompt, eos, noise } = vocabulary;
  /** The whole objects of the last prefix, and what they left: most prefixes go on from the last. */
  let [whole, left]: [number[], Tokens[]] = [[], [...objects]];
  return (prefix) => {
    const read = prefix.slice(prompt.length);
    if (whole.some((token, i) => token !== read[i])) {
      [whole, left] = [[], [...objects]];
    }
    while (whole.length + 5 <= read.length) {
      const object = read.slice(whole.length, whole.length + 5);
      const nearest = leastBy(left, (each) => apart(each, object.slice(0, 4)));
      left.splice(left.indexOf(nearest as Tokens), nearest === undefined ? 0 : 1);
      whole.push(...object);
    }
    const known = read.slice(read.length - (read.length % 5));
    const object = leastBy(left, (each) => (apart(each, known) <= 6 * known.length ? 0 : 1));
    if (object === undefined) {
      return new Map([[eos, SURE]]);
    }
    const said = object[known.length] ?? noise;
    if (known.length === 4) {
      return new Map([
        [said, SURE],
        [noise, SURE - 3],
      ]);
    }
    const chance = hash(prefix, seed);
    const off = [-2, -1, 1, 2][chance % 4] ?? 0;
    return oneIn > 0 && Math.floor(chance / 4) % oneIn === 0
      ? new Map([
          [said, SURE - 0.4],
          [said + off, SURE],
        ])
      : new Map([[said, SURE]]);
  };
}

/** The tokens of objects, as a draft. */
export function draftOf(...objects: readonly (readonly number[])[]): Int32Array {
  return Int32Array.from(objects.flat());
}

/** Kinds of drafts that `disturbed` makes. */
export const DRAFT_KINDS = [
  'right',
  'stale',
  'shuffled',
  'thinned',
  'garbage',
  'out of range',
  'empty',
  'too long',
  'cut short',
] as const;

/** A draft made of a frame's own tokens. */
export function disturbed(
  tokens: Int32Array,
  kind: (typeof DRAFT_KINDS)[number],
  random: (below: number) => number,
  { vocabulary: { size, coordinateBase, bins } }: ModelInfo = WIDE,
): Int32Array {
  const objects = Array.from({ length: tokens.length / 5 }, (_, i) => [
    ...tokens.subarray(5 * i, 5 * i + 5),
  ]);
  const coordinate = (): number => coordinateBase + random(bins);
  const garbage = (): number[] => [...Array.from({ length: 4 }, coordinate), random(size)];
  switch (kind) {
    case 'right':
      return tokens;
    case 'stale':
      return tokens.map((token, i) =>
        i % 5 < 4 && random(3) === 0
          ? Math.min(coordinateBase + bins - 1, Math.max(coordinateBase, token + random(9) - 4))
          : token,
      );
    case 'shuffled':
      for (let i = objects.length - 1; i > 0; i--) {
        const j = random(i + 1);
        [objects[i], objects[j]] = [objects[j]!, objects[i]!];
      }
      return draftOf(...objects);
    case 'thinned':
      return draftOf(...objects.filter(() => random(4) > 0));
    case 'garbage':
      return draftOf(...objects.map(garbage), garbage());
    case 'out of range':
      return Int32Array.from({ length: tokens.length + 10 }, () => random(3 * size) - size);
    case 'empty':
      return new Int32Array();
    case 'too long':
      return draftOf(...Array.from({ length: 12 }, () => [...objects, garbage()]).flat());
    case 'cut short':
      return tokens.subarray(0, random(tokens.length + 1));
  }
}

function apart(object: readonly number[], known: readonly number[]): number {
  return known.reduce((sum, token, i) => sum + Math.abs(token - (object[i] ?? NaN)), 0);
}

function leastBy<T>(all: readonly T[], cost: (each: T) => number): T | undefined {
  return all.reduce<T | undefined>(
    (best, each) => (best === undefined || cost(each) < cost(best) ? each : best),
    undefined,
  );
}

/** @returns 0 to 2 ** 31 */
function hash(values: readonly number[], seed: number): number {
  let state = seed + 17;
  for (const value of values) {
    state = (Math.imul(state ^ value, 0x9e3779b1) ^ (state >>> 13)) >>> 0;
  }
  return Math.imul(state, 0x85ebca6b) >>> 9;
}
