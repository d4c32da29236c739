/** What many connections and requests at once must not do to others. */
import { once } from 'node:events';
import { Server } from 'node:http';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import type { Permission } from '../../../server/index.ts';
import { limitConnections } from '../../../server/http/httpServer.ts';
import { Places } from '../../../server/access/connectionLimits.ts';
import type { Place } from '../../../server/access/connectionLimits.ts';
import { RequestBudgets } from '../../../server/http/requestBudget.ts';
import * as assert from '../../support/assert.ts';
import {
  attachFeed,
  openClient,
  socketUrl,
  startServer,
  until,
} from '../../support/sockets/sockets.ts';
import { suite } from '../../support/suite.ts';

const TOKEN = 'correct-horse-battery';
const headers = { Authorization: `Bearer ${TOKEN}` };

suite('Places', (test) => {
  const limits = { maxClients: 4, maxClientsPerAddress: 2, maxWaiting: 3 };
  /** A place that puts down what it is told. */
  const placeOf = (name: string, address: string, told: string[]): Place => ({
    ...{ address, state: 'waiting' },
    turnAway: () => told.push(`${name} turned away`),
    cutOff: () => told.push(`${name} cut off`),
  });

  test('send away who waits longest of the address with the most', () => {
    const told: string[] = [];
    const places = new Places(limits);

    for (const [name, address] of ['a1', 'b1', 'b2', 'a2'].map((one) => [one, one[0] ?? ''])) {
      places.take(placeOf(name ?? '', address ?? '', told));
    }

    assert.equal(told, ['b1 turned away']);
  });

  test('cut off those who take their time over leaving, where they are many', () => {
    const told: string[] = [];
    const places = new Places(limits);

    for (const name of ['a', 'b', 'c', 'd', 'e']) {
      const place = placeOf(name, 'x', told);
      places.take(place);
      places.dismiss(place);
    }

    assert.equal(told, ['a cut off', 'b cut off']);
  });

  test('count who has a token apart from who has none', () => {
    const places = new Places(limits);
    const told: string[] = [];
    for (let i = 0; i < 3; i++) {
      places.take(placeOf(String(i), 'x', told));
    }

    assert.is(places.refusal('x'), undefined);
    for (const address of ['x', 'x', 'y', 'z']) {
      const place = placeOf('', address, told);
      places.take(place);
      assert.is(places.admit(place), undefined);
    }
    assert.is(places.refusal('z'), 'There are 4 clients already');
  });
});

suite('clients without a token', (test) => {
  test('that never answer keep out nobody who has one, at the same address', async () => {
    await using server = await startServer({
      ...{ auth: { tokens: [{ token: TOKEN }] }, maxClientsPerAddress: 2, maxWaiting: 2 },
    });
    const silent: Socket[] = [];
    for (let i = 0; i < 20; i++) {
      const socket = connect(server.port, '127.0.0.1').on('error', () => undefined);
      socket.write(
        'GET /v1 HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
          'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n',
      );
      await once(socket, 'data');
      socket.pause();
      silent.push(socket);
    }

    await using header = await openClient(server, { headers });
    const socket = new WebSocket(socketUrl(server, '/v1'));
    await once(socket, 'open');
    socket.send(JSON.stringify({ type: 'auth', token: TOKEN }));
    const [hello] = (await once(socket, 'message')) as [Buffer];

    assert.match(hello.toString(), /"hello"/);
    await header.settle();
    // two wait, two are on their way out, and two are in
    await until(() => server.stats().clients <= 6);
    socket.terminate();
    silent.forEach((one) => one.destroy());
  });

  test('do not spoil the name of their address for who was right before', async () => {
    const verify = (token: string): Permission | undefined => (token === TOKEN ? {} : undefined);
    await using server = await startServer({ auth: { verify } });
    const status = async (token: string): Promise<number> => {
      const url = new URL('/v1/sources', server.url);
      return (await fetch(url, { headers: { Authorization: `Bearer ${token}` } })).status;
    };
    assert.is(await status(TOKEN), 200);

    const wrong: number[] = [];
    for (let i = 0; i < 22; i++) {
      wrong.push(await status(`wrong-token-number-${i}`));
    }

    assert.equal(wrong.slice(18), [401, 429, 429, 429]);
    assert.is(await status(TOKEN), 200);
    assert.is(await status('wrong-token-at-last'), 429);
  });
});

suite('connections for HTTP', (test) => {
  test('give way to newer ones where they do nothing, and are not counted once they are WebSockets', async () => {
    const http = new Server((_request, response) => response.end('ok')).listen(0, '127.0.0.1');
    limitConnections(http, 2);
    http.on('upgrade', (_request, socket) => {
      socket.resume().on('end', () => socket.destroy());
      socket.write('HTTP/1.1 101 Switching\r\n\r\n');
    });
    await once(http, 'listening');
    const address = http.address();
    assert.ok(typeof address === 'object' && address !== null);
    const open = async (): Promise<Socket> => {
      const socket = connect(address.port, '127.0.0.1').on('error', () => undefined);
      await Promise.all([once(socket, 'connect'), once(http, 'connection')]);
      socket.resume(); // or it would not hear its end
      return socket;
    };

    const upgraded = await open();
    upgraded.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: any\r\n\r\n');
    await once(upgraded, 'data');
    const idle = await open();
    const busy = await open();
    const gone = once(idle, 'close');
    const answered = once(busy, 'data');
    busy.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await answered;
    const newest = await open();
    await gone;

    const again = once(busy, 'data');
    busy.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await again;
    assert.not.ok(upgraded.destroyed || newest.destroyed);
    [upgraded, busy, newest].forEach((socket) => socket.destroy());
    await new Promise((resolve) => http.close(resolve));
  });
});

suite('requests over HTTP', (test) => {
  test('count by what they cost, for each token and address by itself', () => {
    const budgets = new RequestBudgets();
    const askUntilRefused = (path: string, asker: string): number => {
      let count = 0;
      while (count < 1_000 && budgets.ask(asker, path, 0) === 0) {
        count += 1;
      }
      return count;
    };

    assert.is(askUntilRefused('/metrics', 'a'), 10);
    assert.is(askUntilRefused('/v1/sources', 'b'), 500);
    assert.is(askUntilRefused('/v1/sources/yard/attention', 'c'), 20);
    assert.is(budgets.ask('a', '/v1/sources', 0), 20);
    assert.is(budgets.ask('a', '/v1/sources', 1_000), 0);
    for (let i = 0; i < 2_000; i++) {
      budgets.ask(`asker ${i}`, '/', 0);
    }
    assert.is(budgets.ask('b', '/', 0), 0); // forgotten, as so many came
  });

  test('are 429 beyond that, but for probes and the viewer', async () => {
    await using server = await startServer();
    attachFeed(server, 'door');
    const status = async (path: string): Promise<number> => {
      const response = await fetch(new URL(path, server.url));
      await response.arrayBuffer();
      return response.status;
    };

    const seen = new Set<number>();
    while (!seen.has(429)) {
      (await Promise.all(Array.from({ length: 20 }, () => status('/metrics')))).forEach((one) =>
        seen.add(one),
      );
    }

    assert.equal([...seen], [200, 429]);
    assert.is(await status('/healthz'), 200);
    assert.is(await status('/'), 200);
  });
});
