import { of } from 'rxjs';
import type { FoundObject } from '../../../models/index.ts';
import * as assert from '../../support/assert.ts';
import {
  attachFeed,
  detectionOf,
  frameOf,
  openClient,
  startServer,
  until,
} from '../../support/sockets/sockets.ts';
import { suite } from '../../support/suite.ts';

const objectOf = (frame: number, fields: Partial<FoundObject> = {}): FoundObject => ({
  type: 'object',
  source: 'any',
  frame,
  index: 0,
  detection: detectionOf(),
  ...fields,
});

suite('hello', (test) => {
  test('names version, epoch and the sources with state, size and rate', async () => {
    await using server = await startServer();
    const door$ = attachFeed(server, 'door');
    attachFeed(server, 'yard');
    door$.next(frameOf(0));
    const beganMs = performance.now();
    await until(() => performance.now() > beganMs + 5); // a rate needs time to pass
    door$.next(frameOf(1));

    await using client = await openClient(server);

    const [hello] = client.messages;
    assert.ok(hello?.type === 'hello');
    assert.match(hello.version, /^\d+\.\d+\.\d+/);
    assert.is(hello.epoch, server.epoch);
    const [door, yard] = hello.sources;
    assert.equal(
      { ...door, rate: 0 },
      { name: 'door', state: 'online', width: 640, height: 360, rate: 0 },
    );
    assert.ok((door?.rate ?? 0) > 1 && (door?.rate ?? 0) <= 201, `rate ${door?.rate}`);
    assert.equal(yard, { name: 'yard', state: 'connecting' });
  });

  test('is all that a client gets before it subscribes', async () => {
    await using server = await startServer();
    const door$ = attachFeed(server, 'door');
    await using client = await openClient(server);

    door$.next(frameOf(0));
    door$.complete();
    await client.settle();

    assert.is(client.messages.length, 1);
  });
});

suite('subscribe', (test) => {
  test('delivers frames numbered without holes, under the name of the feed', async () => {
    await using server = await startServer();
    const door$ = attachFeed(server, 'door');
    await using client = await openClient(server);
    await client.subscribe({ id: 'mine' });

    for (const frame of [0, 3, 4]) {
      door$.next(frameOf(frame, { skipped: { busy: 2 }, file: 'a.jpg' }));
    }

    for (const [seq, frame] of [
      [1, 0],
      [2, 3],
      [3, 4],
    ] as const) {
      const expected = { ...frameOf(frame), skipped: { busy: 2 }, file: 'a.jpg' };
      assert.equal(await client.next('frame'), {
        v: 1,
        id: 'mine',
        ...expected,
        source: 'door',
        seq,
      });
    }
  });

  test('selects sources by glob', async () => {
    await using server = await startServer();
    const feeds = ['front_door', 'front_yard', 'back'].map((name) => attachFeed(server, name));
    await using client = await openClient(server);
    await client.subscribe({ sources: ['front_*', 'nothing'] });

    feeds.forEach((feed$) => feed$.next(frameOf(0)));
    await client.settle();

    const seen = client.messages.flatMap((one) => (one.type === 'frame' ? [one.source] : []));
    assert.equal(seen, ['front_door', 'front_yard']);
  });

  test('keeps only the classes and scores asked for, and frames that are left without any', async () => {
    await using server = await startServer();
    const door$ = attachFeed(server, 'door');
    await using client = await openClient(server);
    await client.subscribe({ classes: ['person', 'car'], minScore: 0.5 });
    const person = detectionOf({ score: 0.5, trackId: 7, reused: true });
    const dog = detectionOf({ label: 'dog' });
    const faint = detectionOf({ score: 0.49 });

    door$.next(frameOf(0, { detections: [faint, person, dog] }));
    door$.next(frameOf(1, { detections: [dog] }));

    assert.equal((await client.next('frame')).detections, [person]);
    assert.equal((await client.next('frame')).detections, []);
  });

  test('sends no more than the first `limit` detections that pass, to each its own', async () => {
    await using server = await startServer();
    const door$ = attachFeed(server, 'door');
    await using client = await openClient(server);
    const persons = [1, 2, 3].map((trackId) => detectionOf({ trackId }));
    const dog = detectionOf({ label: 'dog' });
    const wishes = [
      { id: 'one', classes: ['person'], limit: 1 },
      { id: 'two', classes: ['person'], limit: 2 },
      { id: 'any', limit: 1 },
      { id: 'same', classes: ['person'], limit: 1 },
      { id: 'all' },
    ];
    for (const wish of wishes) {
      await client.subscribe(wish);
    }

    door$.next(frameOf(0, { detections: [dog, ...persons] }));

    for (const expected of [
      persons.slice(0, 1),
      persons.slice(0, 2),
      [dog],
      persons.slice(0, 1),
      [dog, ...persons],
    ]) {
      assert.equal((await client.next('frame')).detections, expected);
    }
  });

  test('sends a frame once for each subscription that matches it', async () => {
    await using server = await startServer();
    const door$ = attachFeed(server, 'door');
    await using client = await openClient(server);
    await client.subscribe({ id: 'a' });
    await client.subscribe({ id: 'b', minScore: 0.95 });

    door$.next(frameOf(0));

    const first = await client.next('frame');
    const second = await client.next('frame');
    assert.equal([first.id, first.seq, first.detections.length], ['a', 1, 1]);
    assert.equal([second.id, second.seq, second.detections.length], ['b', 1, 0]);
  });

  test('sends partial objects where asked to, filtered', async () => {
    await using server = await startServer();
    const door$ = attachFeed(server, 'door');
    await using client = await openClient(server);
    await client.subscribe({ id: 'without' });
    await client.subscribe({ id: 'with', objects: true, classes: ['person'] });

    door$.next(objectOf(0));
    door$.next(objectOf(0, { index: 1, detection: detectionOf({ label: 'dog' }) }));
    door$.next(frameOf(0));
    await client.settle();

    const objects = client.messages.filter(({ type }) => type === 'object');
    assert.equal(objects, [{ v: 1, id: 'with', ...objectOf(0), source: 'door' }]);
  });

  test('sends no more than `limit` partial objects of a frame, those that the frame repeats', async () => {
    await using server = await startServer();
    const door$ = attachFeed(server, 'door');
    await using client = await openClient(server);
    await client.subscribe({ objects: true, classes: ['person'], limit: 2, policy: 'all' });
    const detections = ['dog', 'person', 'person', 'dog', 'person'].map((label, trackId) =>
      detectionOf({ label, trackId }),
    );

    for (const frame of [0, 1]) {
      detections.forEach((detection, index) => door$.next(objectOf(frame, { index, detection })));
      door$.next(frameOf(frame, { detections }));
    }

    for (const frame of [0, 1]) {
      const objects = [await client.next('object'), await client.next('object')];
      const whole = await client.next('object', 'frame');
      assert.equal(
        objects.map(({ index, detection }) => [index, detection.trackId]),
        [
          [1, 1],
          [2, 2],
        ],
      );
      assert.ok(whole.type === 'frame');
      assert.is(whole.frame, frame);
      assert.equal(
        whole.detections,
        objects.map(({ detection }) => detection),
      );
    }
  });

  test('thins by everyMs without a gap, objects along with their frames', async () => {
    await using server = await startServer();
    const door$ = attachFeed(server, 'door');
    await using client = await openClient(server);
    await client.subscribe({ policy: { everyMs: 3_600_000 }, objects: true });

    for (const frame of [0, 1, 2]) {
      door$.next(objectOf(frame));
      door$.next(frameOf(frame));
    }
    await client.settle();

    const [first, ...others] = client.messages.filter((one) => 'frame' in one);
    assert.equal([first?.type, others.map(({ type }) => type)], ['object', ['frame']]);
  });

  test('replaces the subscription of an id in use', async () => {
    await using server = await startServer({ maxSubscriptions: 1 });
    const door$ = attachFeed(server, 'door');
    await using client = await openClient(server);
    await client.subscribe({ minScore: 0.95 });
    await client.subscribe({ minScore: 0.1 });

    door$.next(frameOf(0));
    await client.settle();

    const frames = client.messages.flatMap((one) => (one.type === 'frame' ? [one] : []));
    assert.equal(
      frames.map(({ detections }) => detections.length),
      [1],
    );
  });
});

suite('unsubscribe', (test) => {
  test('ends the frames and is answered', async () => {
    await using server = await startServer();
    const door$ = attachFeed(server, 'door');
    await using client = await openClient(server);
    await client.subscribe();

    client.send({ type: 'unsubscribe', id: 'a' });
    assert.equal(await client.next('unsubscribed'), { v: 1, type: 'unsubscribed', id: 'a' });
    door$.next(frameOf(0));
    await client.settle();

    assert.not.ok(client.messages.some(({ type }) => type === 'frame'));
  });

  test('of an unknown id is an error that carries the id', async () => {
    await using server = await startServer();
    await using client = await openClient(server);

    client.send({ type: 'unsubscribe', id: 'nobody' });

    const { code, id, message } = await client.next('error');
    assert.equal([code, id], ['ERR_CLIENT_PROTOCOL', 'nobody']);
    assert.match(message, '`nobody`');
  });
});

suite('status', (test) => {
  test('tells a late subscriber that a source has ended', async () => {
    await using server = await startServer();
    server.attach({ name: 'clip', events$: of(frameOf(0)) });
    await using client = await openClient(server);

    await client.subscribe();

    const status = await client.next('status');
    assert.equal(status, { v: 1, type: 'status', source: 'clip', state: 'ended', reason: '' });
  });

  test('tells of a source attached later, to whom it matches', async () => {
    await using server = await startServer();
    await using client = await openClient(server);
    await client.subscribe({ sources: ['new_?'] });

    attachFeed(server, 'other');
    const new$ = attachFeed(server, 'new_1');
    new$.next(frameOf(0));

    assert.equal(await client.next('status'), {
      v: 1,
      type: 'status',
      source: 'new_1',
      state: 'connecting',
      reason: '',
    });
    assert.is((await client.next('status')).state, 'online');
    assert.is((await client.next('frame')).source, 'new_1');
  });

  test('passes on what the feed says, turns its error into offline and leaves the others alone', async () => {
    await using server = await startServer();
    const door$ = attachFeed(server, 'door');
    const yard$ = attachFeed(server, 'yard');
    await using client = await openClient(server);
    await client.subscribe();
    await client.settle();
    const seen = client.messages.length;

    door$.next({ type: 'status', source: 'door', state: 'stalled', reason: 'no frame for 5 s' });
    door$.error(new Error('cable pulled'));
    yard$.next(frameOf(0));
    await client.next('frame');

    const news = client.messages.slice(seen).map((one) => (one.type === 'status' ? one : one.type));
    const common = { v: 1, type: 'status', source: 'door' };
    assert.equal(news, [
      { ...common, state: 'stalled', reason: 'no frame for 5 s' },
      { ...common, state: 'offline', reason: 'cable pulled' },
      { ...common, source: 'yard', state: 'online', reason: '' },
      'frame',
    ]);
  });

  test('makes an event that cannot be published an error of its source', async () => {
    await using server = await startServer();
    const door$ = attachFeed(server, 'door');
    await using client = await openClient(server);
    await client.subscribe();
    await client.next('status');

    door$.next({ ...frameOf(0), detections: undefined as unknown as [] });

    assert.is((await client.next('status')).state, 'offline');
  });

  test('is ended when a source is detached; its name is free again and its numbers go on', async () => {
    await using server = await startServer();
    const attached = server.attach({ name: 'door', events$: of(frameOf(0)) });
    await using client = await openClient(server);
    await client.subscribe();
    await assert.rejects(() => attachFeed(server, 'door'), { name: 'RangeError', message: /door/ });

    attached.unsubscribe();
    attachFeed(server, 'door').next(frameOf(1));

    assert.is((await client.next('frame')).seq, 2);
  });
});
