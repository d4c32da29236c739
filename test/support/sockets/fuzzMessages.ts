/** Right, wrong and broken messages of clients, from seeds, in both ways of writing. */
import { encode } from '@msgpack/msgpack';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { mersenne } from 'pure-rand/generator/mersenne';
import type { Codec } from '../../../server/protocol/codec.ts';

/** Numbers and choices from a seed. */
export class Dice {
  readonly #random: ReturnType<typeof mersenne>;

  constructor(seed: number) {
    this.#random = mersenne(seed);
  }

  /** A whole number below another. */
  below(end: number): number {
    return uniformInt(this.#random, 0, end - 1);
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }
}

const RIGHT: readonly object[] = [
  { type: 'subscribe', id: 'a' },
  { v: 1, type: 'subscribe', id: 'b', sources: ['d*', '?'], classes: ['person'], minScore: 0.5 },
  { type: 'subscribe', id: 'c', policy: 'all', window: 3, fromSeq: { door: 1 }, epoch: 'x' },
  { type: 'subscribe', id: 'd', policy: { everyMs: 10 }, objects: true, limit: 3, tracks: [1, 2] },
  { type: 'subscribe', id: 'a', snapshot: true, zones: ['gate'] },
  { type: 'unsubscribe', id: 'a' },
  { type: 'ack', id: 'c', seq: { door: 1 } },
  { type: 'auth', token: 'correct-horse-battery' },
];
const KEYS = [...new Set(RIGHT.flatMap(Object.keys)), 'constructor', '__proto__', 'sourcs', ''];
const VALUES: readonly unknown[] = [
  ...[
    'subscribe',
    'ack',
    'latest',
    'all',
    '',
    'a',
    '__proto__',
    '\u0000',
    '\ud800',
    'x'.repeat(300),
  ],
  ...[
    0,
    1,
    -1,
    0.5,
    2 ** 53,
    1e308,
    -0,
    null,
    true,
    false,
    [],
    {},
    ['*'],
    ['?', 'door'],
    [1],
    [[]],
  ],
  ...[{ everyMs: 10 }, { everyMs: 0 }, { door: 3 }, { door: -1 }, { constructor: 1 }],
  ...[Array.from({ length: 300 }, (_, i) => i), { a: { a: { a: { a: {} } } } }],
];

/** A right message, or one with a few fields that are wrong, or bytes that are. */
export function messageOf(dice: Dice, codec: Codec): Uint8Array {
  const message: Record<string, unknown> = { ...dice.pick(RIGHT) };
  for (let i = dice.below(3); i > 0; i--) {
    Object.defineProperty(message, dice.pick(KEYS), {
      ...{ value: dice.pick(VALUES), enumerable: true, configurable: true, writable: true },
    });
  }
  const bytes = [...(codec.isBinary ? encode(message) : Buffer.from(JSON.stringify(message)))];
  for (let i = Math.max(0, dice.below(8) - 5); i > 0; i--) {
    const at = dice.below(bytes.length + 1);
    const added = Array.from({ length: dice.below(3) }, () => dice.below(256));
    bytes.splice(at, dice.below(3), ...added);
  }
  return Buffer.from(bytes);
}
