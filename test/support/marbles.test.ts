import * as assert from './assert.ts';
import { marbles } from './marbles.ts';
import { suite } from './suite.ts';

suite('marbles', (test) => {
  test('passes where values, errors and subscriptions agree', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('-a-#', { a: { n: [1, NaN] } }, new RangeError('far'));
      const subs = '       ^--!';
      const expected = '   -a-#';

      expectObservable(source).toBe(expected, { a: { n: [1, NaN] } }, new RangeError('far'));
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  test('tells errors apart by name and by message', async () => {
    const compare = (thrown: Error) => () =>
      marbles(({ cold, expectObservable }) => {
        expectObservable(cold('#', undefined, new Error('far'))).toBe('#', undefined, thrown);
      });

    await assert.rejects(compare(new Error('near')), { message: /error Error: near/ });
    await assert.rejects(compare(new RangeError('far')), { message: /error RangeError: far/ });
  });

  test('prints both sides', async () => {
    const compare = (): void =>
      marbles(({ cold, expectObservable, expectSubscriptions }) => {
        const source = cold('-a|', { a: { n: 1 } });
        expectObservable(source).toBe('-a|', { a: { n: 2 } });
        expectSubscriptions(source.subscriptions).toBe('^-!');
      });

    await assert.rejects(compare, { message: /next \{ n: 2 \}[^]*next \{ n: 1 \}/ });
  });

  test('prints subscriptions', async () => {
    const compare = (): void =>
      marbles(({ cold, expectObservable, expectSubscriptions }) => {
        const source = cold('-|');
        expectObservable(source).toBe('-|');
        expectSubscriptions(source.subscriptions).toBe('^--!');
      });

    await assert.rejects(compare, { message: /unsubscribed at 3[^]*unsubscribed at 1/ });
  });
});
