import { EMPTY, lastValueFrom, map, NEVER, Observable, of, Subject, take, toArray } from 'rxjs';
import type { Frame } from '../../../models/core/types.ts';
import { inferLatest } from '../../../operators/flow/inferLatest.ts';
import { withFrame } from '../../../operators/flow/withFrame.ts';
import * as assert from '../../support/assert.ts';
import { frameCounter } from '../../support/frames.ts';
import { marbles } from '../../support/marbles.ts';
import { suite } from '../../support/suite.ts';

suite('inferLatest', (test) => {
  test('keeps only the newest value while busy and hands over the older one', () => {
    const dropped: string[] = [];

    marbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const source = hot('  -a-b-c-------d--|  ');
      const subs = '        ^---------------!  ';
      const a = cold('       ----a|            ');
      const aSubs = '       -^----!            ';
      const b = cold('           ----b|        ');
      const c = cold('            ----c|       ');
      const cSubs = '       ------^----!       ';
      const d = cold('                   ----d|');
      const dSubs = '       -------------^----!';
      const expected = '    -----a----c------d|';
      const inners: Record<string, Observable<string>> = { a, b, c, d };

      const result = source.pipe(
        inferLatest((value) => inners[value] ?? EMPTY, {
          onDropped: (...v) => void dropped.push(v.join(' ')),
        }),
      );

      expectObservable(result).toBe(expected);
      expectSubscriptions(source.subscriptions).toBe(subs);
      expectSubscriptions(a.subscriptions).toBe(aSubs);
      expectSubscriptions(b.subscriptions).toBe([]);
      expectSubscriptions(c.subscriptions).toBe(cSubs);
      expectSubscriptions(d.subscriptions).toBe(dSubs);
    });

    assert.equal(dropped, ['b replaced']);
  });

  test('completes with an empty source', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold(' --|');
      const subs = '        ^-!';
      const expected = '    --|';

      expectObservable(source.pipe(inferLatest(() => of(1)))).toBe(expected);
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  test('never ends with a source that never does, nor with such an inner', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold(' ---');
      const subs = '        ^--';
      const ended = cold('  a-|');
      const endedSubs = '   ^-!';
      const expected = '    ---';

      expectObservable(source.pipe(inferLatest(() => of(1)))).toBe(expected);
      expectSubscriptions(source.subscriptions).toBe(subs);
      expectObservable(ended.pipe(inferLatest(() => NEVER))).toBe(expected);
      expectSubscriptions(ended.subscriptions).toBe(endedSubs);
    });
  });

  test('passes a source error at once and drops the waiting value', () => {
    const dropped: string[] = [];

    marbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const source = hot('  -a-b-#', undefined, new Error('lost'));
      const subs = '        ^----!';
      const inner = cold('   ------r|');
      const innerSubs = '   -^---!';
      const expected = '    -----#';

      const result = source.pipe(
        inferLatest(() => inner, { onDropped: (...v) => void dropped.push(v.join(' ')) }),
      );

      expectObservable(result).toBe(expected, undefined, new Error('lost'));
      expectSubscriptions(source.subscriptions).toBe(subs);
      expectSubscriptions(inner.subscriptions).toBe(innerSubs);
    });

    assert.equal(dropped, ['b ended']);
  });

  test('sends what the projection throws down the error channel, also for a waiting value', () => {
    marbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const source = hot('  -a-b---');
      const subs = '        ^----!';
      const inner = cold('   ---r|');
      const innerSubs = '   -^---!';
      const expected = '    ----r#';
      const project = (value: string): Observable<string> => {
        if (value === 'b') {
          throw new Error('no b');
        }
        return inner;
      };

      expectObservable(source.pipe(inferLatest(project))).toBe(
        expected,
        undefined,
        new Error('no b'),
      );
      expectSubscriptions(source.subscriptions).toBe(subs);
      expectSubscriptions(inner.subscriptions).toBe(innerSubs);
    });
  });

  test('passes an inner error and drops the waiting value', () => {
    const dropped: string[] = [];

    marbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const source = hot('  -a-b-----');
      const subs = '        ^----!   ';
      const inner = cold('   --r-#   ', undefined, new Error('broken'));
      const innerSubs = '   -^---!   ';
      const expected = '    ---r-#   ';

      const result = source.pipe(
        inferLatest(() => inner, { onDropped: (...v) => void dropped.push(v.join(' ')) }),
      );

      expectObservable(result).toBe(expected, undefined, new Error('broken'));
      expectSubscriptions(source.subscriptions).toBe(subs);
      expectSubscriptions(inner.subscriptions).toBe(innerSubs);
    });

    assert.equal(dropped, ['b ended']);
  });

  test('unsubscribes source and inner and drops the waiting value when unsubscribed early', () => {
    const dropped: string[] = [];

    marbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const source = hot('  -a-b-----|');
      const unsub = '       ^----!    ';
      const subs = '        ^----!    ';
      const inner = cold('   --r---r| ');
      const innerSubs = '   -^---!    ';
      const expected = '    ---r--    ';

      const result = source.pipe(
        inferLatest(() => inner, { onDropped: (...v) => void dropped.push(v.join(' ')) }),
      );

      expectObservable(result, unsub).toBe(expected);
      expectSubscriptions(source.subscriptions).toBe(subs);
      expectSubscriptions(inner.subscriptions).toBe(innerSubs);
    });

    assert.equal(dropped, ['b ended']);
  });

  test('stops a synchronous source and a synchronous inner when unsubscribed', () => {
    const sent: string[] = [];
    const counting = (name: string): Observable<number> =>
      new Observable((subscriber) => {
        for (let i = 0; i < 10 && !subscriber.closed; i++) {
          sent.push(`${name}${i}`);
          subscriber.next(i);
        }
        subscriber.complete();
      });

    counting('source')
      .pipe(
        inferLatest((value) => (value === 1 ? counting('inner') : of(value))),
        take(3),
      )
      .subscribe();

    assert.equal(sent, ['source0', 'source1', 'inner0', 'inner1']);
  });

  test('closes as many frames as are opened, on completion, error and unsubscription', () => {
    const endings = [
      { marble: 'a-bcd-e|', unsub: '^-----------', closedBy: 'completion' },
      { marble: 'a-bcd-#', unsub: '^-----------', closedBy: 'error' },
      { marble: 'a-bcd-e-', unsub: '^----!------', closedBy: 'unsubscription' },
    ];

    for (const { marble, unsub, closedBy } of endings) {
      const frames = frameCounter();
      let dropped = 0;

      marbles(({ hot, cold, expectObservable }) => {
        const source = hot(marble).pipe(map(() => frames.open()));
        const result = source.pipe(
          inferLatest((frame) => withFrame(frame, () => cold('---r|')), {
            onDropped: (frame) => {
              dropped += 1;
              frame.close();
            },
          }),
        );
        const expected = { completion: '---r---r---r|', error: '---r--#', unsubscription: '---r' };
        expectObservable(result, unsub).toBe(expected[closedBy as keyof typeof expected]);
      });

      assert.ok(dropped > 0, `nothing dropped on ${closedBy}`);
      assert.is(frames.closed, frames.opened, closedBy);
    }
  });

  // Special cases.

  test('runs the waiting value after the source has completed', () => {
    marbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const source = hot('  ab|       ');
      const subs = '        ^-!       ';
      const inner = cold('  ---r|     ');
      const innerSubs = [' ^---!', ' ----^---!'];
      const expected = '    ---r---r| ';

      expectObservable(source.pipe(inferLatest(() => inner))).toBe(expected);
      expectSubscriptions(source.subscriptions).toBe(subs);
      expectSubscriptions(inner.subscriptions).toBe(innerSubs);
    });
  });

  test('runs every value where the inners are synchronous', () => {
    const seen: number[] = [];

    of(1, 2, 3)
      .pipe(inferLatest((value, index) => of(value * 10 + index)))
      .subscribe((value) => seen.push(value));

    assert.equal(seen, [10, 21, 32]);
  });

  test('counts the projected values in the index, not the dropped ones', () => {
    marbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const source = hot('  abcd---e|   ');
      const subs = '        ^-------!   ';
      const expected = '    ---0---1---2|';

      const result = source.pipe(
        inferLatest((_, index) => cold('---r|').pipe(map(() => String(index)))),
      );

      expectObservable(result).toBe(expected);
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  test('takes a value that the consumer sends back while the inner emits', () => {
    const source = new Subject<number>();
    const seen: number[] = [];

    source.pipe(inferLatest((value) => of(value, value))).subscribe((value) => {
      seen.push(value);
      if (seen.length === 1) {
        source.next(2);
        source.next(3);
        source.complete();
      }
    });
    source.next(1);

    assert.equal(seen, [1, 1, 3, 3]);
  });

  test('lets go of the running value before it projects the next', () => {
    const frames = frameCounter();
    const held: number[] = [];

    marbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const source = hot('  ab|      ');
      const subs = '        ^-!      ';
      const expected = '    ---r---r|';

      const result = source.pipe(
        map(() => frames.open()),
        inferLatest((frame) => {
          held.push(frames.opened - frames.closed);
          return withFrame(frame, () => cold('---r|'));
        }),
      );

      expectObservable(result).toBe(expected);
      expectSubscriptions(source.subscriptions).toBe(subs);
    });

    assert.equal(held, [1, 1]);
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
        inferLatest((frame) => withFrame(frame, () => NEVER), {
          onDropped: (frame) => {
            frame.close();
            emit?.();
          },
        }),
      )
      .subscribe();
    subscription.unsubscribe();

    assert.equal([frames.opened, frames.closed], [2, 2]);
  });

  test('sends what onDropped throws down the error channel', () => {
    const errors: unknown[] = [];
    const onDropped = (value: string): void => {
      throw new Error(`cannot drop ${value}`);
    };

    const source = new Subject<string>();
    source
      .pipe(inferLatest(() => NEVER, { onDropped: (v) => (v === 'b' ? onDropped(v) : undefined) }))
      .subscribe({ error: (thrown: unknown) => errors.push(thrown) });
    source.next('a');
    source.next('b');
    source.next('c');

    assert.equal(errors.map(String), ['Error: cannot drop b']);
    assert.is(source.observed, false);
  });

  test('takes a projection that returns a promise', async () => {
    const result = await lastValueFrom(
      of(1, 2, 3).pipe(
        inferLatest(async (value) => Promise.resolve(value * 2)),
        toArray(),
      ),
    );

    assert.equal(result, [2, 6]);
  });

  test('keeps each subscription apart', async () => {
    const result$ = of(1, 2, 3).pipe(
      inferLatest(async (value, index) => Promise.resolve([value, index])),
      toArray(),
    );

    const both = await Promise.all([lastValueFrom(result$), lastValueFrom(result$)]);

    assert.equal(both[0], both[1]);
  });

  test('refuses unknown options', async () => {
    const config = { ondropped: () => undefined };

    await assert.rejects(() => inferLatest(() => EMPTY, config as object), {
      name: 'TypeError',
      message: /^Unknown option `ondropped` of inferLatest; did you mean `onDropped`\?$/,
    });
  });
});
