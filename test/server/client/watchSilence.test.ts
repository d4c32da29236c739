import { watchSilence } from '../../../server/client/watchSilence.ts';
import * as assert from '../../support/assert.ts';
import { marbles } from '../../support/marbles.ts';
import { suite } from '../../support/suite.ts';

const createError = (): Error => new Error('dead');

suite('watchSilence', (test) => {
  test('asks after one silent turn, and ends after two', () => {
    let numAsked = 0;
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('a-----------');
      const subs = '       ^-----------!';
      const expected = '   a-----------#';

      const onSilent = (): void => void (numAsked += 1);
      const watched = source.pipe(watchSilence({ turnMs: 4, onSilent, createError }));

      expectObservable(watched).toBe(expected, undefined, new Error('dead'));
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
    assert.is(numAsked, 1);
  });

  test('goes on where the source answers', () => {
    let numAsked = 0;
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('a---------b-----c-----d--|');
      const subs = '       ^------------------------!';
      const expected = '   a---------b-----c-----d--|';

      const onSilent = (): void => void (numAsked += 1);
      const watched = source.pipe(watchSilence({ turnMs: 4, onSilent, createError }));

      expectObservable(watched).toBe(expected);
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
    assert.is(numAsked, 2);
  });

  test('passes errors on, and leaves the source when its subscriber leaves', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const config = { turnMs: 4, onSilent: () => undefined, createError };
      const failing = cold('a--#');
      const failingSubs = ' ^--!';
      const left = cold('   a--b--c');
      const leftSubs = '    ^---!';

      expectObservable(failing.pipe(watchSilence(config))).toBe('a--#');
      expectObservable(left.pipe(watchSilence(config)), '^---!').toBe('a--b');
      expectSubscriptions(failing.subscriptions).toBe(failingSubs);
      expectSubscriptions(left.subscriptions).toBe(leftSubs);
    });
  });

  test('watches nothing with a turn of 0', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('a-------------------b');
      const subs = '       ^-------------------------';
      const expected = '   a-------------------b';

      const config = { turnMs: 0, onSilent: () => undefined, createError };

      expectObservable(source.pipe(watchSilence(config))).toBe(expected);
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });
});
