import { once } from 'node:events';
import { firstValueFrom, take, toArray } from 'rxjs';
import { WebSocket, WebSocketServer } from 'ws';
import type { AddressInfo } from 'node:net';
import { connect } from '../../server/client/index.ts';
import * as assert from '../support/assert.ts';
import {
  attachFeed,
  detectionOf,
  frameOf,
  socketUrl,
  startServer,
  until,
} from '../support/sockets.ts';
import { suite } from '../support/suite.ts';

suite('connect', (test) => {
  test('greets, delivers frames of a cold subscription and unsubscribes on teardown', async () => {
    await using server = await startServer();
    const door$ = attachFeed(server, 'door');
    const client = connect(socketUrl(server, '/v1'), { WebSocket });
    assert.is((await client.hello).epoch, server.epoch);
    const seen: string[] = [];
    client.messages$.subscribe(({ type }) => seen.push(type));

    const frames = client.frames({ minScore: 0.95, policy: 'all' }).pipe(take(2), toArray());
    const both = firstValueFrom(frames);
    await firstValueFrom(client.messages$);
    door$.next(frameOf(0));
    door$.next(frameOf(1));

    const found = (await both).map(({ frame, detections }) => [frame, detections.length]);
    assert.equal(found, [
      [0, 0],
      [1, 0],
    ]);
    await until(() => seen.includes('unsubscribed'));
    client.close();
  });

  test('keeps the subscriptions of one connection apart', async () => {
    await using server = await startServer();
    const [door$, yard$] = ['door', 'yard'].map((name) => attachFeed(server, name));
    const client = connect(server.url, { WebSocket });

    const door = firstValueFrom(client.frames({ sources: ['door'] }));
    const yard = firstValueFrom(client.frames({ sources: ['yard'] }));
    await firstValueFrom(client.messages$.pipe(take(5), toArray())); // hello, twice subscribed and status
    yard$?.next(frameOf(1));
    door$?.next(frameOf(2));

    assert.equal([(await door).frame, (await yard).frame], [2, 1]);
    client.close();
  });

  test('passes what is wanted on to the server, as long as somebody takes the frames', async () => {
    await using server = await startServer();
    const door$ = attachFeed(server, 'door');
    const client = connect(server.url, { WebSocket });

    const frame = firstValueFrom(client.frames({ classes: ['person'], minScore: 0.4, limit: 1 }));
    await until(() => server.demand('door').length > 0);
    assert.equal(server.demand('door'), [{ classes: ['person'], minScore: 0.4, limit: 1 }]);
    door$.next(frameOf(0, { detections: [detectionOf(), detectionOf()] }));

    assert.equal((await frame).detections, [detectionOf()]);
    await until(() => server.demand('door').length === 0);
    client.close();
  });

  test('fails the frames where the server refuses the subscription', async () => {
    await using server = await startServer();
    const client = connect(server.url, { WebSocket });

    const refused = firstValueFrom(client.frames({ minScore: 7 }));

    await assert.rejects(refused, { code: 'ERR_CLIENT_PROTOCOL', message: /`minScore`/ });
    client.close();
  });

  test('completes everything on a normal close, by either side', async () => {
    const server = await startServer();
    const one = connect(server.url, { WebSocket });
    const other = connect(server.url, { WebSocket });
    await Promise.all([one.hello, other.hello]);
    const ends = [one.messages$, one.frames(), other.frames()].map((messages$) =>
      firstValueFrom(messages$.pipe(toArray())),
    );

    one.close();
    await Promise.all(ends.slice(0, 2));
    await server.close();

    await ends[2];
  });

  test('fails everything where the connection is lost', async () => {
    const lost = await lostConnection((socket) => socket.terminate());

    await assert.rejects(lost.hello, { code: 'ERR_CLIENT_PROTOCOL', message: /1006/ });
    await assert.rejects(firstValueFrom(lost.messages$), { code: 'ERR_CLIENT_PROTOCOL' });
    await assert.rejects(firstValueFrom(lost.frames()), { code: 'ERR_CLIENT_PROTOCOL' });
  });

  test('says that it was too slow', async () => {
    const lost = await lostConnection((socket) => socket.close(1013, 'Too slow'));

    await assert.rejects(lost.hello, { code: 'ERR_CLIENT_SLOW', message: /1013: Too slow/ });
  });

  test('fails where the peer speaks something else', async () => {
    const lost = await lostConnection((socket) => socket.send('{"v":2}'));

    await assert.rejects(lost.hello, { message: /does not speak protocol v1/ });
  });

  test('fails where nobody listens', async () => {
    const server = await startServer();
    await server.close();

    await assert.rejects(connect(server.url, { WebSocket }).hello, { code: 'ERR_CLIENT_PROTOCOL' });
  });

  test('asks for a WebSocket where there is none', async () => {
    if (Reflect.has(globalThis, 'WebSocket')) {
      return; // Node 22 has one
    }
    await assert.rejects(() => connect('ws://localhost'), { name: 'TypeError', message: /ws/ });
  });
});

/** Connects to a server that treats its only client as told, and closes. */
async function lostConnection(
  treat: (socket: WebSocket) => void,
): Promise<ReturnType<typeof connect>> {
  const peer = new WebSocketServer({ port: 0 });
  await once(peer, 'listening');
  peer.on('connection', (socket) => {
    treat(socket);
    peer.close();
  });
  const { port } = peer.address() as AddressInfo;
  return connect(`ws://127.0.0.1:${port}`, { WebSocket });
}
