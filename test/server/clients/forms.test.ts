/** Messages as MessagePack, compressed, and cut to zones. */
import { decode } from '@msgpack/msgpack';
import { WebSocket } from 'ws';
import { MSGPACK_CODEC } from '../../../server/protocol/codec.ts';
import type { ServerMessage } from '../../../server/index.ts';
import * as assert from '../../support/assert.ts';
import {
  attachFeed,
  detectionOf,
  frameOf,
  largeFrameOf,
  openClient,
  socketUrl,
  startServer,
} from '../../support/sockets/sockets.ts';
import { suite } from '../../support/suite.ts';

suite('MessagePack', (test) => {
  test('carries the same objects', async () => {
    await using server = await startServer();
    const door$ = attachFeed(server, 'door');
    await using text = await openClient(server);
    const socket = new WebSocket(socketUrl(server, '/v1'), MSGPACK_CODEC.protocol);
    const packed: ServerMessage[] = [];
    const done = new Promise<void>((resolve) => {
      socket.on('message', (data, isBinary) => {
        assert.ok(isBinary);
        packed.push(decode(data as Buffer) as ServerMessage);
        if (packed.at(-1)?.type === 'error') {
          resolve();
        }
      });
    });
    await new Promise((resolve) => socket.once('open', resolve));
    const message = { type: 'subscribe', id: 'a', classes: ['person'], objects: true } as const;
    await text.subscribe(message);
    socket.send(MSGPACK_CODEC.encode(message));
    while (packed.length < 3) {
      await text.settle();
    }
    const found = {
      type: 'object',
      source: 'x',
      frame: 0,
      index: 0,
      detection: detectionOf(),
    } as const;
    door$.next(found);
    door$.next(frameOf(0, { detections: [detectionOf({ label: 'dog' }), detectionOf()] }));
    await text.next('frame');
    socket.send('{"type":"subscribe","id":"a"}');
    await done;
    socket.close();

    const problem = packed.pop();
    assert.equal(packed, text.messages);
    assert.match(problem?.type === 'error' ? problem.message : '', /MessagePack.* got text/);
  });
});

suite('compression', (test) => {
  test('is done for those who offer it, where the server is told to', async () => {
    for (const compress of [false, true]) {
      await using server = await startServer({ compress });
      const door$ = attachFeed(server, 'door');
      await using client = await openClient(server, { perMessageDeflate: true });
      await client.subscribe();
      door$.next(largeFrameOf(0));

      assert.is((await client.next('frame')).detections.length, 500);
      assert.is(client.socket.extensions.includes('permessage-deflate'), compress);
    }
  });
});

suite('zones', (test) => {
  const left = {
    points: [
      [0, 0],
      [0.5, 0],
      [0.5, 1],
      [0, 1],
    ],
  } as const;

  test('are told in the greeting and can be asked for', async () => {
    await using server = await startServer({ zones: { left, gate: { source: 'gate', ...left } } });
    const door$ = attachFeed(server, 'door');
    await using client = await openClient(server);
    const [hello] = client.messages;
    assert.ok(hello?.type === 'hello');
    assert.equal(
      hello.zones?.map(({ name, source }) => [name, source]),
      [
        ['left', '*'],
        ['gate', 'gate'],
      ],
    );

    client.send({ type: 'subscribe', id: 'a', zones: ['lft'] });
    assert.match((await client.next('error')).message, /got `lft`.*`left`/);
    await client.subscribe({ zones: ['left', 'gate'], limit: 1 });
    assert.equal(server.demand('door'), [{}]);
    const right = detectionOf({ box: { xmin: 400, ymin: 10, xmax: 500, ymax: 90 } });
    door$.next(frameOf(0, { detections: [right, detectionOf({ trackId: 3 })] }));

    const { detections } = await client.next('frame');
    assert.equal(
      detections.map(({ trackId }) => trackId),
      [3],
    );
  });

  test('are none where the server has none', async () => {
    await using server = await startServer();
    await using client = await openClient(server);
    client.send({ type: 'subscribe', id: 'a', zones: ['left'] });
    assert.match((await client.next('error')).message, /`left`; this server has none/);
  });
});
