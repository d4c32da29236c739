import {
  concatMap,
  from,
  lastValueFrom,
  map,
  NEVER,
  Observable,
  of,
  Subject,
  take,
  tap,
  VirtualTimeScheduler,
} from 'rxjs';
import type { Frame } from '../../../models/core/types.ts';
import { pace } from '../../../operators/flow/pace.ts';
import * as assert from '../../support/assert.ts';
import { frameCounter } from '../../support/frames.ts';
import { marbles } from '../../support/marbles.ts';
import { suite } from '../../support/suite.ts';

/** Media times in seconds; one column of a marble is one millisecond. */
const values = {
  a: { pts: 0 },
  b: { pts: 0.003 },
  c: { pts: 0.007 },
  d: { pts: 0.008 },
  y: { pts: 5.007 },
};
const nameOf = (value: { pts: number }): string =>
  Object.entries(values).find(([, known]) => known === value)?.[0] ?? '?';

suite('pace', (test) => {
  test('emits each value when its media time is due', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }, scheduler) => {
      const source = hot('  -(abc|)      ', values);
      const subs = '        ^!           ';
      const expected = '    -a--b---(c|) ';

      expectObservable(source.pipe(pace({ scheduler }))).toBe(expected, values);
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  test('completes with an empty source', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }, scheduler) => {
      const source = cold(' --|', values);
      const subs = '        ^-!';
      const expected = '    --|';

      expectObservable(source.pipe(pace({ scheduler }))).toBe(expected);
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  test('never ends with a source that never does', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }, scheduler) => {
      const source = cold(' ---', values);
      const subs = '        ^--';
      const expected = '    ---';

      expectObservable(source.pipe(pace({ scheduler }))).toBe(expected);
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  test('passes a source error at once and drops the waiting values, oldest first', () => {
    const dropped: string[] = [];

    marbles(({ hot, expectObservable, expectSubscriptions }, scheduler) => {
      const source = hot('  (abcd)#', values, new Error('lost'));
      const subs = '        ^-----!';
      const expected = '    a--b--#';

      const result = source.pipe(
        pace({ scheduler, onDropped: (v) => void dropped.push(nameOf(v)) }),
      );

      expectObservable(result).toBe(expected, values, new Error('lost'));
      expectSubscriptions(source.subscriptions).toBe(subs);
    });

    assert.equal(dropped, ['c', 'd']);
  });

  test('hands every waiting value over where onDropped throws for one', async () => {
    const dropped: string[] = [];
    const source = new Subject<{ pts: number }>();
    const subscription = source
      .pipe(
        pace({
          scheduler: new VirtualTimeScheduler(),
          onDropped: (value) => {
            dropped.push(nameOf(value));
            throw new Error(`cannot drop ${nameOf(value)}`);
          },
        }),
      )
      .subscribe();
    source.next(values.a);
    source.next(values.b);
    source.next(values.c);

    await assert.rejects(() => subscription.unsubscribe(), {
      name: 'UnsubscriptionError',
      message: /cannot drop b[^]*cannot drop c/,
    });

    assert.equal(dropped, ['b', 'c']);
    assert.is(source.observed, false);
  });

  test('drops the waiting values when an inner further down errors', () => {
    const dropped: string[] = [];

    marbles(({ hot, cold, expectObservable, expectSubscriptions }, scheduler) => {
      const source = hot('  (abc)--', values);
      const subs = '        ^--!   ';
      const inner = cold('  ---#   ', values, new Error('broken'));
      const innerSubs = '   ^--!   ';
      const expected = '    ---#   ';

      const result = source.pipe(
        pace({ scheduler, rate: 0.5, onDropped: (v) => void dropped.push(nameOf(v)) }),
        concatMap(() => inner),
      );

      expectObservable(result).toBe(expected, values, new Error('broken'));
      expectSubscriptions(source.subscriptions).toBe(subs);
      expectSubscriptions(inner.subscriptions).toBe(innerSubs);
    });

    assert.equal(dropped, ['b', 'c']);
  });

  test('unsubscribes its source and drops the waiting values when unsubscribed early', () => {
    const dropped: string[] = [];

    marbles(({ hot, expectObservable, expectSubscriptions }, scheduler) => {
      const source = hot('  (abcd)--|', values);
      const unsub = '       ^---!    ';
      const subs = '        ^---!    ';
      const expected = '    a--b-    ';

      const result = source.pipe(
        pace({ scheduler, onDropped: (v) => void dropped.push(nameOf(v)) }),
      );

      expectObservable(result, unsub).toBe(expected, values);
      expectSubscriptions(source.subscriptions).toBe(subs);
    });

    assert.equal(dropped, ['c', 'd']);
  });

  test('stops a synchronous source when unsubscribed', () => {
    const sent: number[] = [];
    const source = new Observable<{ pts: number }>((subscriber) => {
      for (let i = 0; i < 10 && !subscriber.closed; i++) {
        sent.push(i);
        subscriber.next({ pts: 0 });
      }
    });

    source.pipe(pace(), take(2)).subscribe();

    assert.equal(sent, [0, 1]);
  });

  test('closes as many frames as are opened, on completion, error and unsubscription', () => {
    const endings = [
      { marble: '(abc|)', unsub: '^-----------', expected: 'k---k---(k|)', kept: 3 },
      { marble: '(abc)-#', unsub: '^---------', expected: 'k---k-(#)', kept: 2 },
      { marble: '(abc)--', unsub: '^-----!', expected: 'k---k--', kept: 2 },
    ];

    for (const { marble, unsub, expected, kept } of endings) {
      const frames = frameCounter();
      let emitted = 0;

      marbles(({ hot, expectObservable }, scheduler) => {
        const result = hot(marble).pipe(
          map(() => frames.open()),
          pace({ scheduler, rate: 10, onDropped: (frame) => frame.close() }),
          map((frame) => {
            emitted += 1;
            frame.close();
            return 'k';
          }),
        );
        expectObservable(result, unsub).toBe(expected);
      });

      assert.equal([emitted, frames.opened, frames.closed], [kept, 3, 3], marble);
    }
  });

  // Special cases.

  test('passes a late value at once and catches up', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }, scheduler) => {
      const source = hot('  a-----b--cd---|', values);
      const subs = '        ^-------------!';
      const expected = '    a-----b--cd---|';

      expectObservable(source.pipe(pace({ scheduler }))).toBe(expected, values);
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  test('honors `rate`', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }, scheduler) => {
      const source = hot('  (ab|)    ', values);
      const subs = '        ^        ';
      const half = '        a-----(b|)';

      expectObservable(source.pipe(pace({ scheduler, rate: 0.5 }))).toBe(half, values);
      expectSubscriptions(source.subscriptions).toBe(subs.replace('^', '(^!)'));
    });
  });

  test('ties the clock anew when the media time goes backwards', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }, scheduler) => {
      const source = hot('  c--a(bd|)    ', values);
      const subs = '        ^---!        ';
      const expected = '    c--a--b----(d|)';

      expectObservable(source.pipe(pace({ scheduler }))).toBe(expected, values);
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  test('keeps the order when the clock is tied anew while values wait', () => {
    const seen: string[] = [];
    const scheduler = new VirtualTimeScheduler();

    of(values.a, values.c, values.a, values.b)
      .pipe(pace({ scheduler }))
      .subscribe((value) => seen.push(`${nameOf(value)}${scheduler.now()}`));
    scheduler.flush();

    assert.equal(seen, ['a0', 'c7', 'a7', 'b10']);
  });

  test('ties the clock anew when the media time jumps ahead by more than maxWaitSeconds', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }, scheduler) => {
      const source = hot('  b--y---|', values);
      const subs = '        ^------!';
      const expected = '    b--y---|';

      expectObservable(source.pipe(pace({ scheduler }))).toBe(expected, values);
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  test('waits for a step of exactly maxWaitSeconds, and honors `maxWaitSeconds`', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }, scheduler) => {
      const source = hot('  c-y|', values);
      const subs = '        ^--!';

      expectObservable(source.pipe(pace({ scheduler }))).toBe('c 4999ms (y|)', values);
      expectObservable(source.pipe(pace({ scheduler, maxWaitSeconds: 4.999 }))).toBe(
        'c-y|',
        values,
      );
      expectSubscriptions(source.subscriptions).toBe([subs, subs]);
    });
  });

  test('keeps its time when the wall clock is set back', async () => {
    const { now } = Date;
    const frames = from([{ pts: 0 }, { pts: 0.01 }, { pts: 0.02 }]);
    try {
      await lastValueFrom(
        frames.pipe(
          pace(),
          tap(() => (Date.now = () => now() - 3_600_000)),
        ),
      );
    } finally {
      Date.now = now;
    }
  });

  test('honors `scheduler`', () => {
    const seen: string[] = [];
    const scheduler = new VirtualTimeScheduler();

    of(values.a, values.b)
      .pipe(pace({ scheduler }))
      .subscribe((value) => seen.push(nameOf(value)));

    assert.equal(seen, ['a']);
    scheduler.flush();
    assert.equal(seen, ['a', 'b']);
  });

  test('catches up with a long queue of late values without nesting their calls', () => {
    const scheduler = new VirtualTimeScheduler();
    const source = new Subject<{ pts: number }>();
    let seen = 0;

    source.pipe(pace({ scheduler })).subscribe(() => {
      seen += 1;
      if (seen === 2) {
        scheduler.frame += 4_000; // as if the event loop had stood still
      }
    });
    for (let i = 0; i < 20_000; i++) {
      source.next({ pts: i / 10_000 });
    }
    scheduler.flush();

    assert.is(seen, 20_000);
  });

  test('loses no frame of a source that emits when a frame is closed', () => {
    const frames = frameCounter();
    let emit: (() => void) | undefined;
    const source = new Observable<Frame>((subscriber) => {
      emit = () => subscriber.next(frames.open());
      emit();
      emit();
      return () => (emit = undefined);
    });

    const subscription = source
      .pipe(
        pace({
          scheduler: new VirtualTimeScheduler(),
          onDropped: (frame) => {
            frame.close();
            emit?.();
          },
        }),
      )
      .subscribe((frame) => frame.close());
    subscription.unsubscribe();

    assert.equal([frames.opened, frames.closed], [2, 2]);
  });

  test('refuses unknown options and values out of range', async () => {
    await assert.rejects(() => pace({ rates: 1 } as object), {
      name: 'TypeError',
      message: /^Unknown option `rates` of pace; did you mean `rate`\?$/,
    });
    await assert.rejects(() => pace({ rate: 0 }), { name: 'RangeError' });
    await assert.rejects(() => pace({ maxWaitSeconds: 0 }), { name: 'RangeError' });
    await assert.rejects(() => NEVER.pipe(pace({ rate: NaN })), { name: 'TypeError' });
  });
});
