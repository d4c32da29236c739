/** What keeps one client from holding everybody up: slices, budgets, and messages that wait. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Budget } from '../../../server/access/budget.ts';
import { Inbox } from '../../../server/clients/inbox.ts';
import { Slices } from '../../../server/clients/slices.ts';
import type { Worker } from '../../../server/clients/slices.ts';
import * as assert from '../../support/assert.ts';
import { attachFeed, frameOf, openClient, startServer } from '../../support/sockets/sockets.ts';
import { suite } from '../../support/suite.ts';

/** Holds the thread, as a piece of work does. */
function hold(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end) {
    // at work
  }
}

/** A worker with so many pieces, each of which puts its name down and takes its time. */
function workerOf(name: string, numPieces: number, done: string[], pieceMs: number = 0): Worker {
  let left = numPieces;
  return {
    work() {
      done.push(name);
      hold(pieceMs);
      left -= 1;
      return left > 0;
    },
  };
}

suite('Slices', (test) => {
  test('do at once what there is to do', () => {
    const done: string[] = [];
    const slices = new Slices();

    slices.ask(workerOf('a', 2, done));
    slices.ask(workerOf('b', 1, done));

    assert.equal(done, ['a', 'a', 'b']);
    assert.not.ok(slices.isBehind);
  });

  test('let the event loop go on, and take one piece of each worker in turn', async () => {
    const done: string[] = [];
    const slices = new Slices();

    slices.ask(workerOf('a', 4, done, 10));
    slices.ask(workerOf('b', 2, done, 10));
    assert.equal(done, ['a']);
    assert.ok(slices.isBehind);

    const turns: number[] = [];
    while (slices.isBehind) {
      await nextTurn();
      turns.push(done.length);
    }
    assert.equal(done.slice(1), ['a', 'b', 'a', 'b', 'a']);
    assert.ok(turns.length >= 5, `${turns.length} turns`);
  });

  test('are shared by all that is asked for in one turn', async () => {
    const done: string[] = [];
    const slices = new Slices();

    for (const name of ['a', 'b', 'c']) {
      slices.ask(workerOf(name, 1, done, 10));
    }

    assert.equal(done, ['a']);
    while (slices.isBehind) {
      await nextTurn();
    }
    assert.equal(done, ['a', 'b', 'c']);
  });

  test('do the rest at once where it is the end', () => {
    const done: string[] = [];
    const slices = new Slices();
    slices.ask(workerOf('a', 2, done, 10));
    slices.ask(workerOf('b', 1, done));

    slices.finish();

    assert.equal(done, ['a', 'a', 'b']);
    assert.not.ok(slices.isBehind);
  });

  test('rest after work where they are to', async () => {
    const done: string[] = [];
    const slices = new Slices(100);

    slices.ask(workerOf('a', 2, done, 10));
    await nextTurn();
    await nextTurn();

    assert.equal(done, ['a']); // a second of rest has begun
    while (slices.isBehind) {
      await nextTurn();
    }
    assert.equal(done, ['a', 'a']);
  });
});

suite('Budget', (test) => {
  test('gives so much at once, and then so much a second', () => {
    const budget = new Budget({ atOnce: 100, perSecond: 10 });

    assert.is(budget.waitMs(0), 0);
    budget.spend(100, 0);
    assert.is(budget.waitMs(0), 100);
    assert.is(budget.waitMs(100), 0);
    budget.spend(20, 100); // what is not there has to come in
    assert.is(budget.waitMs(1_000), 1_100);
    assert.is(budget.waitMs(2_100), 0);
  });

  test('keeps no more than it gives at once', () => {
    const budget = new Budget({ atOnce: 10, perSecond: 10 });

    budget.spend(10, 1e6);

    assert.is(budget.waitMs(1e6), 100);
  });
});

suite('Inbox', (test) => {
  test('works off in order, and does not read from a client that sends faster', () => {
    const told: string[] = [];
    const socket = { pause: () => told.push('pause'), resume: () => told.push('resume') };
    const inbox = new Inbox(socket, () => undefined);

    for (let i = 0; i < 5; i++) {
      inbox.add(() => told.push(String(i)), 60_000);
    }
    while (inbox.runNext()) {
      // all of it
    }

    assert.equal(told, ['pause', '0', '1', 'resume', '2', '3', '4']);
    assert.ok(inbox.isEmpty);
  });

  test('lets go of the socket when it is cleared', () => {
    const told: string[] = [];
    const socket = { pause: () => told.push('pause'), resume: () => told.push('resume') };
    const inbox = new Inbox(socket, () => undefined);

    inbox.add(() => told.push('never'), 300_000);
    inbox.clear();
    inbox.clear();

    assert.not.ok(inbox.runNext());
    assert.equal(told, ['pause', 'resume']);
  });
});

suite('a client that asks for replays again and again', (test) => {
  test('delays no other client’s frames, and still gets what it asked for last', async () => {
    await using server = await startServer({ maxMessagesPerSecond: 1_000 });
    const door$ = attachFeed(server, 'door');
    const detections = Array.from({ length: 100 }, (_, i) => ({
      ...{ label: 'person', classId: 0, score: (i + 1) / 100, trackId: i },
      box: { xmin: 0, ymin: 0, xmax: 10, ymax: 10 },
    }));
    const numKept = 500;
    for (let frame = 0; frame < numKept; frame++) {
      door$.next(frameOf(frame, { detections }));
    }
    await using healthy = await openClient(server);
    await healthy.subscribe({ policy: 'all' });
    await using greedy = await openClient(server);

    const numAsked = 40;
    for (let i = 0; i < numAsked; i++) {
      const minScore = 0.5 + i / 1_000;
      greedy.send({ type: 'subscribe', id: 'r', policy: 'all', minScore, fromSeq: { door: 1 } });
    }
    for (let i = 0; i < numAsked; i++) {
      await greedy.next('subscribed');
    }
    door$.next(frameOf(numKept));

    // Each of the 40 replays would be 500 frames: whoever waits for the live one waits for none of them.
    assert.is((await healthy.next('frame')).frame, numKept);
    assert.ok(
      greedy.messages.filter(({ type }) => type === 'frame').length < 2 * numKept,
      'it was sent what it no longer asked for',
    );
    let next = 1;
    while (next <= numKept + 1) {
      const { seq, detections: left } = await greedy.next('frame');
      next = seq + 1;
      assert.ok(left.every(({ score }) => score >= 0.5));
    }
  });
});
