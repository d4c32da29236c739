import { once } from 'node:events';
import { NEVER, Subject, defer } from 'rxjs';
import { WebSocket } from 'ws';
import type { DetectionServer, Picture } from '../../../server/index.ts';
import * as assert from '../../support/assert.ts';
import {
  attachFeed,
  refusalOf,
  socketUrl,
  startServer,
  until,
} from '../../support/sockets/sockets.ts';
import { suite } from '../../support/suite.ts';

const pictureOf = (frame: number, bytes = 3): Picture => ({
  frame,
  jpeg: new Uint8Array(bytes).fill(frame),
});

function attachPictures(server: DetectionServer): Subject<Picture> {
  const pictures$ = new Subject<Picture>();
  server.attach({ name: 'front door', events$: NEVER, pictures$ });
  return pictures$;
}

async function watch(server: DetectionServer): Promise<WebSocket> {
  const socket = new WebSocket(socketUrl(server, '/v1/pictures?source=front+door&token=x'));
  await once(socket, 'open');
  return socket;
}

async function nextPicture(socket: WebSocket): Promise<{ frame: number; jpeg: number[] }> {
  const [data, isBinary] = (await once(socket, 'message')) as [Buffer, boolean];
  assert.ok(isBinary);
  return { frame: data.readUInt32BE(), jpeg: [...data.subarray(4, 8)] };
}

async function codeOf(socket: WebSocket): Promise<number> {
  const [code] = (await once(socket, 'close')) as [number];
  return code;
}

suite('/v1/pictures', (test) => {
  test('sends the frame number and the JPEG', async () => {
    await using server = await startServer();
    const pictures$ = attachPictures(server);
    const socket = await watch(server);

    pictures$.next(pictureOf(7));

    assert.equal(await nextPicture(socket), { frame: 7, jpeg: [7, 7, 7] });
  });

  test('subscribes to the pictures once, and only while somebody watches', async () => {
    await using server = await startServer();
    const pictures$ = new Subject<Picture>();
    let numSubscribed = 0;
    server.attach({
      name: 'front door',
      events$: NEVER,
      pictures$: defer(() => (numSubscribed++, pictures$)),
    });
    assert.not.ok(pictures$.observed);

    const one = await watch(server);
    const other = await watch(server);
    await until(() => server.stats().clients === 2);
    assert.ok(pictures$.observed);

    one.close();
    await until(() => server.stats().clients === 1);
    assert.ok(pictures$.observed);
    other.close();
    await until(() => server.stats().clients === 0);
    assert.not.ok(pictures$.observed);
    assert.is(numSubscribed, 1);
  });

  test('sends a slow client the newest picture and drops those between', async () => {
    await using server = await startServer();
    const pictures$ = attachPictures(server);
    const socket = await watch(server);
    await until(() => pictures$.observed);
    socket.pause();

    let frame = 0;
    await until(() => {
      pictures$.next(pictureOf(++frame, 100_000));
      assert.ok(server.stats().outboxBytes <= 100_100, `${server.stats().outboxBytes} bytes wait`);
      return server.stats().coalesced >= 10;
    });
    socket.resume();

    let seen = await nextPicture(socket);

    while (seen.frame < frame) {
      seen = await nextPicture(socket);
    }
    assert.ok(server.stats().sent < frame);
  });

  test('closes who reads nothing with 1013', async () => {
    await using server = await startServer({ slowClientMs: 50 });
    const pictures$ = attachPictures(server);
    const socket = await watch(server);
    await until(() => pictures$.observed);
    socket.pause();

    let frame = 0;
    await until(() => {
      pictures$.next(pictureOf(++frame, 100_000));
      return server.stats().closed.slow === 1;
    });
    socket.resume();

    assert.is(await codeOf(socket), 1013);
    assert.not.ok(pictures$.observed);
  });

  test('closes with 1000 at the end and with 1011 at an error', async () => {
    await using server = await startServer();
    const pictures$ = attachPictures(server);
    const broken$ = new Subject<Picture>();
    server.attach({ name: 'broken', events$: NEVER, pictures$: broken$ });
    const socket = await watch(server);
    const broken = new WebSocket(socketUrl(server, '/v1/pictures?source=broken'));
    await until(() => pictures$.observed && broken$.observed);

    pictures$.complete();
    broken$.error(new Error('no encoder'));

    assert.is(await codeOf(socket), 1000);
    const [code, reason] = (await once(broken, 'close')) as [number, Buffer];
    assert.equal([code, String(reason)], [1011, 'no encoder']);
  });

  test('closes with 1000 when the source is detached', async () => {
    await using server = await startServer();
    const pictures$ = new Subject<Picture>();
    const attached = server.attach({ name: 'front door', events$: NEVER, pictures$ });
    const socket = await watch(server);
    await until(() => pictures$.observed);

    attached.unsubscribe();

    assert.is(await codeOf(socket), 1000);
  });

  test('closes who sends something with 1008', async () => {
    await using server = await startServer();
    attachPictures(server);
    const socket = await watch(server);

    socket.send('hello');

    assert.is(await codeOf(socket), 1008);
  });

  test('is 404 for an unknown source, for one without pictures, and so is another path', async () => {
    await using server = await startServer();
    attachFeed(server, 'blind');

    for (const path of ['/v1/pictures?source=x', '/v1/pictures?source=blind', '/v2', '//']) {
      assert.is((await refusalOf(socketUrl(server, '/') + path.slice(1))).status, 404, path);
    }
  });
});
