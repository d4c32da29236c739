import { concatMap, map, NEVER, Observable, of, take, VirtualTimeScheduler } from 'rxjs';
import type { Detection, FrameDetections } from '../../../models/core/types.ts';
import { measure } from '../../../operators/flow/measure.ts';
import type { MeasureConfig, Measurement } from '../../../operators/flow/measure.ts';
import * as assert from '../../support/assert.ts';
import { frameCounter, frameDetections } from '../../support/frames.ts';
import { marbles } from '../../support/marbles.ts';
import { suite } from '../../support/suite.ts';

const values = {
  a: frameDetections({ frame: 1 }),
  b: frameDetections({ frame: 2 }),
  c: frameDetections({ frame: 3 }),
};

const detection: Detection = {
  label: 'cat',
  classId: 0,
  score: 1,
  box: { xmin: 0, ymin: 0, xmax: 1, ymax: 1 },
};

/** Keeps when each measurement came and how many frames it counts. */
function log(now: () => number): { reports: string[]; report: (measured: Measurement) => void } {
  const reports: string[] = [];
  return { reports, report: ({ frames }) => void reports.push(`${frames} at ${now()}`) };
}

/** The one measurement of results that come and complete at once. */
function measurementOf(...results: FrameDetections[]): Measurement | undefined {
  const measured: Measurement[] = [];
  const scheduler = new VirtualTimeScheduler(); // in which no time passes
  of(...results)
    .pipe(measure({ report: (measurement) => void measured.push(measurement), scheduler }))
    .subscribe();
  return measured[0];
}

suite('measure', (test) => {
  test('passes values untouched and reports every window and the rest at completion', () => {
    let reports: string[] = [];

    marbles(({ hot, expectObservable, expectSubscriptions }, scheduler) => {
      const source = hot('  -a-b--------c-|', values);
      const subs = '        ^-------------!';
      const expected = '    -a-b--------c-|';
      const logged = log(() => scheduler.now());
      reports = logged.reports;

      const result = source.pipe(measure({ report: logged.report, windowMs: 5 }));

      expectObservable(result).toBe(expected, values);
      expectSubscriptions(source.subscriptions).toBe(subs);
    });

    assert.equal(reports, ['2 at 5', '0 at 10', '1 at 14']);
  });

  test('completes with an empty source and reports nothing', () => {
    let reports: string[] = [];

    marbles(({ cold, expectObservable, expectSubscriptions }, scheduler) => {
      const source = cold(' --|', values);
      const subs = '        ^-!';
      const expected = '    --|';
      const logged = log(() => scheduler.now());
      reports = logged.reports;

      expectObservable(source.pipe(measure({ report: logged.report }))).toBe(expected);
      expectSubscriptions(source.subscriptions).toBe(subs);
    });

    assert.equal(reports, []);
  });

  test('reports empty windows of a source that never emits', () => {
    let reports: string[] = [];

    marbles(({ cold, expectObservable, expectSubscriptions }, scheduler) => {
      const source = cold(' ----------', values);
      const unsub = '       ^---------!';
      const subs = '        ^---------!';
      const expected = '    ----------';
      const logged = log(() => scheduler.now());
      reports = logged.reports;

      const result = source.pipe(measure({ report: logged.report, windowMs: 4 }));

      expectObservable(result, unsub).toBe(expected);
      expectSubscriptions(source.subscriptions).toBe(subs);
    });

    assert.equal(reports, ['0 at 4', '0 at 8']);
  });

  test('passes a source error and reports the begun window no more', () => {
    let reports: string[] = [];

    marbles(({ cold, expectObservable, expectSubscriptions }, scheduler) => {
      const source = cold(' -a-b-#', values, new Error('lost'));
      const subs = '        ^----!';
      const expected = '    -a-b-#';
      const logged = log(() => scheduler.now());
      reports = logged.reports;

      const result = source.pipe(measure({ report: logged.report, windowMs: 2 }));

      expectObservable(result).toBe(expected, values, new Error('lost'));
      expectSubscriptions(source.subscriptions).toBe(subs);
    });

    assert.equal(reports, ['1 at 2', '1 at 4']);
  });

  test('sends what report throws down the error channel, in a window and at completion', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }, scheduler) => {
      const source = cold(' -a-b-|', values);
      const subs = '        ^-!   ';
      const window = '      -a#   ';
      const ended = cold('  -a-|  ', values);
      const endedSubs = '   ^--!  ';
      const completion = '  -a-#  ';
      const report = (): never => {
        throw new Error('no report');
      };

      expectObservable(source.pipe(measure({ scheduler, report, windowMs: 2 }))).toBe(
        window,
        values,
        new Error('no report'),
      );
      expectSubscriptions(source.subscriptions).toBe(subs);
      expectObservable(ended.pipe(measure({ scheduler, report }))).toBe(
        completion,
        values,
        new Error('no report'),
      );
      expectSubscriptions(ended.subscriptions).toBe(endedSubs);
    });
  });

  test('unsubscribes its source when an inner further down errors', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }, scheduler) => {
      const source = cold(' -a-b-|', values);
      const subs = '        ^--!  ';
      const inner = cold('   --#  ', values, new Error('broken'));
      const innerSubs = '   -^-!  ';
      const expected = '    ---#  ';

      const result = source.pipe(
        measure({ scheduler, report: () => undefined }),
        concatMap(() => inner),
      );

      expectObservable(result).toBe(expected, values, new Error('broken'));
      expectSubscriptions(source.subscriptions).toBe(subs);
      expectSubscriptions(inner.subscriptions).toBe(innerSubs);
    });
  });

  test('unsubscribes its source and its timer when unsubscribed early', () => {
    const scheduler = new VirtualTimeScheduler(undefined, 5_000);
    const { reports, report } = log(() => scheduler.now());

    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('  -a-b-c-|', values);
      const unsub = '       ^---!   ';
      const subs = '        ^---!   ';
      const expected = '    -a-b-   ';

      expectObservable(source.pipe(measure({ report, scheduler })), unsub).toBe(expected, values);
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
    scheduler.flush();

    assert.equal(reports, []);
  });

  test('stops a synchronous source when unsubscribed', () => {
    const sent: number[] = [];
    const source = new Observable<FrameDetections>((subscriber) => {
      for (let i = 0; i < 10 && !subscriber.closed; i++) {
        sent.push(i);
        subscriber.next(frameDetections({ frame: i }));
      }
    });

    source.pipe(measure({ report: () => undefined }), take(2)).subscribe();

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

      marbles(({ hot, expectObservable }, scheduler) => {
        const result = hot(marble).pipe(
          map(() => ({ ...values.a, frameToClose: frames.open() })),
          measure({ scheduler, report: () => undefined, windowMs: 2 }),
          map(({ frameToClose }) => {
            frameToClose.close();
            return 'k';
          }),
        );
        expectObservable(result, unsub).toBe(marble.replace('abc', 'kkk'));
      });

      assert.equal([frames.opened, frames.closed], [3, 3], marble);
    }
  });

  // Special cases.

  test('reports means, sums and the rate of a window', () => {
    const measured: Measurement[] = [];
    const skippedByLatest = { busy: 2, stride: 1 };
    const first = frameDetections({
      skipped: skippedByLatest,
      detections: [detection, detection, detection],
      tokens: { drafted: 0, accepted: 0, decoded: 15, passes: 15 },
      timing: { decodeMs: 1000, queueMs: 1, encodeMs: 20, tokensMs: 300 },
    });
    const second = frameDetections({
      skipped: { busy: 1 },
      tokens: { drafted: 0, accepted: 0, decoded: 0, passes: 2 },
      timing: { decodeMs: 0, queueMs: 0, encodeMs: 10, tokensMs: 5 },
    });

    marbles(({ cold, expectObservable, expectSubscriptions }, scheduler) => {
      const source = cold(' -a-b--|', { a: first, b: second });
      const subs = '        ^-----!';
      const expected = '    -a-b--|';
      const report = (measurement: Measurement): void => void measured.push(measurement);

      const result = source.pipe(measure({ scheduler, report, windowMs: 5 }));

      expectObservable(result).toBe(expected, { a: first, b: second });
      expectSubscriptions(source.subscriptions).toBe(subs);
    });

    assert.equal(measured, [
      {
        frames: 2,
        framesPerSecond: 400,
        latencyMs: { p50: 15, p95: 321 },
        passes: 8.5,
        objects: 1.5,
        skipped: { busy: 3, stride: 1 },
      },
    ]);
  });

  test('measures each window by its own time', () => {
    const rates: number[] = [];

    marbles(({ cold, expectObservable, expectSubscriptions }, scheduler) => {
      const source = cold(' a---------b-c|', values);
      const subs = '        ^------------!';
      const expected = '    a---------b-c|';
      const report = ({ framesPerSecond }: Measurement): void => void rates.push(framesPerSecond);

      const result = source.pipe(measure({ scheduler, report, windowMs: 8 }));

      expectObservable(result).toBe(expected, values);
      expectSubscriptions(source.subscriptions).toBe(subs);
    });

    assert.equal(rates, [125, 400]);
  });

  test('takes percentiles by the nearest rank, whatever the order', () => {
    const latencies = Array.from({ length: 40 }, (_, i) => ((i * 7) % 40) + 1);
    const results = latencies.map((encodeMs) =>
      frameDetections({ timing: { decodeMs: 0, queueMs: 0, encodeMs, tokensMs: 0 } }),
    );

    assert.equal(measurementOf(...results)?.latencyMs, { p50: 20, p95: 38 });
    assert.equal(measurementOf(...results.slice(0, 1))?.latencyMs, { p50: 1, p95: 1 });
  });

  test('reports zeros for an empty window and no infinite rate for one without time', () => {
    const measured: Measurement[] = [];
    const scheduler = new VirtualTimeScheduler(undefined, 1_000);

    NEVER.pipe(
      measure({ report: (measurement) => void measured.push(measurement), scheduler }),
      take(1),
    ).subscribe();
    scheduler.flush();

    assert.equal(measured, [
      {
        frames: 0,
        framesPerSecond: 0,
        latencyMs: { p50: 0, p95: 0 },
        passes: 0,
        objects: 0,
        skipped: {},
      },
    ]);
    assert.is(measurementOf(values.a)?.framesPerSecond, 0);
  });

  test('reports before the result completes', () => {
    const order: string[] = [];

    of(values.a)
      .pipe(measure({ report: () => void order.push('report') }))
      .subscribe({ complete: () => order.push('complete') });

    assert.equal(order, ['report', 'complete']);
  });

  test('passes the very same object on', () => {
    of(values.a)
      .pipe(measure({ report: () => undefined }))
      .subscribe((value) => assert.is(value, values.a));
  });

  test('honors `windowMs`, 1000 by default', () => {
    const { reports, report } = log(() => scheduler.now());
    const scheduler = new VirtualTimeScheduler(undefined, 2_000);

    const subscription = NEVER.pipe(measure({ report, scheduler })).subscribe();
    scheduler.flush();
    subscription.unsubscribe();

    assert.equal(reports, ['0 at 1000', '0 at 2000']);
  });

  test('refuses a missing report, unknown options and values out of range', async () => {
    const make = (config: object) => () => measure(config as MeasureConfig);
    const report = (): void => undefined;

    await assert.rejects(make({}), { name: 'TypeError', message: /`report` to be a function/ });
    await assert.rejects(make({ report, windowMS: 1 }), {
      name: 'TypeError',
      message: /^Unknown option `windowMS` of measure; did you mean `windowMs`\?$/,
    });
    await assert.rejects(make({ report, windowMs: 0 }), { name: 'RangeError' });
    await assert.rejects(make({ report, windowMs: 60_001 }), { name: 'RangeError' });
  });
});
