import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { NEVER } from 'rxjs';
import { createDetectionServer } from '../../server/index.ts';
import type { ServerOptions } from '../../server/index.ts';
import * as assert from '../support/assert.ts';
import {
  TestClient,
  attachFeed,
  frameOf,
  largeFrameOf,
  openClient,
  refusalOf,
  socketUrl,
  startServer,
  until,
} from '../support/sockets/sockets.ts';
import { suite } from '../support/suite.ts';

suite('createDetectionServer', (test) => {
  test('refuses unknown options and names the nearest', async () => {
    const options = { maxClient: 3 } as ServerOptions;

    await assert.rejects(createDetectionServer(options), {
      name: 'TypeError',
      message: /`maxClient`.*`maxClients`/,
    });
  });

  const wrong: readonly (readonly [ServerOptions, string, RegExp])[] = [
    [{ host: '' }, 'TypeError', /`host`/],
    [{ port: 65_536 }, 'RangeError', /`port`.*65536/],
    [{ maxClients: 0 }, 'RangeError', /`maxClients`/],
    [{ maxSubscriptions: 1.5 }, 'RangeError', /`maxSubscriptions`/],
    [{ maxMessageBytes: -1 }, 'RangeError', /`maxMessageBytes`/],
    [{ maxOutboxBytes: Infinity }, 'RangeError', /`maxOutboxBytes`/],
    [{ slowClientMs: 0 }, 'RangeError', /`slowClientMs`/],
    [{ heartbeatMs: 2 ** 31 }, 'RangeError', /`heartbeatMs`/],
    [{ maxMessagesPerSecond: 0 }, 'RangeError', /`maxMessagesPerSecond`/],
    [{ isReady: true as unknown as () => boolean }, 'TypeError', /`isReady`/],
  ];
  for (const [options, name, message] of wrong) {
    test(`refuses ${Object.keys(options).join()} out of range`, async () => {
      await assert.rejects(createDetectionServer(options), { name, message });
    });
  }

  test('says which port is in use, and leaves nothing open', async () => {
    await using server = await startServer();

    const error = await assert.rejects(startServer({ port: server.port }), {
      code: 'ERR_SERVER_LISTEN',
    });

    const expected = `Port ${server.port} of 127.0.0.1 is in use; choose another with --port`;
    assert.is(error.message, expected);
  });

  test('says that a host is not this machine', async () => {
    await assert.rejects(startServer({ host: '203.0.113.1', insecure: true }), {
      code: 'ERR_SERVER_LISTEN',
      message: /no such address.*--host/,
    });
  });

  test('honors `host`', async () => {
    await using server = await startServer({ host: '127.0.0.2' });

    assert.is(server.url, `http://127.0.0.2:${server.port}/`);
    await using client = await openClient(server);
    assert.is(client.messages.length, 1);
  });

  test('has another epoch on each run', async () => {
    await using one = await startServer();
    await using other = await startServer();

    assert.is.not(one.epoch, other.epoch);
  });

  test('honors `maxClients` with 503, and has room again when one left', async () => {
    await using server = await startServer({ maxClients: 1 });
    const first = await openClient(server);

    assert.is((await refusalOf(socketUrl(server, '/v1'))).status, 503);
    assert.is(server.stats().refused, 1);

    first.socket.close();
    await until(() => server.stats().clients === 0);
    await using second = await openClient(server);
    assert.is(second.messages.length, 1);
  });

  test('honors `maxSubscriptions` with an error', async () => {
    await using server = await startServer({ maxSubscriptions: 2 });
    await using client = await openClient(server);
    await client.subscribe({ id: 'a' });
    await client.subscribe({ id: 'b' });

    client.send({ type: 'subscribe', id: 'c' });

    const { id, message } = await client.next('error');
    assert.is(id, 'c');
    assert.match(message, 'at most 2 subscriptions');
  });

  test('honors `maxMessageBytes` with 1009', async () => {
    await using server = await startServer({ maxMessageBytes: 100 });
    await using client = await openClient(server);

    client.send('x'.repeat(101));

    assert.is((await client.closed).code, 1009);
    assert.is(server.stats().closed.tooLarge, 1);
  });

  test('honors `maxMessagesPerSecond` with 1008', async () => {
    await using server = await startServer({ maxMessagesPerSecond: 3 });
    await using client = await openClient(server);

    for (const id of ['a', 'b', 'c', 'd', 'e']) {
      client.send({ type: 'subscribe', id });
    }

    assert.is((await client.closed).code, 1008);
    assert.is(client.messages.filter(({ type }) => type === 'subscribed').length, 3);
    assert.is(server.stats().closed.protocol, 1);
  });

  test('honors `heartbeatMs`: cuts off who does not answer, keeps who does', async () => {
    await using server = await startServer({ heartbeatMs: 50 });
    await using alive = await openClient(server);
    await using dead = await openClient(server, { autoPong: false });

    assert.is((await dead.closed).code, 1006);
    await once(alive.socket, 'ping');
    await once(alive.socket, 'ping');

    assert.is(server.stats().closed.dead, 1);
    assert.is(server.stats().clients, 1);
  });

  test('honors `slowClientMs` and `maxOutboxBytes` with 1013', async () => {
    await using server = await startServer({ slowClientMs: 50, maxOutboxBytes: 20_000 });
    const door$ = attachFeed(server, 'door');
    await using client = await openClient(server);
    await client.subscribe({ policy: 'all' });
    client.socket.pause();

    let frame = 0;
    await until(() => {
      door$.next(largeFrameOf(frame++));
      return server.stats().closed.slow === 1;
    });
    client.socket.resume();

    assert.is((await client.closed).code, 1013);
  });

  test('agrees to no subprotocol that it does not know', async () => {
    await using server = await startServer();
    const socket = new TestClient(socketUrl(server, '/v1'), {
      headers: { 'Sec-WebSocket-Protocol': 'pix2seq-stream.v2' },
    });
    await once(socket.socket, 'open');

    assert.is(socket.socket.protocol, '');
    socket.socket.terminate();
  });
});

suite('close', (test) => {
  test('closes clients of both kinds with 1001 and resolves', async () => {
    const server = await startServer();
    server.attach({ name: 'door', events$: NEVER, pictures$: NEVER });
    const client = await openClient(server);
    await client.subscribe();
    await client.next('status');
    const viewer = new TestClient(socketUrl(server, '/v1/pictures?source=door'));
    await once(viewer.socket, 'open');

    await server.close();

    assert.is((await client.closed).code, 1001);
    assert.is((await viewer.closed).code, 1001);
    assert.is(client.messages.at(-1)?.type, 'status');
    assert.is(server.stats().closed.shutdown, 2);
    await server.close();
  });

  test('cuts off a client that does not answer', async () => {
    const server = await startServer();
    const client = await openClient(server);
    client.socket.pause();

    await server.close();

    assert.is(server.stats().clients, 0);
    await client[Symbol.asyncDispose]();
  });

  test('does not wait for a refused peer that keeps its half open', async () => {
    const server = await startServer();
    const tcp = connectTcp({ port: server.port, host: '127.0.0.1', allowHalfOpen: true });
    tcp.write('GET /v2 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    const [answer] = (await once(tcp, 'data')) as [Buffer];
    assert.match(String(answer), 'HTTP/1.1 404 ');

    await server.close();

    tcp.destroy();
  });

  test('unsubscribes from the feeds, and refuses further ones', async () => {
    const server = await startServer();
    const door$ = attachFeed(server, 'door');

    await server.close();

    assert.not.ok(door$.observed);
    await assert.rejects(() => attachFeed(server, 'yard'), { message: /closed/ });
  });
});

suite('stats', (test) => {
  test('counts clients, messages and endings', async () => {
    await using server = await startServer();
    const door$ = attachFeed(server, 'door');
    const client = await openClient(server);
    await client.subscribe();
    door$.next(frameOf(0));
    await client.next('frame');

    assert.is(server.stats().clients, 1);
    assert.is(server.stats().sent, client.messages.length);
    client.socket.close();
    await until(() => server.stats().clients === 0);

    assert.is(server.stats().closed.left, 1);
    assert.is(server.stats().outboxBytes, 0);
  });
});
