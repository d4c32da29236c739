import { Cache } from '../../../../models/engine/decode/cache.ts';
import * as assert from '../../../support/assert.ts';
import { suite } from '../../../support/suite.ts';

suite('Cache', (test) => {
  test('begins empty', () => {
    const cache = new Cache(3, 4);

    assert.is(cache.length, 0);
    assert.equal(cache.view(), new Float32Array());
  });

  test('appends one row or several, side by side', () => {
    const cache = new Cache(2, 4);

    cache.append(Float32Array.of(1, 2));
    cache.append(Float32Array.of(3, 4, 5, 6));

    assert.is(cache.length, 3);
    assert.equal(cache.view(), Float32Array.of(1, 2, 3, 4, 5, 6));
  });

  test('copies what is appended', () => {
    const cache = new Cache(2, 1);
    const row = Float32Array.of(1, 2);

    cache.append(row);
    row.fill(9);

    assert.equal(cache.view(), Float32Array.of(1, 2));
  });

  test('gives a view of its own memory, not a copy', () => {
    const cache = new Cache(2, 2);
    cache.append(Float32Array.of(1, 2));

    const first = cache.view();
    cache.append(Float32Array.of(3, 4));

    assert.is(cache.view().buffer, first.buffer);
    assert.equal(first, Float32Array.of(1, 2));
  });

  test('forgets rows that are cut off and appends in their place', () => {
    const cache = new Cache(2, 3);
    cache.append(Float32Array.of(1, 2, 3, 4, 5, 6));

    cache.cut(1);
    assert.is(cache.length, 1);
    cache.append(Float32Array.of(7, 8));

    assert.equal(cache.view(), Float32Array.of(1, 2, 7, 8));
    cache.cut(0);
    assert.equal(cache.view(), new Float32Array());
  });

  test('refuses more rows than it was made for and keeps what it had', async () => {
    const cache = new Cache(2, 2);
    cache.append(Float32Array.of(1, 2));

    await assert.rejects(() => cache.append(Float32Array.of(3, 4, 5, 6)), { message: /whole/ });

    assert.is(cache.length, 1);
    cache.append(Float32Array.of(3, 4)); // exactly full is fine
    assert.is(cache.length, 2);
  });

  test('refuses to be cut to more rows than it holds', async () => {
    const cache = new Cache(2, 4);
    cache.append(Float32Array.of(1, 2));

    await assert.rejects(() => cache.cut(2), { message: /only shortens/ });
  });
});
