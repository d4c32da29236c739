/** Ten thousand right, wrong and broken messages, from seeds, in both ways of writing. */
import { once } from 'node:events';
import { decode } from '@msgpack/msgpack';
import { Compile } from 'typebox/schema';
import { WebSocket } from 'ws';
import { CODECS } from '../../../server/protocol/codec.ts';
import type { Codec } from '../../../server/protocol/codec.ts';
import { schema } from '../../../server/index.ts';
import type { DetectionServer, ServerMessage } from '../../../server/index.ts';
import * as assert from '../../support/assert.ts';
import {
  attachFeed,
  frameOf,
  openClient,
  socketUrl,
  startServer,
  until,
} from '../../support/sockets/sockets.ts';
import { suite } from '../../support/suite.ts';
import { Dice, messageOf } from '../../support/sockets/fuzzMessages.ts';

/** Messages of each codec and seed. */
const NUM_MESSAGES = 2_500;
const SEEDS = [1, 2];
const published = Compile(JSON.parse(JSON.stringify(schema)));

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
