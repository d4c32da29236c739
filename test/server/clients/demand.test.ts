import { once } from 'node:events';
import { NEVER, Subject } from 'rxjs';
import { WebSocket } from 'ws';
import type { DetectionServer, Picture, SourceEvent } from '../../../server/index.ts';
import * as assert from '../../support/assert.ts';
import {
  detectionOf,
  attachFeed,
  frameOf,
  largeFrameOf,
  openClient,
  socketUrl,
  startServer,
  until,
} from '../../support/sockets/sockets.ts';
import { suite } from '../../support/suite.ts';

const NUM_MANY = 1_000;

const wants = (server: DetectionServer, source: string): readonly string[] =>
  server.demand(source).map((demand) => JSON.stringify(demand));

suite('DetectionServer.demand', (test) => {
  test('is empty until a client subscribes, and where there is no such source', async () => {
    await using server = await startServer();
    attachFeed(server, 'door');
    await using client = await openClient(server);

    assert.equal(server.demand('door'), []);
    await client.subscribe();
    assert.equal(server.demand('door'), [{}]);
    assert.equal(server.demand('cellar'), []);
  });

  test('tells what each subscription wants, over all clients, and equal wishes once', async () => {
    await using server = await startServer();
    attachFeed(server, 'door');
    await using one = await openClient(server);
    await using other = await openClient(server);

    await one.subscribe({ id: 'a', classes: ['person', 'car'], minScore: 0.4, limit: 2 });
    await one.subscribe({ id: 'b', minScore: 0, objects: true });
    await other.subscribe({ id: 'a', limit: 100 });
    await other.subscribe({ id: 'b', classes: ['car', 'person', 'car'], minScore: 0.4, limit: 2 });
    await other.subscribe({ id: 'c', policy: 'all' });

    assert.equal(server.demand('door'), [
      { classes: ['car', 'person'], minScore: 0.4, limit: 2 },
      {},
      { limit: 100 },
    ]);
  });

  test('tells of each source what is wanted of that one', async () => {
    await using server = await startServer();
    ['front_door', 'front_yard', 'back'].forEach((name) => attachFeed(server, name));
    await using client = await openClient(server);

    await client.subscribe({ id: 'front', sources: ['front_*'], limit: 1 });
    await client.subscribe({ id: 'yard', sources: ['*yard', 'b?ck'], limit: 2 });

    assert.equal(server.demand('front_door'), [{ limit: 1 }]);
    assert.equal(server.demand('front_yard'), [{ limit: 1 }, { limit: 2 }]);
    assert.equal(server.demand('back'), [{ limit: 2 }]);
  });

  test('counts a subscription for a source that is attached later, or again', async () => {
    await using server = await startServer();
    await using client = await openClient(server);
    await client.subscribe({ sources: ['front_*'], limit: 3 });

    assert.equal(server.demand('front_door'), []);
    const attached = server.attach({ name: 'front_door', events$: NEVER });
    attachFeed(server, 'back');
    assert.equal(server.demand('front_door'), [{ limit: 3 }]);
    assert.equal(server.demand('back'), []);
    attached.unsubscribe();
    assert.equal(server.demand('front_door'), []);
    attachFeed(server, 'front_door');
    assert.equal(server.demand('front_door'), [{ limit: 3 }]);
  });

  test('is there when the events of a source are subscribed to', async () => {
    await using server = await startServer();
    await using client = await openClient(server);
    await client.subscribe();
    const seen: unknown[] = [];
    const events$ = new Subject<SourceEvent>();

    server.attach({
      name: 'door',
      get events$() {
        seen.push(server.demand('door'));
        return events$;
      },
    });

    assert.equal(seen, [[{}]]);
  });

  test('changes with unsubscribing, replacing, a refused message and closing', async () => {
    await using server = await startServer();
    attachFeed(server, 'door');
    await using client = await openClient(server);
    await client.subscribe({ id: 'a', limit: 1 });
    await client.subscribe({ id: 'b', limit: 2 });
    assert.equal(server.demand('door'), [{ limit: 1 }, { limit: 2 }]);

    await client.subscribe({ id: 'a', classes: ['dog'] });
    assert.equal(server.demand('door'), [{ classes: ['dog'] }, { limit: 2 }]);
    client.send({ type: 'subscribe', id: 'a', limit: 0 });
    await client.next('error');
    assert.equal(server.demand('door'), [{ classes: ['dog'] }, { limit: 2 }]);
    client.send({ type: 'unsubscribe', id: 'a' });
    await client.next('unsubscribed');
    assert.equal(server.demand('door'), [{ limit: 2 }]);
    client.socket.close();
    await until(() => server.demand('door').length === 0);
  });

  test('ends with a client that is cut off', async () => {
    await using server = await startServer();
    attachFeed(server, 'door');
    const client = await openClient(server);
    await client.subscribe();

    client.socket.terminate();

    await until(() => server.demand('door').length === 0);
  });

  test('ends with a client that is given up as too slow, and counts it until then', async () => {
    await using server = await startServer({ maxOutboxBytes: 70_000, slowClientMs: 50 });
    const door$ = attachFeed(server, 'door');
    await using client = await openClient(server);
    await client.subscribe({ policy: 'all' });
    client.socket.pause();

    let frame = 0;
    await until(() => {
      const isGivenUp = server.stats().closed.slow === 1;
      assert.equal(server.demand('door'), isGivenUp ? [] : [{}]);
      door$.next(largeFrameOf(frame++));
      return isGivenUp;
    });
  });

  test('counts a subscription also while it is not due under everyMs', async () => {
    await using server = await startServer();
    const door$ = attachFeed(server, 'door');
    await using client = await openClient(server);
    await client.subscribe({ policy: { everyMs: 3_600_000 }, limit: 1 });

    door$.next(frameOf(0));
    await client.next('frame');

    assert.equal(server.demand('door'), [{ limit: 1 }]);
  });

  test('is everything while somebody watches the pictures', async () => {
    await using server = await startServer();
    const pictures$ = new Subject<Picture>();
    server.attach({ name: 'door', events$: NEVER, pictures$ });
    server.attach({ name: 'yard', events$: NEVER, pictures$ });
    await using client = await openClient(server);
    await client.subscribe({ limit: 1 });
    const watch = async (): Promise<WebSocket> => {
      const socket = new WebSocket(socketUrl(server, '/v1/pictures?source=door'));
      await once(socket, 'open');
      return socket;
    };

    const [first, second] = [await watch(), await watch()];
    assert.equal(wants(server, 'door'), ['{"limit":1}', '{}']);
    assert.equal(wants(server, 'yard'), ['{"limit":1}']);
    first.close();
    await until(() => server.stats().clients === 2);
    assert.equal(wants(server, 'door'), ['{"limit":1}', '{}']);
    second.terminate();
    await until(() => server.stats().clients === 1);
    assert.equal(wants(server, 'door'), ['{"limit":1}']);
    const third = await watch();
    assert.equal(wants(server, 'door'), ['{"limit":1}', '{}']);
    third.close();
  });

  test('is the same list until something changes, however many ask for it', async () => {
    const limits = { maxSubscriptions: NUM_MANY, maxMessagesPerSecond: NUM_MANY };
    await using server = await startServer(limits);
    attachFeed(server, 'door');
    await using client = await openClient(server);
    await using other = await openClient(server);
    for (let index = 0; index < NUM_MANY; index++) {
      client.send({ type: 'subscribe', id: String(index), limit: 1 + (index % 3) });
    }
    await client.settle();

    const demand = server.demand('door');
    assert.equal(demand, [{ limit: 1 }, { limit: 2 }, { limit: 3 }]);
    assert.is(server.demand('door'), demand);
    await other.subscribe({ limit: 2 });
    assert.is.not(server.demand('door'), demand);
    assert.equal(server.demand('door'), demand);
  });

  test('is empty once the server is closed', async () => {
    const server = await startServer();
    attachFeed(server, 'door');
    const client = await openClient(server);
    await client.subscribe();

    await server.close();

    assert.equal(server.demand('door'), []);
  });
});

suite('arrival', (test) => {
  test('makes a source online and tells its size, without a message but the status', async () => {
    await using server = await startServer();
    const events$ = new Subject<SourceEvent>();
    server.attach({ name: 'door', events$ });
    await using client = await openClient(server);
    await client.subscribe();
    await client.next('status');

    events$.next({ type: 'arrival', width: 640, height: 360 });
    events$.next({ type: 'arrival', width: 320, height: 180 });
    const status = await client.next('status');
    await client.settle();
    await using late = await openClient(server);

    assert.equal(status, { v: 1, type: 'status', source: 'door', state: 'online', reason: '' });
    assert.is(client.messages.at(-1), status);
    const [hello] = late.messages;
    assert.ok(hello?.type === 'hello');
    const expected = [{ name: 'door', state: 'online', width: 320, height: 180 }];
    assert.equal(hello.sources, expected);
    assert.equal(await (await fetch(`${server.url}v1/sources`)).json(), expected);
  });

  test('takes no number: the first frame that is read has seq 1', async () => {
    await using server = await startServer();
    const events$ = new Subject<SourceEvent>();
    server.attach({ name: 'door', events$ });
    await using client = await openClient(server);
    await client.subscribe();

    events$.next({ type: 'arrival', width: 640, height: 360 });
    events$.next(frameOf(7));

    assert.equal([(await client.next('frame')).seq, client.messages.length], [1, 5]);
  });

  test('brings a stalled source back online, and an ended one is ended', async () => {
    await using server = await startServer();
    const events$ = new Subject<SourceEvent>();
    server.attach({ name: 'door', events$ });
    await using client = await openClient(server);
    await client.subscribe();
    await client.next('status');

    events$.next({ type: 'status', source: 'door', state: 'stalled', reason: 'no frame for 5 s' });
    events$.next({ type: 'arrival', width: 640, height: 360 });
    events$.complete();

    for (const expected of ['stalled', 'online', 'ended']) {
      assert.is((await client.next('status')).state, expected);
    }
  });

  test('leaves a source offline at the late result of a frame', async () => {
    await using server = await startServer();
    const events$ = new Subject<SourceEvent>();
    server.attach({ name: 'door', events$ });
    await using client = await openClient(server);
    await client.subscribe();

    events$.next({ type: 'arrival', width: 640, height: 360 });
    events$.next({ type: 'status', source: 'door', state: 'offline', reason: 'cable pulled' });
    events$.next(frameOf(0));
    await client.next('frame');
    await client.settle();

    const states = client.messages.flatMap((one) => (one.type === 'status' ? [one.state] : []));
    assert.equal(states, ['connecting', 'online', 'offline']);
  });

  test('counts the objects of a frame anew when its source begins anew', async () => {
    await using server = await startServer();
    const events$ = new Subject<SourceEvent>();
    server.attach({ name: 'door', events$ });
    await using client = await openClient(server);
    await client.subscribe({ objects: true, limit: 1 });
    const found = { type: 'object', source: 'door', frame: 0, index: 0 } as const;
    const status = { type: 'status', source: 'door', reason: '' } as const;

    events$.next({ ...found, detection: detectionOf() });
    events$.next({ ...status, state: 'offline' });
    events$.next({ ...status, state: 'connecting' });
    events$.next({ ...found, detection: detectionOf() });
    await client.settle();

    assert.is(client.messages.filter(({ type }) => type === 'object').length, 2);
  });
});
