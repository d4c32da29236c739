import {
  EMPTY,
  lastValueFrom,
  map,
  NEVER,
  Observable,
  of,
  range,
  Subject,
  take,
  toArray,
} from 'rxjs';
import { PipelineError } from '../../../models/core/errors.ts';
import type { Frame } from '../../../models/core/types.ts';
import { inferEvery } from '../../../operators/flow/inferEvery.ts';
import { withFrame } from '../../../operators/flow/withFrame.ts';
import * as assert from '../../support/assert.ts';
import { frameCounter } from '../../support/frames.ts';
import { marbles } from '../../support/marbles.ts';
import { suite } from '../../support/suite.ts';

const fullMessage = (maxBuffered: number): string =>
  `More than ${maxBuffered} values wait for the running one, since the source ignores back-pressure; ` +
  'close frames so that the source slows down, use `inferLatest`, or raise `maxBuffered`';

suite('inferEvery', (test) => {
  test('runs every value, one at a time, in order', () => {
    marbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const source = hot('  -a-b-c---------| ');
      const subs = '        ^--------------! ';
      const a = cold('       ----a|          ');
      const aSubs = '       -^----!          ';
      const b = cold('            ----b|     ');
      const bSubs = '       ------^----!     ';
      const c = cold('                 ----c|');
      const cSubs = '       -----------^----!';
      const expected = '    -----a----b----c|';
      const inners: Record<string, Observable<string>> = { a, b, c };

      expectObservable(source.pipe(inferEvery((value) => inners[value] ?? EMPTY))).toBe(expected);
      expectSubscriptions(source.subscriptions).toBe(subs);
      expectSubscriptions(a.subscriptions).toBe(aSubs);
      expectSubscriptions(b.subscriptions).toBe(bSubs);
      expectSubscriptions(c.subscriptions).toBe(cSubs);
    });
  });

  test('completes with an empty source', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold(' --|');
      const subs = '        ^-!';
      const expected = '    --|';

      expectObservable(source.pipe(inferEvery(() => of(1)))).toBe(expected);
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

      expectObservable(source.pipe(inferEvery(() => of(1)))).toBe(expected);
      expectSubscriptions(source.subscriptions).toBe(subs);
      expectObservable(ended.pipe(inferEvery(() => NEVER))).toBe(expected);
      expectSubscriptions(ended.subscriptions).toBe(endedSubs);
    });
  });

  test('passes a source error behind the values that came before it', () => {
    const dropped: string[] = [];

    marbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const source = hot('  -ab-#', undefined, new Error('lost'));
      const subs = '        ^---!';
      const inner = cold('   ----r|');
      const innerSubs = ['  -^----!', '------^----!'];
      const expected = '    -----r----r#';

      const result = source.pipe(
        inferEvery(() => inner, { onDropped: (v) => void dropped.push(v) }),
      );

      expectObservable(result).toBe(expected, undefined, new Error('lost'));
      expectSubscriptions(source.subscriptions).toBe(subs);
      expectSubscriptions(inner.subscriptions).toBe(innerSubs);
    });

    assert.equal(dropped, []);
  });

  test('sends what the projection throws down the error channel, also for a waiting value', () => {
    const dropped: string[] = [];

    marbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const source = hot('  -abc---');
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

      const result = source.pipe(inferEvery(project, { onDropped: (v) => void dropped.push(v) }));

      expectObservable(result).toBe(expected, undefined, new Error('no b'));
      expectSubscriptions(source.subscriptions).toBe(subs);
      expectSubscriptions(inner.subscriptions).toBe(innerSubs);
    });

    assert.equal(dropped, ['c']);
  });

  test('passes an inner error and drops the waiting values', () => {
    const dropped: string[] = [];

    marbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const source = hot('  -abc-----');
      const subs = '        ^----!   ';
      const inner = cold('   --r-#   ', undefined, new Error('broken'));
      const innerSubs = '   -^---!   ';
      const expected = '    ---r-#   ';

      const result = source.pipe(
        inferEvery(() => inner, { onDropped: (v) => void dropped.push(v) }),
      );

      expectObservable(result).toBe(expected, undefined, new Error('broken'));
      expectSubscriptions(source.subscriptions).toBe(subs);
      expectSubscriptions(inner.subscriptions).toBe(innerSubs);
    });

    assert.equal(dropped, ['b', 'c']);
  });

  test('unsubscribes source and inner and drops the waiting values when unsubscribed early', () => {
    const dropped: string[] = [];

    marbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const source = hot('  -abc-----|');
      const unsub = '       ^----!    ';
      const subs = '        ^----!    ';
      const inner = cold('   --r---r| ');
      const innerSubs = '   -^---!    ';
      const expected = '    ---r--    ';

      const result = source.pipe(
        inferEvery(() => inner, { onDropped: (v) => void dropped.push(v) }),
      );

      expectObservable(result, unsub).toBe(expected);
      expectSubscriptions(source.subscriptions).toBe(subs);
      expectSubscriptions(inner.subscriptions).toBe(innerSubs);
    });

    assert.equal(dropped, ['b', 'c']);
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
        inferEvery((value) => (value === 1 ? counting('inner') : of(value))),
        take(3),
      )
      .subscribe();

    assert.equal(sent, ['source0', 'source1', 'inner0', 'inner1']);
  });

  test('closes as many frames as are opened, on completion, error and unsubscription', () => {
    const endings = [
      { marble: 'abc|', unsub: '^------------', expected: '---r---r---r|', dropped: 0 },
      { marble: 'abc--#', unsub: '^-------------', expected: '---r---r---r#', dropped: 0 },
      { marble: 'abc-', unsub: '^----!', expected: '---r', dropped: 1 },
    ];

    for (const ending of endings) {
      const frames = frameCounter();
      let dropped = 0;

      marbles(({ hot, cold, expectObservable }) => {
        const source = hot(ending.marble).pipe(map(() => frames.open()));
        const result = source.pipe(
          inferEvery((frame) => withFrame(frame, () => cold('---r|')), {
            onDropped: (frame) => {
              dropped += 1;
              frame.close();
            },
          }),
        );
        expectObservable(result, ending.unsub).toBe(ending.expected);
      });

      assert.equal([frames.opened, frames.closed], [3, 3], ending.marble);
      assert.is(dropped, ending.dropped, ending.marble);
    }
  });

  // Special cases.

  test('ends with ERR_BUFFER_FULL when too many values wait, and drops them all', () => {
    const dropped: string[] = [];

    marbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const source = hot('  abcd-----');
      const subs = '        ^--!     ';
      const inner = cold('  ------r| ');
      const innerSubs = '   ^--!     ';
      const expected = '    ---#     ';
      const full = new PipelineError('ERR_BUFFER_FULL', fullMessage(2));

      const result = source.pipe(
        inferEvery(() => inner, { maxBuffered: 2, onDropped: (v) => void dropped.push(v) }),
      );

      expectObservable(result).toBe(expected, undefined, full);
      expectSubscriptions(source.subscriptions).toBe(subs);
      expectSubscriptions(inner.subscriptions).toBe(innerSubs);
    });

    assert.equal(dropped, ['b', 'c', 'd']);
  });

  test('lets 64 values wait by default, and says in the error how many it was', () => {
    const errors: unknown[] = [];
    const observer = { error: (thrown: unknown) => errors.push(thrown) };

    range(0, 65)
      .pipe(inferEvery(() => NEVER))
      .subscribe(observer);
    assert.is(errors.length, 0);
    range(0, 66)
      .pipe(inferEvery(() => NEVER))
      .subscribe(observer);

    const [error] = errors;
    assert.instance(error, PipelineError);
    assert.is((error as PipelineError).code, 'ERR_BUFFER_FULL');
    assert.equal((error as PipelineError).details, { maxBuffered: 64 });
  });

  test('never fills up where the inners are synchronous', () => {
    const seen: number[] = [];

    range(0, 1000)
      .pipe(inferEvery((value) => of(value), { maxBuffered: 1 }))
      .subscribe((value) => seen.push(value));

    assert.is(seen.length, 1000);
  });

  test('takes a value that the consumer sends back while the inner emits', () => {
    const source = new Subject<number>();
    const seen: number[] = [];

    source.pipe(inferEvery((value) => of(value, value))).subscribe((value) => {
      seen.push(value);
      if (seen.length === 1) {
        source.next(2);
        source.next(3);
        source.complete();
      }
    });
    source.next(1);

    assert.equal(seen, [1, 1, 2, 2, 3, 3]);
  });

  test('counts the values in the index', () => {
    marbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const source = hot('  abc|         ');
      const subs = '        ^--!         ';
      const expected = '    ---0---1---2|';

      const result = source.pipe(
        inferEvery((_, index) => cold('---r|').pipe(map(() => String(index)))),
      );

      expectObservable(result).toBe(expected);
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  test('loses no frame of a source that emits when a frame is closed', () => {
    const frames = frameCounter();
    let emit: (() => void) | undefined;
    const source = new Observable<Frame>((subscriber) => {
      emit = () => subscriber.next(frames.open());
      emit();
      emit();
      emit();
      return () => (emit = undefined);
    });

    const subscription = source
      .pipe(
        inferEvery((frame) => withFrame(frame, () => NEVER), {
          onDropped: (frame) => {
            frame.close();
            emit?.();
          },
        }),
      )
      .subscribe();
    subscription.unsubscribe();

    assert.equal([frames.opened, frames.closed], [3, 3]);
  });

  test('hands every waiting value over where onDropped throws for one', async () => {
    const dropped: string[] = [];
    const source = new Subject<string>();
    const subscription = source
      .pipe(
        inferEvery(() => NEVER, {
          onDropped: (value) => {
            dropped.push(value);
            throw new Error(`cannot drop ${value}`);
          },
        }),
      )
      .subscribe();
    source.next('a');
    source.next('b');
    source.next('c');

    await assert.rejects(() => subscription.unsubscribe(), {
      name: 'UnsubscriptionError',
      message: /cannot drop b[^]*cannot drop c/,
    });

    assert.equal(dropped, ['b', 'c']);
    assert.is(source.observed, false);
  });

  test('takes a projection that returns a promise', async () => {
    const result = await lastValueFrom(
      of(1, 2, 3).pipe(
        inferEvery(async (value) => Promise.resolve(value * 2)),
        toArray(),
      ),
    );

    assert.equal(result, [2, 4, 6]);
  });

  test('refuses unknown options and values out of range', async () => {
    await assert.rejects(() => inferEvery(() => EMPTY, { maxBufferd: 1 } as object), {
      name: 'TypeError',
      message: /^Unknown option `maxBufferd` of inferEvery; did you mean `maxBuffered`\?$/,
    });
    await assert.rejects(() => inferEvery(() => EMPTY, { maxBuffered: 0 }), { name: 'RangeError' });
    await assert.rejects(() => inferEvery(() => EMPTY, { maxBuffered: 1.5 }), {
      name: 'RangeError',
    });
  });
});
