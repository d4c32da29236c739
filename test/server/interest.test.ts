import { createDetectionFilter } from '../../server/detectionFilter.ts';
import { Interest } from '../../server/interest.ts';
import { MessageLimit } from '../../server/messageLimit.ts';
import { PublishedFrame } from '../../server/publishedFrame.ts';
import { RateMeter } from '../../server/rateMeter.ts';
import type { Demand, FoundObject } from '../../models/index.ts';
import type { Policy } from '../../server/index.ts';
import * as assert from '../support/assert.ts';
import { detectionOf, frameOf } from '../support/sockets.ts';
import { suite } from '../support/suite.ts';

const interestOf = (policy: Policy): Interest => {
  const interest = new Interest({ type: 'subscribe', id: 'a', policy }, 'epoch');
  interest.begin('door', 0);
  return interest;
};

const objectOf = (index: number): FoundObject => ({
  type: 'object',
  source: 'door',
  frame: 0,
  index,
  detection: detectionOf(),
});

const published = (seq: number): PublishedFrame => new PublishedFrame('door', seq, frameOf(seq));

suite('Interest', (test) => {
  test('owes only the newest of several held frames, after the gap', () => {
    const interest = interestOf('latest');

    assert.not.ok(interest.hold(published(1)));
    assert.ok(interest.hold(published(2)));
    assert.ok(interest.hold(published(3)));

    const [owed] = interest.owed();
    assert.equal([owed?.gap?.from, owed?.gap?.to, owed?.frame?.seq], [1, 2, 3]);
    assert.ok(owed);
    interest.settle(owed);
    assert.equal(interest.owed(), []);
    assert.is(interest.take(published(4)).gap, undefined);
  });

  test('owes the gap alone where frames were lost', () => {
    const interest = interestOf('all');
    interest.settle(interest.take(published(1)));

    interest.lose(published(2));
    interest.lose(published(3));

    const [owed] = interest.owed('door');
    assert.equal([owed?.gap?.from, owed?.gap?.to, owed?.frame], [2, 3, undefined]);
    assert.equal(interest.owed('yard'), []);
  });

  test('announces nothing under everyMs', () => {
    const interest = interestOf({ everyMs: 10 });

    interest.hold(published(1));
    interest.hold(published(5));

    assert.is(interest.owed()[0]?.gap, undefined);
  });

  test('keeps the mean rate of everyMs through jitter, and does not catch up after a pause', () => {
    const interest = interestOf({ everyMs: 100 });
    const timesMs = [0, 40, 99, 101, 160, 199, 201, 1000, 1040, 1099, 1100];

    const due = timesMs.filter((nowMs, frame) => interest.isDue('door', frame, nowMs));

    assert.equal(due, [0, 101, 201, 1000, 1100]);
  });

  test('counts the objects of a frame anew where the source is back and its frames begin again', () => {
    const message = { type: 'subscribe', id: 'a', objects: true, limit: 1 } as const;
    const interest = new Interest(message, 'epoch');
    const takes = (index: number): boolean => interest.takesObject(objectOf(index), 0);
    interest.begin('door', 0);

    assert.equal([takes(0), takes(1)], [true, false]);
    interest.begin('door', 1);

    assert.equal([takes(0), takes(1)], [true, false]);
  });

  test('wants nothing of a source it did not begin with', () => {
    assert.not.ok(interestOf('all').isDue('yard', 0, 0));
  });
});

suite('createDetectionFilter', (test) => {
  test('gives equal filters equal keys', () => {
    const keyOf = (demand: Demand): string => createDetectionFilter(demand).key;

    assert.is(keyOf({}), keyOf({ minScore: 0, classes: undefined }));
    assert.is(keyOf({ classes: ['a', 'b'] }), keyOf({ classes: ['b', 'a', 'b'] }));
    const different = [{}, { classes: [] }, { minScore: 0.5 }, { limit: 1 }, { limit: 2 }];
    assert.is(new Set(different.map(keyOf)).size, different.length);
  });

  test('selects the first detections that pass, in their order', () => {
    const [person, dog, faint, other] = [
      detectionOf(),
      detectionOf({ label: 'dog' }),
      detectionOf({ score: 0.2 }),
      detectionOf({ trackId: 2 }),
    ];
    const all = [dog, faint, person, dog, other];

    const select = (demand: Demand): object => createDetectionFilter(demand).select(all);

    assert.equal(select({}), all);
    assert.equal(select({ classes: [] }), []);
    assert.equal(select({ limit: 2 }), [dog, faint]);
    assert.equal(select({ classes: ['person'], minScore: 0.5 }), [person, other]);
    assert.equal(select({ classes: ['person'], minScore: 0.5, limit: 1 }), [person]);
    assert.equal(select({ classes: ['person'], limit: 100 }), [faint, person, other]);
  });
});

suite('RateMeter', (test) => {
  test('measures the last events only', () => {
    const meter = new RateMeter();
    assert.is(meter.perSecond(0), undefined);
    for (let nowMs = 0; nowMs <= 8_000; nowMs += nowMs < 4_000 ? 10 : 40) {
      meter.count(nowMs);
    }

    assert.is(meter.perSecond(8_000), 25);
    assert.is(meter.perSecond(20_000), undefined);
  });
});

suite('MessageLimit', (test) => {
  test('counts anew each second', () => {
    const limit = new MessageLimit(2);

    const admitted = [0, 1, 999, 1_000, 1_001, 1_002].map((nowMs) => limit.admit(nowMs));

    assert.equal(admitted, [true, true, false, true, true, false]);
  });
});
