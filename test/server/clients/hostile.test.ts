import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Subject } from 'rxjs';
import type { DetectionServer, Policy, ServerMessage } from '../../../server/index.ts';
import * as assert from '../../support/assert.ts';
import {
  attachFeed,
  frameOf,
  largeFrameOf,
  openClient,
  startServer,
  until,
} from '../../support/sockets/sockets.ts';
import type { FeedEvent, TestClient } from '../../support/sockets/sockets.ts';
import { suite } from '../../support/suite.ts';

/** About 24 MB of frames, which is more than the system's own buffers of one connection take. */
const NUM_LARGE_FRAMES = 400;

/** Feeds large frames in the rhythm of a healthy client, while another one does not read. */
async function stall(policy: Policy): Promise<{
  readonly server: DetectionServer;
  readonly stalled: TestClient;
  readonly door$: Subject<FeedEvent>;
}> {
  const server = await startServer({ maxOutboxBytes: 300_000, maxReplayBytes: 200_000 });
  const door$ = attachFeed(server, 'door');
  const healthy = await openClient(server);
  await healthy.subscribe({ policy: 'all' });
  const stalled = await openClient(server);
  await stalled.subscribe({ policy });
  stalled.socket.pause();
  const before = memoryBytes();
  for (let frame = 0; frame < NUM_LARGE_FRAMES; frame++) {
    door$.next(largeFrameOf(frame));
    assert.is((await healthy.next('frame')).seq, frame + 1);
    assert.ok(server.stats().outboxBytes <= 300_200, `${server.stats().outboxBytes} bytes wait`);
  }
  healthy.messages.length = 0;
  healthy.socket.terminate();
  const grown = memoryBytes() - before;
  assert.ok(grown < 12_000_000, `memory grew by ${grown} bytes`);
  return { server, stalled, door$ };
}

/** Memory in use after a collection, bytes. */
function memoryBytes(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Holds that every number is either in a frame or in a gap before the next frame. */
function assertNoHoles(messages: readonly ServerMessage[]): void {
  let next = 1;
  for (const message of messages) {
    if (message.type === 'gap') {
      assert.is(message.from, next);
      assert.is(message.cause, 'slow');
      next = message.to + 1;
    } else if (message.type === 'frame') {
      assert.is(message.seq, next);
      next += 1;
    }
  }
}

suite('a client that stops reading', (test) => {
  test(
    'delays nobody, grows no memory, and gets a gap under `all`',
    async () => {
      const { server, stalled, door$ } = await stall('all');

      stalled.socket.resume();
      await stalled.next('gap');
      door$.next(frameOf(NUM_LARGE_FRAMES));
      let seen = await stalled.next('frame');
      while (seen.seq <= NUM_LARGE_FRAMES) {
        seen = await stalled.next('frame');
      }

      assertNoHoles(stalled.messages);
      assert.ok(server.stats().dropped > 0);
      assert.is(server.stats().closed.slow, 0);
      await stalled[Symbol.asyncDispose]();
      await server.close();
    },
    { timeoutMs: 30_000 },
  );

  test(
    'gets a gap, the newest frame and only then the news of the end under `latest`',
    async () => {
      const { server, stalled, door$ } = await stall('latest');
      assert.ok(server.stats().coalesced > 0);
      door$.complete();

      stalled.socket.resume();
      await stalled.next('gap');
      const frame = await stalled.next('frame');

      assert.is(frame.seq, NUM_LARGE_FRAMES);
      assert.is((await stalled.next('status')).state, 'ended');
      assertNoHoles(stalled.messages);
      await stalled[Symbol.asyncDispose]();
      await server.close();
    },
    { timeoutMs: 30_000 },
  );

  test('loses objects before any frame', async () => {
    await using server = await startServer({ maxOutboxBytes: 10_000_000 });
    const door$ = attachFeed(server, 'door');
    await using client = await openClient(server);
    await client.subscribe({ policy: 'all', objects: true });
    client.socket.pause();

    let frame = 0;
    await until(() => {
      door$.next(largeFrameOf(frame++));
      return server.stats().outboxBytes > 100_000;
    });
    const [detection] = frameOf(0).detections;
    assert.ok(detection);
    door$.next({ type: 'object', source: 'door', frame, index: 0, detection });
    door$.next(frameOf(frame));
    client.socket.resume();

    let seen = await client.next('frame');

    while (seen.frame < frame) {
      seen = await client.next('frame');
    }
    assert.not.ok(client.messages.some(({ type }) => type === 'object' || type === 'gap'));
    assert.is(server.stats().dropped, 1);
  });

  test('cannot fill the memory with answers to its own messages', async () => {
    await using server = await startServer({ maxMessagesPerSecond: 1e9, maxOutboxBytes: 10_000 });
    for (let i = 0; i < 1_000; i++) {
      attachFeed(server, `source ${i} ${'x'.repeat(100)}`);
    }
    await using client = await openClient(server);
    client.socket.pause();

    await until(() => {
      if (client.socket.bufferedAmount < 100_000) {
        client.send({ type: 'subscribe', id: 'a' });
      }
      assert.ok(server.stats().outboxBytes < 80_000, `${server.stats().outboxBytes} bytes wait`);
      return server.stats().closed.slow === 1;
    });
    client.socket.resume();

    assert.is((await client.closed).code, 1013);
  });
});

suite('a client that sends garbage', (test) => {
  const garbage: readonly (readonly [string, string | Buffer, RegExp])[] = [
    ['no JSON', '{"type":', /Expected JSON, got `\{"type":`/],
    ['an empty message', '', /Expected JSON/],
    ['a binary message', Buffer.from([0, 255, 1]), /binary/],
    ['an unknown type', '{"type":"subscrib","id":"a"}', /did you mean `subscribe`/],
    ['a wrong field', '{"type":"subscribe","id":"a","minScore":2}', /`minScore`.*from 0 to 1.*`2`/],
    ['a deep array', `${'['.repeat(30_000)}${']'.repeat(30_000)}`, /JSON/],
  ];
  for (const [title, message, expected] of garbage) {
    test(`is told so: ${title}`, async () => {
      await using server = await startServer();
      await using client = await openClient(server);

      client.send(message);

      const error = await client.next('error');
      assert.is(error.code, 'ERR_CLIENT_PROTOCOL');
      assert.match(error.message, expected);
      assert.not.match(error.message, /\n/);
      await client.subscribe();
    });
  }

  test('is closed with 1008 after ten errors', async () => {
    await using server = await startServer();
    await using client = await openClient(server);

    for (let i = 0; i < 12; i++) {
      client.send('nonsense');
    }

    assert.is((await client.closed).code, 1008);
    assert.is(client.messages.filter(({ type }) => type === 'error').length, 10);
  });

  test('is closed with 1009 at the header of 100 MB', async () => {
    await using server = await startServer();
    await using client = await openClient(server);

    client.send(Buffer.alloc(100 * 1024 * 1024));

    await until(() => server.stats().clients === 0);
    assert.is(server.stats().closed.tooLarge, 1);
  });

  test('is closed with 1007 where text is no UTF-8', async () => {
    await using server = await startServer();
    await using client = await openClient(server);

    client.socket.send(Buffer.from([0xc3, 0x28]), { binary: false });

    assert.is((await client.closed).code, 1007);
    assert.is(server.stats().closed.protocol, 1);
  });
});

suite('a client that leaves', (test) => {
  test('in the middle of a message is only counted', async () => {
    await using server = await startServer();
    const door$ = attachFeed(server, 'door');
    await using other = await openClient(server);
    await other.subscribe();
    const tcp = connectTcp(server.port, '127.0.0.1');
    tcp.write(
      'GET /v1 HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n',
    );
    await once(tcp, 'data');
    await until(() => server.stats().clients === 2);

    tcp.write(Buffer.from([0x81, 0xfe, 0x10, 0x00, 1, 2, 3, 4, 5, 6])); // 4,096 bytes to come
    tcp.resetAndDestroy();
    await until(() => server.stats().clients === 1);

    assert.is(server.stats().closed.left, 1);
    door$.next(frameOf(0));
    assert.is((await other.next('frame')).frame, 0);
  });
});
