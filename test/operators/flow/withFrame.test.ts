import { concat, EMPTY, lastValueFrom, NEVER, Observable, of, take, throwError } from 'rxjs';
import { withFrame } from '../../../operators/flow/withFrame.ts';
import * as assert from '../../support/assert.ts';
import { frameCounter } from '../../support/frames.ts';
import { marbles } from '../../support/marbles.ts';
import { suite } from '../../support/suite.ts';

suite('withFrame', (test) => {
  test('passes on what the work emits and closes the frame at its end', () => {
    const frames = frameCounter();
    const log: string[] = [];

    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const work = cold('   --r--s|');
      const subs = '        ^-----!';
      const expected = '    --r--s|';
      const frame = frames.open();

      const result = withFrame(frame, (lent) => {
        log.push(lent === frame && !lent.closed ? 'lent' : 'wrong');
        return work;
      });

      expectObservable(result).toBe(expected);
      expectSubscriptions(work.subscriptions).toBe(subs);
    });

    assert.equal(log, ['lent']);
    assert.is(frames.closed, 1);
  });

  test('closes the frame of empty work', () => {
    const frames = frameCounter();

    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const work = cold('   --|');
      const subs = '        ^-!';
      const expected = '    --|';

      expectObservable(withFrame(frames.open(), () => work)).toBe(expected);
      expectSubscriptions(work.subscriptions).toBe(subs);
    });

    assert.is(frames.closed, 1);
  });

  test('keeps the frame open while the work never ends', () => {
    const frames = frameCounter();
    const frame = frames.open();

    const subscription = withFrame(frame, () => NEVER).subscribe();

    assert.is(frame.closed, false);
    subscription.unsubscribe();
    assert.is(frame.closed, true);
  });

  test('passes an error of the work and closes the frame', () => {
    const frames = frameCounter();

    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const work = cold('   -r-#', undefined, new Error('broken'));
      const subs = '        ^--!';
      const expected = '    -r-#';

      const result = withFrame(frames.open(), () => work);

      expectObservable(result).toBe(expected, undefined, new Error('broken'));
      expectSubscriptions(work.subscriptions).toBe(subs);
    });

    assert.is(frames.closed, 1);
  });

  test('sends what the work throws down the error channel and closes the frame', () => {
    const frames = frameCounter();

    marbles(({ expectObservable }) => {
      const expected = '    #';

      const result = withFrame(frames.open(), () => {
        throw new Error('no work');
      });

      expectObservable(result).toBe(expected, undefined, new Error('no work'));
    });

    assert.is(frames.closed, 1);
  });

  test('passes the error of a later part of the work and closes the frame', () => {
    const frames = frameCounter();

    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const first = cold('  -r|   ');
      const firstSubs = '   ^-!   ';
      const second = cold('   --# ', undefined, new RangeError('later'));
      const secondSubs = '  --^-! ';
      const expected = '    -r--# ';

      const result = withFrame(frames.open(), () => concat(first, second));

      expectObservable(result).toBe(expected, undefined, new RangeError('later'));
      expectSubscriptions(first.subscriptions).toBe(firstSubs);
      expectSubscriptions(second.subscriptions).toBe(secondSubs);
    });

    assert.is(frames.closed, 1);
  });

  test('unsubscribes the work and closes the frame when unsubscribed early', () => {
    const frames = frameCounter();

    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const work = cold('   -r---r|');
      const unsub = '       ^--!   ';
      const subs = '        ^--!   ';
      const expected = '    -r--   ';

      expectObservable(
        withFrame(frames.open(), () => work),
        unsub,
      ).toBe(expected);
      expectSubscriptions(work.subscriptions).toBe(subs);
    });

    assert.is(frames.closed, 1);
  });

  test('stops synchronous work when unsubscribed', () => {
    const frames = frameCounter();
    const sent: number[] = [];
    const work = new Observable<number>((subscriber) => {
      for (let i = 0; i < 10 && !subscriber.closed; i++) {
        sent.push(i);
        subscriber.next(i);
      }
    });

    withFrame(frames.open(), () => work)
      .pipe(take(2))
      .subscribe();

    assert.equal(sent, [0, 1]);
    assert.is(frames.closed, 1);
  });

  test('closes as many frames as are opened, on completion, error and unsubscription', () => {
    const frames = frameCounter();
    const ignore = { error: () => undefined };

    withFrame(frames.open(), () => of(1)).subscribe(ignore);
    withFrame(frames.open(), () => throwError(() => new Error('broken'))).subscribe(ignore);
    withFrame(frames.open(), () => NEVER)
      .subscribe(ignore)
      .unsubscribe();

    assert.equal([frames.opened, frames.closed], [3, 3]);
  });

  // Special cases.

  test('closes the frame after the clean-up of the work and after the consumer heard of the end', () => {
    const log: string[] = [];
    const work = new Observable<never>((subscriber) => {
      subscriber.complete();
      return () => log.push('work cleaned up');
    });

    withFrame({ close: () => log.push('closed') }, () => work).subscribe({
      complete: () => log.push('completed'),
    });

    assert.equal(log, ['completed', 'work cleaned up', 'closed']);
  });

  test('closes the frame once', () => {
    let closes = 0;

    const subscription = withFrame({ close: () => (closes += 1) }, () => EMPTY).subscribe();
    subscription.unsubscribe();

    assert.is(closes, 1);
  });

  test('leaves the frame alone until it is subscribed to', () => {
    const frames = frameCounter();
    let started = false;

    withFrame(frames.open(), () => {
      started = true;
      return EMPTY;
    });

    assert.equal([started, frames.closed], [false, 0]);
  });

  test('takes work that is a promise and holds the frame until it settles', async () => {
    const frame = frameCounter().open();

    const result$ = withFrame(frame, async (lent) => {
      await Promise.resolve();
      return lent.image.length;
    });

    assert.is(await lastValueFrom(result$), 48);
    assert.is(frame.closed, true);
  });
});
