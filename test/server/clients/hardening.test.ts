/** What a client with a bad or a small permission, or none, must not be able to do. */
import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { DetectionServer, Permission, ServerOptions } from '../../../server/index.ts';
import { MSGPACK_CODEC } from '../../../server/protocol/codec.ts';
import { globsMeet } from '../../../server/filters/matchesGlob.ts';
import * as assert from '../../support/assert.ts';
import {
  attachFeed,
  frameOf,
  openClient,
  refusalOf,
  socketUrl,
  startServer,
  until,
} from '../../support/sockets/sockets.ts';
import { suite } from '../../support/suite.ts';

const TOKEN = 'correct-horse-battery';
const headers = { Authorization: `Bearer ${TOKEN}` };

async function statusOf(server: DetectionServer, path: string): Promise<number> {
  return (await fetch(new URL(path, server.url), { headers })).status;
}

/** A socket that has said nothing yet. */
async function waitingSocket(server: DetectionServer): Promise<WebSocket> {
  const socket = new WebSocket(socketUrl(server, '/v1'));
  socket.on('error', () => undefined);
  await once(socket, 'open');
  return socket;
}

async function closeOf(socket: WebSocket): Promise<readonly [number, string]> {
  const [code, reason] = (await once(socket, 'close')) as [number, Buffer];
  return [code, reason.toString()];
}

suite('a function that judges tokens', (test) => {
  const answers: readonly (readonly [string, unknown])[] = [
    ['null', null],
    ['false', false],
    ['true', true],
    ['a string', 'yard'],
    ['an array', ['yard']],
    ['sources as a string', { sources: 'yard' }],
    ['sources of numbers', { sources: [1] }],
    ['manage as a string', { manage: 'no' }],
  ];
  for (const [title, answer] of answers) {
    test(`permits nothing with ${title}`, async () => {
      const verify = (): Permission => answer as Permission;
      await using server = await startServer({ auth: { verify } });
      attachFeed(server, 'yard');
      assert.is(await statusOf(server, '/metrics'), 401);
      assert.is(await statusOf(server, '/v1/sources'), 401);
      const socket = new WebSocket(socketUrl(server, '/v1'), { headers });
      socket.on('error', () => undefined);
      const [, response] = (await once(socket, 'unexpected-response')) as [
        unknown,
        { statusCode: number },
      ];
      assert.is(response.statusCode, 401);
      socket.terminate();
      const waiting = await waitingSocket(server);
      waiting.send(JSON.stringify({ type: 'auth', token: TOKEN }));
      assert.equal(await closeOf(waiting), [1008, 'The token is wrong']);
      assert.is(server.stats().authFailures, 4);
    });
  }

  test('permits nothing where it does not answer in time', async () => {
    const verify = (): Promise<Permission> => new Promise(() => undefined);
    await using server = await startServer({ auth: { verify }, handshakeMs: 30 });
    assert.is(await statusOf(server, '/v1/sources'), 401);
    const waiting = await waitingSocket(server);
    waiting.send(JSON.stringify({ type: 'auth', token: TOKEN }));
    assert.is((await closeOf(waiting))[0], 1008);
    await until(() => server.stats().clients === 0);
  });
});

suite('a token for some sources', (test) => {
  const options: ServerOptions = {
    auth: { tokens: [{ token: TOKEN, sources: ['yard*'] }] },
    zones: {
      gate: {
        source: 'yard',
        points: [
          [0, 0],
          [1, 0],
          [1, 1],
        ],
      },
      safe: {
        source: 'vault-*',
        points: [
          [0, 0],
          [1, 0],
          [1, 1],
        ],
      },
      lawn: {
        points: [
          [0, 0],
          [1, 0],
          [1, 1],
        ],
      },
    },
  };

  test('shows no zones of others, nor lets them be named', async () => {
    await using server = await startServer(options);
    attachFeed(server, 'vault-1');
    await using client = await openClient(server, { headers });
    client.send({ type: 'subscribe', id: 'a', zones: ['safe'] });
    const { message } = await client.next('error');

    assert.match(message, /`zones` of subscribe to be known, got `safe`/);
    const [hello] = client.messages;
    assert.equal(hello?.type === 'hello' ? hello.zones?.map(({ name }) => name) : [], [
      'gate',
      'lawn',
    ]);
    assert.not.match(JSON.stringify(client.messages), /vault/);
  });

  test('does not open the metrics, which tell of all', async () => {
    await using server = await startServer(options);
    attachFeed(server, 'vault-1');
    const response = await fetch(new URL('/metrics', server.url), { headers });
    assert.is(response.status, 403);
    assert.not.match(await response.text(), /vault/);
  });

  const globs: readonly (readonly [string, string, boolean])[] = [
    ['yard', 'yard', true],
    ['yard', 'door', false],
    ['yard*', 'yard', true],
    ['yard*', '*gate', true],
    ['yard*', 'vault-*', false],
    ['*a*', 'b?b', true],
    ['a*', '?', true],
    ['a?', 'a', false],
    ['', '*', true],
    ['', '?', false],
    ['**', '', true],
    ['a*b*c', 'axbxcx', false],
    ['a*b*c', 'a*x*c', true],
  ];
  for (const [first, second, expected] of globs) {
    test(`knows whether a name can fit both ${first} and ${second}`, () => {
      assert.is(globsMeet(first, second), expected);
      assert.is(globsMeet(second, first), expected);
    });
  }
});

suite('a binary message that promises more than it holds', (test) => {
  const nested = (header: readonly number[], times: number): Buffer =>
    Buffer.from(Array.from({ length: times }, () => header).flat());
  const promises: readonly (readonly [string, Buffer])[] = [
    ['arrays of 30 million', nested([0xdd, 0x01, 0xc9, 0xc3, 0x80], 12)],
    ['arrays of 65,535', nested([0xdc, 0xff, 0xff], 20_000)],
    ['maps of 30 million', nested([0xdf, 0x01, 0xc9, 0xc3, 0x80, 0xa1, 0x61], 12)],
    ['a string of 4 GB', Buffer.from([0xdb, 0xff, 0xff, 0xff, 0xff])],
    ['4 GB of bytes', Buffer.from([0xc6, 0xff, 0xff, 0xff, 0xff])],
  ];
  for (const [title, message] of promises) {
    test(`is refused before memory is reserved: ${title}`, async () => {
      const before = process.memoryUsage().rss;
      await assert.rejects(() => MSGPACK_CODEC.decode(message), {
        message: /length|exceeded|RangeError/i,
      });
      assert.ok(process.memoryUsage().rss - before < 100_000_000);

      await using server = await startServer({ auth: { tokens: [{ token: TOKEN }] } });
      const socket = new WebSocket(socketUrl(server, '/v1'), [MSGPACK_CODEC.protocol]);
      await once(socket, 'open');
      socket.send(message);
      assert.is((await closeOf(socket))[0], 1008);
      assert.ok(process.memoryUsage().rss - before < 100_000_000);
    });
  }

  test('is not even read where it is longer than any token', async () => {
    await using server = await startServer({ auth: { tokens: [{ token: TOKEN }] } });
    const socket = await waitingSocket(server);
    socket.send(`{"type":"auth","token":"${TOKEN}","more":"${'x'.repeat(20_000)}"}`);
    assert.is((await closeOf(socket))[0], 1008);
  });
});

suite('places', (test) => {
  test('are not taken by those who have yet to say their token; who waited longest goes', async () => {
    await using server = await startServer({
      ...{ auth: { tokens: [{ token: TOKEN }] }, maxClients: 1, maxClientsPerAddress: 9 },
      maxWaiting: 2,
    });
    attachFeed(server, 'yard');
    const first = await waitingSocket(server);
    const gone = closeOf(first);
    const second = await waitingSocket(server);
    const third = await waitingSocket(server);

    assert.equal(await gone, [1013, 'Too many wait for their token to be looked at']);
    await using client = await openClient(server, { headers });
    await client.subscribe();
    second.send(JSON.stringify({ type: 'auth', token: TOKEN }));
    assert.equal(await closeOf(second), [1013, 'There are 1 clients already']);
    assert.is(server.stats().closed.full, 2);
    third.terminate();
    await client.settle();
  });

  test('are left by those who are sent away and do not answer, so that the next one goes', async () => {
    await using server = await startServer({
      ...{ auth: { tokens: [{ token: TOKEN }] }, maxWaiting: 1 },
    });
    const silent = await waitingSocket(server);
    silent.pause(); // it will not hear that it is to go
    const second = await waitingSocket(server);
    const gone = closeOf(second);
    const third = await waitingSocket(server);

    assert.is((await gone)[0], 1013);
    assert.is(third.readyState, WebSocket.OPEN);
    silent.terminate();
    third.terminate();
  });

  test('of one address are limited, to half of all unless told otherwise', async () => {
    await using server = await startServer({ maxClients: 3 });
    await using first = await openClient(server);
    await using second = await openClient(server);
    assert.equal(await refusalOf(socketUrl(server, '/v1')), {
      status: 503,
      body: 'There are 2 connections of this address already',
    });
    await first[Symbol.asyncDispose]();
    await until(() => server.stats().clients === 1);
    await using third = await openClient(server);
    await Promise.all([second.settle(), third.settle()]);
    assert.is(server.stats().refused, 1);
  });

  test('count subscriptions as they come and go', async () => {
    await using server = await startServer();
    await using client = await openClient(server);
    await client.subscribe();
    await client.subscribe();
    await client.subscribe({ id: 'b' });
    assert.is(server.stats().subscriptions, 2);
    client.send({ type: 'unsubscribe', id: 'b' });
    await client.next('unsubscribed');
    assert.is(server.stats().subscriptions, 1);
    await client[Symbol.asyncDispose]();
    await until(() => server.stats().clients === 0);
    assert.is(server.stats().subscriptions, 0);
  });
});

suite('draining', (test) => {
  test('serves who is in, lets nobody in, and is over when the last has gone', async () => {
    await using server = await startServer();
    const door$ = attachFeed(server, 'door');
    await using client = await openClient(server);
    await client.subscribe();
    const drained = server.drain(600_000);

    assert.equal(await refusalOf(socketUrl(server, '/v1')), {
      status: 503,
      body: 'The server is closing',
    });
    const ready = await fetch(new URL('/readyz', server.url));
    assert.equal([ready.status, await ready.text()], [503, 'the server is closing']);
    assert.is(await statusOf(server, '/healthz'), 200);
    door$.next(frameOf(0));
    assert.is((await client.next('frame')).seq, 1);
    await client[Symbol.asyncDispose]();
    await drained;
  });

  test('is over after its time, and ends with 1001', async () => {
    const server = await startServer();
    const client = await openClient(server);
    await server.drain(20);
    await client.settle();
    const closing = server.close();
    assert.is((await client.closed).code, 1001);
    await closing;
  });

  test('takes a time that a timer can wait', async () => {
    await using server = await startServer();
    for (const limitMs of [-1, NaN, 2 ** 31]) {
      await assert.rejects(server.drain(limitMs), { name: 'RangeError', message: /`limitMs`/ });
    }
    assert.is((await openClient(server)).socket.readyState, WebSocket.OPEN, 'it goes on');
  });

  test('is over when the server closes', async () => {
    const server = await startServer();
    const client = await openClient(server);
    const drained = server.drain(600_000);
    await Promise.all([server.close(), client.closed]);
    await drained;
  });
});

suite('pages of other origins', (test) => {
  const page = { Origin: 'https://shop.example' };

  test('that are named may read with a token, and a browser is told so beforehand', async () => {
    await using server = await startServer({
      auth: { tokens: [{ token: TOKEN }] },
      origins: ['https://shop.example'],
    });
    const url = new URL('/v1/sources', server.url);
    const asked = await fetch(url, {
      method: 'OPTIONS',
      headers: { ...page, 'Access-Control-Request-Method': 'GET' },
    });
    assert.is(asked.status, 204);
    assert.is(asked.headers.get('access-control-allow-origin'), 'https://shop.example');
    assert.is(asked.headers.get('access-control-allow-headers'), 'Authorization');
    assert.is(asked.headers.get('access-control-allow-methods'), 'GET,HEAD');
    const read = await fetch(url, { headers: { ...page, ...headers } });
    assert.is(read.headers.get('access-control-allow-origin'), 'https://shop.example');
    assert.equal(await read.json(), []);
    const other = await fetch(url, {
      method: 'OPTIONS',
      headers: { Origin: 'https://evil.example', 'Access-Control-Request-Method': 'GET' },
    });
    assert.is(other.headers.get('access-control-allow-origin'), null);
  });

  for (const origins of [
    'https://shop.example',
    ['shop.example'],
    ['https://shop.example/'],
    [1],
  ]) {
    test(`are refused where they are no list of origins: ${JSON.stringify(origins)}`, async () => {
      await assert.rejects(startServer({ origins: origins as string[] }), {
        name: 'TypeError',
        message: /^Expected .*`origins` to be /,
      });
    });
  }
});
