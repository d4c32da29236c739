import { concatMap, map, Observable, Subject, take } from 'rxjs';
import { sampleFrames } from '../../../operators/flow/sampleFrames.ts';
import type { SampleFramesConfig } from '../../../operators/flow/sampleFrames.ts';
import * as assert from '../../support/assert.ts';
import { frameCounter } from '../../support/frames.ts';
import { marbles } from '../../support/marbles.ts';
import { suite } from '../../support/suite.ts';

/** A frame by its media time alone, or by its index alone. */
const at = (pts: number, index = 0): { pts: number; index: number } => ({ pts, index });

const tenths = {
  a: at(0, 0),
  b: at(0.1, 1),
  c: at(0.2, 2),
  d: at(0.3, 3),
  e: at(0.4, 4),
  f: at(0.5, 5),
};

/** The media times that are kept of the given ones. */
function keptOf(times: readonly number[], perSecond: number): number[] {
  const kept: number[] = [];
  const source = new Subject<{ pts: number; index: number }>();
  source.pipe(sampleFrames({ perSecond })).subscribe(({ pts }) => kept.push(pts));
  times.forEach((pts) => source.next(at(pts)));
  return kept;
}

suite('sampleFrames', (test) => {
  test('keeps at most so many values a second and hands the others over', () => {
    const dropped: number[] = [];

    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('  a--b--c--d--e--f--|', tenths);
      const subs = '        ^-----------------!';
      const expected = '    a-----c-----e-----|';

      const result = source.pipe(
        sampleFrames({ perSecond: 5, onDropped: ({ index }) => void dropped.push(index) }),
      );

      expectObservable(result).toBe(expected, tenths);
      expectSubscriptions(source.subscriptions).toBe(subs);
    });

    assert.equal(dropped, [1, 3, 5]);
  });

  test('completes with an empty source', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold(' --|', tenths);
      const subs = '        ^-!';
      const expected = '    --|';

      expectObservable(source.pipe(sampleFrames({ stride: 2 }))).toBe(expected);
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  test('never ends with a source that never does', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold(' ---', tenths);
      const subs = '        ^--';
      const expected = '    ---';

      expectObservable(source.pipe(sampleFrames({ stride: 2 }))).toBe(expected);
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  test('passes a source error', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold(' ab#', tenths, new Error('lost'));
      const subs = '        ^-!';
      const expected = '    a-#';

      const result = source.pipe(sampleFrames({ stride: 2 }));

      expectObservable(result).toBe(expected, tenths, new Error('lost'));
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  test('sends what onDropped throws down the error channel', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold(' -ab-c|', tenths);
      const subs = '        ^-!   ';
      const expected = '    -a#   ';
      const onDropped = (): never => {
        throw new Error('cannot drop');
      };

      const result = source.pipe(sampleFrames({ stride: 2, onDropped }));

      expectObservable(result).toBe(expected, tenths, new Error('cannot drop'));
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  test('unsubscribes its source when an inner further down errors', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold(' -abc-d-|', tenths);
      const subs = '        ^--!    ';
      const inner = cold('   --#    ', tenths, new Error('broken'));
      const innerSubs = '   -^-!    ';
      const expected = '    ---#    ';

      const result = source.pipe(
        sampleFrames({ stride: 2 }),
        concatMap(() => inner),
      );

      expectObservable(result).toBe(expected, tenths, new Error('broken'));
      expectSubscriptions(source.subscriptions).toBe(subs);
      expectSubscriptions(inner.subscriptions).toBe(innerSubs);
    });
  });

  test('unsubscribes its source when unsubscribed early', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('  -a-b-c-|', tenths);
      const unsub = '       ^---!   ';
      const subs = '        ^---!   ';
      const expected = '    -a---   ';

      expectObservable(source.pipe(sampleFrames({ stride: 2 })), unsub).toBe(expected, tenths);
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  test('stops a synchronous source when unsubscribed', () => {
    const sent: number[] = [];
    const source = new Observable<{ pts: number; index: number }>((subscriber) => {
      for (let i = 0; i < 10 && !subscriber.closed; i++) {
        sent.push(i);
        subscriber.next(at(i, i));
      }
    });

    source.pipe(sampleFrames({ stride: 2 }), take(2)).subscribe();

    assert.equal(sent, [0, 1, 2]);
  });

  test('closes as many frames as are opened, on completion, error and unsubscription', () => {
    const endings = [
      { marble: 'abcd|', unsub: '^----' },
      { marble: 'abcd#', unsub: '^----' },
      { marble: 'abcd-', unsub: '^---!' },
    ];

    for (const { marble, unsub } of endings) {
      const frames = frameCounter();
      let kept = 0;

      marbles(({ hot, expectObservable }) => {
        const result = hot(marble).pipe(
          map(() => frames.open()),
          sampleFrames({ stride: 2, onDropped: (frame) => frame.close() }),
          map((frame) => {
            kept += 1;
            frame.close();
            return 'k';
          }),
        );
        expectObservable(result, unsub).toBe(marble.replace('abcd', 'k-k-'));
      });

      assert.equal([kept, frames.opened, frames.closed], [2, 4, 4], marble);
    }
  });

  // Special cases.

  test('keeps every stride-th value by its index, from the first on', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('  bcdef|', tenths);
      const subs = '        ^----!';
      const expected = '    b--e-|';

      expectObservable(source.pipe(sampleFrames({ stride: 3 }))).toBe(expected, tenths);
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  test('keeps the next value after a hole where the stride-th is missing', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('  ab-de|', tenths);
      const subs = '        ^----!';
      const expected = '    a--de|';

      expectObservable(source.pipe(sampleFrames({ stride: 2 }))).toBe(expected, tenths);
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  test('keeps all values where they come no faster than asked', () => {
    const tenPerSecond = Array.from({ length: 200 }, (_, i) => i / 10);
    const roundedToMs = Array.from({ length: 300 }, (_, i) => Math.round((i * 1000) / 30) / 1000);

    assert.equal(keptOf(tenPerSecond, 10), tenPerSecond);
    assert.equal(keptOf(roundedToMs, 30), roundedToMs);
  });

  test('keeps the mean rate where the frame rate is no multiple of it', () => {
    const twentyFiveASecond = Array.from({ length: 250 }, (_, i) => i / 25);

    assert.is(keptOf(twentyFiveASecond, 12).length, 120);
    assert.is(keptOf(twentyFiveASecond, 10).length, 100);
  });

  test('keeps fewer than one a second', () => {
    assert.equal(keptOf([0, 1, 2, 3, 4, 5, 6], 0.5), [0, 2, 4, 6]);
  });

  test('lets no burst follow a hole', () => {
    assert.equal(keptOf([0, 10, 10.1, 10.2, 10.9, 11, 11.1], 1), [0, 10, 11]);
  });

  test('begins anew when the media time goes backwards', () => {
    assert.equal(keptOf([5, 5.5, 6, 0.3, 0.5, 1.2, 1.3], 1), [5, 6, 0.3, 1.3]);
  });

  test('begins anew when the index goes backwards', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('  abcdbcd|', tenths);
      const subs = '        ^------!';
      const expected = '    a-c-b-d|';

      expectObservable(source.pipe(sampleFrames({ stride: 2 }))).toBe(expected, tenths);
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  test('keeps each subscription apart', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold(' ab|', tenths);
      const first = '       ^-!';
      const second = '      --^-!';
      const sampled = source.pipe(sampleFrames({ stride: 2 }));

      expectObservable(sampled).toBe('a-|', tenths);
      expectObservable(sampled, '--^').toBe('--a-|', tenths);
      expectSubscriptions(source.subscriptions).toBe([first, second]);
    });
  });

  test('refuses both ways at once, neither, unknown options and values out of range', async () => {
    const make = (config: object) => () => sampleFrames(config as SampleFramesConfig<never>);

    await assert.rejects(make({ perSecond: 1, stride: 1 }), {
      name: 'TypeError',
      message: /^Expected exactly one of `perSecond` and `stride` for sampleFrames, got both$/,
    });
    await assert.rejects(make({}), { name: 'TypeError', message: /, got neither$/ });
    await assert.rejects(make({ persecond: 1 }), {
      name: 'TypeError',
      message: /did you mean `perSecond`\?$/,
    });
    await assert.rejects(make({ perSecond: 0 }), { name: 'RangeError' });
    await assert.rejects(make({ stride: 0 }), { name: 'RangeError' });
    await assert.rejects(make({ stride: 1.5 }), { name: 'RangeError' });
    await assert.rejects(make({ stride: '2' }), { name: 'TypeError' });
  });
});
