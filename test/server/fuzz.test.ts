/** Ten thousand right, wrong and broken messages, from seeds, in both ways of writing. */
import { once } from 'node:events';
import { decode, encode } from '@msgpack/msgpack';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { mersenne } from 'pure-rand/generator/mersenne';
import { Compile } from 'typebox/schema';
import { WebSocket } from 'ws';
import { CODECS } from '../../server/codec.ts';
import type { Codec } from '../../server/codec.ts';
import { schema } from '../../server/index.ts';
import type { DetectionServer, ServerMessage } from '../../server/index.ts';
import * as assert from '../support/assert.ts';
import {
  attachFeed,
  frameOf,
  openClient,
  socketUrl,
  startServer,
  until,
} from '../support/sockets.ts';
import { suite } from '../support/suite.ts';

/** Messages of each codec and seed. */
const NUM_MESSAGES = 2_500;
const SEEDS = [1, 2];
const published = Compile(JSON.parse(JSON.stringify(schema)));

/** Numbers and choices from a seed. */
class Dice {
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
function messageOf(dice: Dice, codec: Codec): Uint8Array {
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

/** Opens a socket that holds everything it is told against the schema. */
async function openFuzzer(
  server: DetectionServer,
  codec: Codec,
  told: Set<string>,
): Promise<WebSocket> {
  const socket = new WebSocket(socketUrl(server, '/v1'), [codec.protocol]);
  socket.on('message', (data, isBinary) => {
    assert.is(isBinary, codec.isBinary);
    const bytes = data as Buffer;
    const message = (isBinary ? decode(bytes) : JSON.parse(bytes.toString())) as ServerMessage;
    assert.ok(published.Check(message), JSON.stringify(message));
    told.add(message.type);
  });
  await once(socket, 'open');
  return socket;
}

/** Waits until the server has worked off what it was sent, or has closed the connection. */
async function settle(socket: WebSocket): Promise<void> {
  if (socket.readyState === WebSocket.OPEN) {
    const settled = new AbortController();
    const { signal } = settled;
    socket.ping();
    await Promise.race([once(socket, 'pong', { signal }), once(socket, 'close', { signal })]);
    settled.abort(); // the one that did not come is no longer listened for
  }
}

suite('a client that sends whatever comes', (test) => {
  for (const codec of CODECS.values()) {
    for (const seed of SEEDS) {
      test(
        `is told or closed, and nobody else notices: ${NUM_MESSAGES} messages of ${codec.name}, seed ${seed}`,
        async () => {
          await using server = await startServer({
            maxMessagesPerSecond: 1e9,
            zones: {
              gate: {
                points: [
                  [0, 0],
                  [1, 0],
                  [1, 1],
                ],
              },
            },
          });
          const door$ = attachFeed(server, 'door');
          await using other = await openClient(server);
          await other.subscribe({ policy: 'all' });
          const dice = new Dice(seed);
          const told = new Set<string>();
          let socket = await openFuzzer(server, codec, told);
          let numOpened = 1;
          for (let i = 0; i < NUM_MESSAGES; i++) {
            if (socket.readyState !== WebSocket.OPEN) {
              socket = await openFuzzer(server, codec, told);
              numOpened += 1;
            }
            socket.send(messageOf(dice, codec), { binary: codec.isBinary });
            door$.next(frameOf(i));
            await settle(socket);
          }
          socket.terminate();
          await until(() => server.stats().clients === 1);

          const { closed, subscriptions } = server.stats();
          assert.is(subscriptions, 1);
          assert.is(
            Object.values(closed).reduce((sum, count) => sum + count),
            numOpened,
          );
          assert.ok(closed.protocol > 10 && closed.left >= 1);
          for (const type of ['hello', 'subscribed', 'unsubscribed', 'frame', 'error']) {
            assert.ok(told.has(type), `nobody was told ${type}`);
          }
          while ((await other.next('frame')).seq < NUM_MESSAGES) {
            // every one of them, see below
          }
          const seqs = other.messages.flatMap((one) => (one.type === 'frame' ? [one.seq] : []));
          assert.is(seqs.length, NUM_MESSAGES);
          assert.not.ok(other.messages.some(({ type }) => type === 'gap' || type === 'error'));
        },
        { timeoutMs: 60_000 },
      );
    }
  }
});
