import { createDetectionFilter } from '../../../server/filters/detectionFilter.ts';
import type { FilterOptions } from '../../../server/filters/detectionFilter.ts';
import { resolveZones } from '../../../server/filters/zones.ts';
import type { ZoneOptions } from '../../../server/filters/zones.ts';
import { Interest } from '../../../server/clients/subscription.ts';
import { MessageLimit } from '../../../server/clients/messageLimit.ts';
import { PublishedFrame } from '../../../server/hub/publishedFrame.ts';
import { RateMeter } from '../../../server/hub/rateMeter.ts';
import type { Demand, FoundObject } from '../../../models/index.ts';
import { JSON_CODEC } from '../../../server/protocol/codec.ts';
import type { Policy, SubscribeMessage } from '../../../server/index.ts';
import * as assert from '../../support/assert.ts';
import { detectionOf, frameOf } from '../../support/sockets/sockets.ts';
import { suite } from '../../support/suite.ts';

const SIZE = { width: 100, height: 100 };
const NOTHING = { oldestSeq: 1, lastSeq: 0 };

function createInterest(message: Partial<SubscribeMessage>): Interest {
  const filter = createDetectionFilter(message as Demand);
  const all: SubscribeMessage = { type: 'subscribe', id: 'a', ...message };
  return new Interest(all, { epoch: 'epoch', filter, codec: JSON_CODEC });
}

const interestOf = (policy: Policy): Interest => {
  const interest = createInterest({ policy });
  interest.begin('door', NOTHING);
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

    const owed = interest.owed('door');
    assert.equal([owed?.gap?.from, owed?.gap?.to, owed?.frame?.seq], [1, 2, 3]);
    assert.ok(owed);
    interest.settle(owed);
    assert.is(interest.owed('door'), undefined);
    assert.is(interest.take('door', published(4)).gap, undefined);
  });

  test('owes the gap alone where frames were lost', () => {
    const interest = interestOf('all');
    interest.settle(interest.take('door', published(1)));

    interest.lose('door', 3);

    const owed = interest.owed('door');
    assert.equal([owed?.gap?.from, owed?.gap?.to, owed?.frame], [2, 3, undefined]);
    assert.is(interest.owed('yard'), undefined);
  });

  const there = { oldestSeq: 11, lastSeq: 20 };
  const begun: readonly (readonly [string, Partial<SubscribeMessage>, number, unknown])[] = [
    ['with what comes next', {}, 21, undefined],
    ['with the newest', { snapshot: true }, 20, undefined],
    ['where it was', { fromSeq: { door: 15 } }, 15, undefined],
    ['where it was, with nothing missed', { fromSeq: { door: 21 } }, 21, undefined],
    ['with the oldest there is', { fromSeq: { door: 5 } }, 11, [5, 10, 'evicted']],
    ['with the first', { fromSeq: { door: 0 } }, 11, [1, 10, 'evicted']],
    ['anew where the server did', { fromSeq: { door: 15 }, epoch: 'x' }, 11, [1, 10, 'restart']],
    ['anew after a number of the future', { fromSeq: { door: 22 } }, 11, [1, 10, 'restart']],
    [
      'with what comes next, thinned by time',
      { fromSeq: { door: 15 }, policy: { everyMs: 9 } },
      21,
      [15, 20, 'evicted'],
    ],
  ];
  for (const [title, message, wanted, gap] of begun) {
    test(`begins ${title}`, () => {
      const interest = createInterest(message);
      const told = interest.begin('door', there);

      assert.is(interest.wanted('door'), wanted);
      assert.equal(told && [told.from, told.to, told.cause], gap);
    });
  }

  test('wants no more than its window until it has acknowledged', () => {
    const interest = createInterest({ policy: 'all', window: 2 });
    interest.begin('door', NOTHING);
    const send = (seq: number): void => interest.settle(interest.take('door', published(seq)));
    send(1);
    assert.is(interest.wanted('door'), 2);
    send(2);
    assert.is(interest.wanted('door'), undefined);

    assert.match(interest.acknowledge('door', 3) ?? '', /at most 2, the last one sent/);
    assert.match(interest.acknowledge('yard', 1) ?? '', /at most 0/);
    assert.is(interest.wanted('door'), undefined);
    assert.is(interest.acknowledge('door', 1), undefined);
    assert.is(interest.wanted('door'), 3);
    send(3);
    assert.is(interest.acknowledge('door', 3), undefined);
    assert.is(interest.acknowledge('door', 1), undefined); // late, and nothing new
    interest.lose('door', 90); // frames that it never gets do not fill its window
    interest.settle(interest.take('door', published(91)));
    assert.is(interest.wanted('door'), 92);
  });

  test('announces nothing under everyMs', () => {
    const interest = interestOf({ everyMs: 10 });

    interest.hold(published(1));
    interest.hold(published(5));

    assert.is(interest.owed('door')?.gap, undefined);
  });

  test('keeps the mean rate of everyMs through jitter, and does not catch up after a pause', () => {
    const interest = interestOf({ everyMs: 100 });
    const timesMs = [0, 40, 99, 101, 160, 199, 201, 1000, 1040, 1099, 1100];

    const due = timesMs.filter((nowMs, frame) => interest.isDue('door', frame, nowMs));

    assert.equal(due, [0, 101, 201, 1000, 1100]);
  });

  test('counts the objects of a frame anew where the source is back and its frames begin again', () => {
    const message = { type: 'subscribe', id: 'a', objects: true, limit: 1 } as const;
    const interest = createInterest(message);
    const takes = (index: number): boolean => interest.takesObject(objectOf(index), SIZE, 0);
    interest.begin('door', NOTHING);

    assert.equal([takes(0), takes(1)], [true, false]);
    interest.begin('door', { oldestSeq: 1, lastSeq: 1 });

    assert.equal([takes(0), takes(1)], [true, false]);
  });

  test('begins anew with a source that was forgotten', () => {
    const interest = interestOf('all');
    interest.settle(interest.take('door', published(1)));
    interest.due.add('door');
    interest.forget('door');
    assert.equal([interest.sources, [...interest.due]], [[], []]);

    assert.is(interest.begin('door', { oldestSeq: 8, lastSeq: 7 }), undefined);
    assert.is(interest.wanted('door'), 8);
  });

  test('wants nothing of a source it did not begin with', () => {
    assert.not.ok(interestOf('all').isDue('yard', 0, 0));
  });
});

suite('createDetectionFilter', (test) => {
  test('has a short key, whatever it names, that is another for another filter', () => {
    const keyOf = (from: number): string =>
      createDetectionFilter({ classes: Array.from({ length: 256 }, (_, i) => `label ${from + i}`) })
        .key;

    assert.is(keyOf(1), keyOf(1));
    assert.is.not(keyOf(1), keyOf(2));
    assert.ok(keyOf(1).length < 100);
    assert.ok(createDetectionFilter().passesAll);
    assert.not.ok(createDetectionFilter({ limit: 1 }).passesAll);
  });

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

    const select = (demand: Demand): object =>
      createDetectionFilter(demand).select('door', all, SIZE);

    assert.equal(select({}), all);
    assert.equal(select({ classes: [] }), []);
    assert.equal(select({ limit: 2 }), [dog, faint]);
    assert.equal(select({ classes: ['person'], minScore: 0.5 }), [person, other]);
    assert.equal(select({ classes: ['person'], minScore: 0.5, limit: 1 }), [person]);
    assert.equal(select({ classes: ['person'], limit: 100 }), [faint, person, other]);
  });
});

suite('zones and tracks', (test) => {
  const corner = {
    points: [
      [0, 0],
      [0.5, 0],
      [0.5, 0.5],
      [0, 0.5],
    ],
  } as const;
  const zones = resolveZones({ corner, gate: { source: 'gate_*', ...corner } });
  const [inside, outside] = [
    detectionOf({ trackId: 1, box: { xmin: 20, ymin: 10, xmax: 40, ymax: 40 } }),
    detectionOf({ trackId: 2, box: { xmin: 20, ymin: 10, xmax: 40, ymax: 60 } }), // its feet
  ];
  const select = (options: FilterOptions, source = 'door'): object =>
    createDetectionFilter(options).select(source, [outside, inside], SIZE);

  test('are told anew for a picture of another size', () => {
    const [zone] = resolveZones({
      left: {
        points: [
          [0, 0],
          [0.5, 0],
          [0.5, 1],
          [0, 1],
        ],
      },
    });
    const one = detectionOf({ box: { xmin: 60, ymin: 0, xmax: 80, ymax: 50 } });

    assert.is(zone?.contains('a', one, { width: 100, height: 100 }), false);
    assert.is(zone?.contains('a', one, { width: 200, height: 100 }), true);
    assert.is(zone?.contains('a', one, { width: 100, height: 100 }), false);
  });

  test('select by where an object stands', () => {
    assert.equal(select({ zones: [zones[0]!] }), [inside]);
    assert.equal(select({ zones: [zones[1]!] }), []);
    assert.equal(select({ zones: [zones[1]!] }, 'gate_1'), [inside]);
    assert.equal(select({ zones }), [inside]);
    assert.equal(select({ zones: [] }), []);
  });

  test('hold for outlines that are not convex', () => {
    const [horseshoe] = resolveZones({
      u: {
        points: [
          [0, 0],
          [1, 0],
          [1, 1],
          [0.8, 1],
          [0.8, 0.3],
          [0.2, 0.3],
          [0.2, 1],
          [0, 1],
        ],
      },
    });
    const stands = (x: number, y: number): boolean =>
      horseshoe!.contains('a', detectionOf({ box: { xmin: x, ymin: 0, xmax: x, ymax: y } }), SIZE);

    assert.equal(
      [stands(10, 90), stands(50, 90), stands(90, 90), stands(50, 20)],
      [true, false, true, true],
    );
  });

  test('select by track', () => {
    assert.equal(select({ tracks: [2, 3] }), [outside]);
    assert.equal(select({ tracks: [] }), []);
  });

  test('are not told to who reads the tokens: it must not stop at objects elsewhere', () => {
    const { demand, limit } = createDetectionFilter({ zones, limit: 1, minScore: 0.5 });
    assert.equal([demand, limit], [{ minScore: 0.5 }, 1]);
    assert.equal(createDetectionFilter({ limit: 1 }).demand, { limit: 1 });
  });

  test('are refused where they are none', () => {
    const wrong = [
      {
        points: [
          [0, 0],
          [1, 1],
        ],
      },
      {
        points: [
          [0, 0],
          [1, 1],
          [0, 2],
        ],
      },
      { points: [[0, 0], [1, 1], [0]] },
      { points: 'all' },
      {},
    ];
    for (const zone of wrong) {
      assert.throws(
        () => resolveZones({ yard: zone as unknown as ZoneOptions }),
        /Expected zone `yard` .*3 to 64 pairs/,
      );
    }
    assert.throws(() => resolveZones({ a: { ...corner, sorce: 'x' } as ZoneOptions }), /sorce/);
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

  test('counts a long message as several, and never refuses the first', () => {
    const limit = new MessageLimit(4);

    assert.ok(limit.admit(0, 65_536));
    assert.not.ok(limit.admit(1, 1));
    assert.ok(limit.admit(1_000, 1e6));
    assert.ok(limit.admit(2_000, 16_385)); // two
    assert.ok(limit.admit(2_001, 20_000)); // four
    assert.not.ok(limit.admit(2_002, 0));
  });
});
