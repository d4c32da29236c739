import { concatMap, map, Observable, Subject, take } from 'rxjs';
import type { Detection, FrameDetections } from '../../../models/core/types.ts';
import { track } from '../../../operators/track/track.ts';
import type { TrackConfig } from '../../../operators/track/track.ts';
import * as assert from '../../support/assert.ts';
import { frameCounter, frameDetections } from '../../support/frames.ts';
import { marbles } from '../../support/marbles.ts';
import { suite } from '../../support/suite.ts';

/** A detection 100 pixels wide and high whose left edge is at `x`. */
const at = (x: number, classId = 0): Detection => ({
  label: `class ${classId}`,
  classId,
  score: 1,
  box: { xmin: x, ymin: 0, xmax: x + 100, ymax: 100 },
});
const result = (...detections: Detection[]): FrameDetections => frameDetections({ detections });
const tracked = (value: FrameDetections, ...ids: number[]): FrameDetections => ({
  ...value,
  detections: value.detections.map((detection, i) => ({ ...detection, trackId: ids[i] ?? -1 })),
});

const values = { a: result(at(0), at(500)), b: result(at(510), at(10)), c: result(at(20)) };
const expectedValues = {
  a: tracked(values.a, 1, 2),
  b: tracked(values.b, 2, 1),
  c: tracked(values.c, 1),
};

/** The track numbers of each result in turn. */
function idsOf(
  results: readonly FrameDetections[],
  config?: TrackConfig,
): (number | undefined)[][] {
  const ids: (number | undefined)[][] = [];
  const source = new Subject<FrameDetections>();
  source
    .pipe(track(config))
    .subscribe(({ detections }) => ids.push(detections.map(({ trackId }) => trackId)));
  results.forEach((value) => source.next(value));
  return ids;
}

suite('track', (test) => {
  test('numbers each object the same from result to result', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('  -a-b-c-|', values);
      const subs = '        ^------!';
      const expected = '    -a-b-c-|';

      expectObservable(source.pipe(track())).toBe(expected, expectedValues);
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  test('completes with an empty source', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold(' --|', values);
      const subs = '        ^-!';
      const expected = '    --|';

      expectObservable(source.pipe(track())).toBe(expected);
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  test('never ends with a source that never does', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold(' ---', values);
      const subs = '        ^--';
      const expected = '    ---';

      expectObservable(source.pipe(track())).toBe(expected);
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  test('passes a source error', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold(' -a-#', values, new Error('lost'));
      const subs = '        ^--!';
      const expected = '    -a-#';

      expectObservable(source.pipe(track())).toBe(expected, expectedValues, new Error('lost'));
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  test('sends what the reading of a result throws down the error channel', () => {
    // Nothing in `track` calls the caller's code; a broken getter stands in for the projection.
    const unreadable = Object.defineProperty({ ...values.b }, 'detections', {
      get: () => {
        throw new Error('unreadable');
      },
    });

    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold(' -a-x-', { a: values.a, x: unreadable });
      const subs = '        ^--!';
      const expected = '    -a-#';

      const results$ = source.pipe(track());

      expectObservable(results$).toBe(expected, expectedValues, new Error('unreadable'));
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  test('unsubscribes its source when an inner further down errors', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold(' -a-b-|', values);
      const subs = '        ^--!  ';
      const inner = cold('   --#  ', values, new Error('broken'));
      const innerSubs = '   -^-!  ';
      const expected = '    ---#  ';

      const results$ = source.pipe(
        track(),
        concatMap(() => inner),
      );

      expectObservable(results$).toBe(expected, values, new Error('broken'));
      expectSubscriptions(source.subscriptions).toBe(subs);
      expectSubscriptions(inner.subscriptions).toBe(innerSubs);
    });
  });

  test('unsubscribes its source when unsubscribed early', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('  -a-b-c-|', values);
      const unsub = '       ^---!   ';
      const subs = '        ^---!   ';
      const expected = '    -a-b-   ';

      expectObservable(source.pipe(track()), unsub).toBe(expected, expectedValues);
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  test('stops a synchronous source when unsubscribed', () => {
    const sent: number[] = [];
    const source = new Observable<FrameDetections>((subscriber) => {
      for (let i = 0; i < 10 && !subscriber.closed; i++) {
        sent.push(i);
        subscriber.next(result(at(0)));
      }
    });

    source.pipe(track(), take(2)).subscribe();

    assert.equal(sent, [0, 1]);
  });

  test('closes as many frames as are opened, on completion, error and unsubscription', () => {
    const endings = [
      { marble: 'abc|', unsub: '^----' },
      { marble: 'abc#', unsub: '^----' },
      { marble: 'abc-', unsub: '^--!' },
    ];

    for (const { marble, unsub } of endings) {
      const frames = frameCounter();

      marbles(({ hot, expectObservable }) => {
        const results$ = hot(marble).pipe(
          map(() => ({ ...values.a, frameToClose: frames.open() })),
          track(),
          map(({ frameToClose }) => {
            frameToClose.close();
            return 'k';
          }),
        );
        expectObservable(results$, unsub).toBe(marble.replace('abc', 'kkk'));
      });

      assert.equal([frames.opened, frames.closed], [3, 3], marble);
    }
  });

  // Special cases.

  test('begins a new track where the boxes agree too little', () => {
    assert.equal(idsOf([result(at(0)), result(at(50))]), [[1], [1]]);
    assert.equal(idsOf([result(at(0)), result(at(60))]), [[1], [2]]);
    assert.equal(idsOf([result(at(0)), result(at(60))], { minIou: 0.2 }), [[1], [1]]);
  });

  test('goes on where the boxes agree by exactly minIou', () => {
    // Shifted by half its width a box shares a third of the area: 50 / 150.
    assert.equal(idsOf([result(at(0)), result(at(50))], { minIou: 50 / 150 }), [[1], [1]]);
    assert.equal(idsOf([result(at(0)), result(at(50))], { minIou: 0.334 }), [[1], [2]]);
  });

  test('compares with the last box, so that a moving object keeps its number', () => {
    const moving = [0, 40, 80, 120, 160].map((x) => result(at(x)));

    assert.equal(idsOf(moving), [[1], [1], [1], [1], [1]]);
  });

  test('never goes on with a track of another class', () => {
    assert.equal(idsOf([result(at(0, 1)), result(at(0, 2), at(0, 1))]), [[1], [2, 1]]);
  });

  test('gives the best pair precedence over the order of the detections', () => {
    // Both detections agree with track 1; the second one agrees better.
    assert.equal(idsOf([result(at(0)), result(at(30), at(10))]), [[1], [2, 1]]);
  });

  test('takes the next best pair where the best track is taken', () => {
    // Detection 1 would go to track 1 as well, which detection 0 has; it still reaches track 2.
    const before = result(at(0), at(60));

    assert.equal(idsOf([before, result(at(2), at(20))]), [
      [1, 2],
      [1, 2],
    ]);
  });

  test('breaks a tie by the lower track number, then by the earlier detection', () => {
    // Tracks 1 and 2 lie 20 to the right and left of the one detection.
    assert.equal(idsOf([result(at(40), at(0)), result(at(20))]), [[1, 2], [1]]);
    assert.equal(idsOf([result(at(20)), result(at(40), at(0))]), [[1], [1, 2]]);
  });

  test('keeps a track through maxMissedFrames results and ends it after one more', () => {
    const empty = result();
    const gap = (missed: number): FrameDetections[] => [
      result(at(0)),
      ...Array.from({ length: missed }, () => empty),
      result(at(0)),
    ];

    assert.equal(idsOf(gap(2), { maxMissedFrames: 2 }).at(-1), [1]);
    assert.equal(idsOf(gap(3), { maxMissedFrames: 2 }).at(-1), [2]);
    assert.equal(idsOf(gap(0), { maxMissedFrames: 0 }).at(-1), [1]);
    assert.equal(idsOf(gap(1), { maxMissedFrames: 0 }).at(-1), [2]);
    assert.equal(idsOf(gap(10)).at(-1), [1]);
    assert.equal(idsOf(gap(11)).at(-1), [2]);
  });

  test('counts missed results in a row, not in all', () => {
    const blinking = [result(at(0)), result(), result(at(0)), result(), result(at(0))];

    assert.equal(idsOf(blinking, { maxMissedFrames: 1 }), [[1], [], [1], [], [1]]);
  });

  test('keeps the sources apart and never gives a number twice', () => {
    const of = (source: string): FrameDetections => ({ ...result(at(0)), source });
    const empty = { ...result(), source: 'left' };

    assert.equal(idsOf([of('left'), of('right'), of('left'), of('right')]), [[1], [2], [1], [2]]);
    assert.equal(
      idsOf([of('left'), of('right'), empty, of('left'), of('right')], { maxMissedFrames: 0 }),
      [[1], [2], [], [3], [2]],
    );
  });

  test('counts from 1 in each subscription', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold(' a|', values);
      const subs = '        ^!';
      const tracked$ = source.pipe(track());

      expectObservable(tracked$).toBe('a|', expectedValues);
      expectObservable(tracked$).toBe('a|', expectedValues);
      expectSubscriptions(source.subscriptions).toBe([subs, subs]);
    });
  });

  test('replaces a track number that is there and changes nothing it was given', () => {
    const given = Object.freeze({
      ...frameDetections(),
      detections: Object.freeze([Object.freeze({ ...at(0), trackId: 77, reused: true })]),
    });

    assert.equal(idsOf([given]), [[1]]);
    assert.is(given.detections[0]?.trackId, 77);
  });

  test('refuses unknown options and values out of range', async () => {
    await assert.rejects(() => track({ miniou: 0.5 } as TrackConfig), {
      name: 'TypeError',
      message: /^Unknown option `miniou` of track; did you mean `minIou`\?$/,
    });
    await assert.rejects(() => track({ minIou: 0 }), { name: 'RangeError' });
    await assert.rejects(() => track({ minIou: 1.1 }), { name: 'RangeError' });
    await assert.rejects(() => track({ maxMissedFrames: -1 }), { name: 'RangeError' });
    await assert.rejects(() => track({ maxMissedFrames: 1.5 }), { name: 'RangeError' });
  });
});
