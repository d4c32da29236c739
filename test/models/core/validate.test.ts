import {
  expectInteger,
  expectKnownKeys,
  expectNumber,
  expectOneOf,
  suggest,
} from '../../../models/index.ts';
import * as assert from '../../support/assert.ts';
import { suite } from '../../support/suite.ts';

suite('expectNumber', (test) => {
  test('returns what is in range, both ends included', () => {
    assert.is(expectNumber('x', 0, { min: 0, max: 1 }), 0);
    assert.is(expectNumber('x', 1, { min: 0, max: 1 }), 1);
    assert.is(expectNumber('x', -7.5), -7.5);
  });

  test('says the rule and the value', async () => {
    await assert.rejects(() => expectNumber('x', 2, { min: 0, max: 1 }), {
      name: 'RangeError',
      message: /^Expected `x` to be a finite number from 0 to 1, got `2` \(number\)$/,
    });
    await assert.rejects(() => expectNumber('x', -1, { min: 0 }), { message: / >= 0, got `-1`/ });
    await assert.rejects(() => expectNumber('x', 9, { max: 8 }), { message: / <= 8, got `9`/ });
    await assert.rejects(() => expectNumber('x', 0, { above: 0 }), { message: / > 0, got `0`/ });
  });

  test('refuses what is no finite number', async () => {
    for (const value of ['1', null, undefined, true, NaN, Infinity, [1]]) {
      await assert.rejects(() => expectNumber('x', value), { name: 'TypeError', message: /`x`/ });
    }
    await assert.rejects(() => expectNumber('x', null), { message: /got `null` \(null\)$/ });
  });
});

suite('expectInteger', (test) => {
  test('returns whole numbers in range', () => {
    assert.is(expectInteger('n', 3, { min: 1, max: 3 }), 3);
    assert.is(expectInteger('n', -4), -4);
  });

  test('refuses fractions and numbers out of range', async () => {
    await assert.rejects(() => expectInteger('n', 1.5, { min: 1 }), {
      name: 'RangeError',
      message: /^Expected `n` to be a whole number >= 1, got `1.5` \(number\)$/,
    });
    await assert.rejects(() => expectInteger('n', 0, { min: 1 }), { name: 'RangeError' });
    await assert.rejects(() => expectInteger('n', NaN), { name: 'RangeError' });
  });

  test('refuses what is no number', async () => {
    await assert.rejects(() => expectInteger('n', '3'), { name: 'TypeError' });
  });
});

suite('expectOneOf', (test) => {
  test('returns a known value and refuses others with the nearest', async () => {
    const known = ['auto', 'cpu', 'webgpu'] as const;

    assert.is(expectOneOf('device', 'cpu', known), 'cpu');
    await assert.rejects(() => expectOneOf('device', 'webgp', known), {
      name: 'TypeError',
      message:
        /^Expected `device` to be one of auto, cpu, webgpu, got `webgp` \(string\); did you mean `webgpu`\?$/,
    });
    await assert.rejects(() => expectOneOf('device', 5, known), { message: /got `5` \(number\)/ });
  });
});

suite('expectKnownKeys', (test) => {
  test('passes known keys, no keys and no options', () => {
    expectKnownKeys('f', { a: 1 }, ['a', 'b']);
    expectKnownKeys('f', {}, ['a']);
    expectKnownKeys('f', undefined, ['a']);
  });

  test('refuses an unknown key even where its value is undefined', async () => {
    await assert.rejects(() => expectKnownKeys('f', { thread: undefined }, ['threads']), {
      name: 'TypeError',
      message: /^Unknown option `thread` of f; did you mean `threads`\?$/,
    });
  });
});

suite('suggest', (test) => {
  test('is silent where nothing is near or known', () => {
    assert.is(suggest('zebra', ['threads', 'device']), '');
    assert.is(suggest('zebra', []), '');
    assert.is(suggest('devise', ['threads', 'device']), '; did you mean `device`?');
  });
});
