import { watchdog } from '../../../../operators/sources/live/watchdog.ts';
import { marbles } from '../../../support/marbles.ts';
import { suite } from '../../../support/suite.ts';

const toLate = (before: string | undefined): Error =>
  new Error(`late after ${before ?? 'nothing'}`);
/** One second between values, three for the first. */
const waitSeconds = (before: string | undefined): number => (before === undefined ? 3 : 1);

suite('watchdog', (test) => {
  test('passes what is in time, and errors for what is late, with a grace of 100 ms', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }, scheduler) => {
      const source = hot('  2s a 999ms b 999ms c 2s        d');
      const subs = '        ^ 5099ms !';
      const expected = '    2s a 999ms b 999ms c 1099ms #    ';

      const result = source.pipe(watchdog(waitSeconds, toLate, scheduler));

      expectObservable(result).toBe(expected, undefined, toLate('c'));
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  test('counts what comes within the grace as in time', () => {
    marbles(({ hot, expectObservable }, scheduler) => {
      const source = hot('  a 1050ms b|');
      const expected = '    a 1050ms b|';
      expectObservable(source.pipe(watchdog(waitSeconds, toLate, scheduler))).toBe(expected);
    });
  });

  test('waits for the first as long as it is told', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }, scheduler) => {
      const source = cold(' -');
      const subs = '        ^ 3099ms !';
      const expected = '    3100ms   #';

      const result = source.pipe(watchdog(waitSeconds, toLate, scheduler));

      expectObservable(result).toBe(expected, undefined, toLate(undefined));
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  test('waits for ever where it is told so', () => {
    marbles(({ hot, expectObservable }, scheduler) => {
      const source = hot('  a 50s b|');
      const expected = '    a 50s b|';
      expectObservable(source.pipe(watchdog(() => Infinity, toLate, scheduler))).toBe(expected);
    });
  });

  test('completes with an empty source, and passes an error', () => {
    marbles(({ cold, expectObservable }, scheduler) => {
      const ended = watchdog(waitSeconds, toLate, scheduler);
      expectObservable(cold('|').pipe(ended)).toBe('|');
      expectObservable(cold('a#').pipe(ended)).toBe('a#');
    });
  });

  test('leaves its source and its timer when unsubscribed', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }, scheduler) => {
      const source = hot('  -a-b-c-');
      const subs = '        ^---!   ';
      const unsub = '       ----!   ';
      const expected = '    -a-b-   ';

      const result = source.pipe(watchdog(waitSeconds, toLate, scheduler));

      expectObservable(result, unsub).toBe(expected);
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  test('passes what its callbacks throw', () => {
    marbles(({ hot, expectObservable }, scheduler) => {
      const source = hot('  a-');
      const broken = (): number => {
        throw new Error('no limit');
      };
      const result = source.pipe(watchdog(broken, toLate, scheduler));
      expectObservable(result).toBe('#', undefined, new Error('no limit'));
    });
  });
});
