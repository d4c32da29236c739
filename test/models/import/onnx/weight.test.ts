import { reshaped, scaled, sideBySide } from '../../../../models/import/onnx/weight.ts';
import type { Weight } from '../../../../models/import/onnx/weight.ts';
import * as assert from '../../../support/assert.ts';
import { suite } from '../../../support/suite.ts';

function weight(name: string, shape: readonly number[], ...values: number[]): Weight {
  return { name, shape, read: () => Promise.resolve(Float32Array.from(values)) };
}

suite('weights', (test) => {
  test('lie side by side along their last axis', async () => {
    const all = sideBySide('both', [
      weight('a', [2, 1], 1, 2),
      weight('b', [2, 3], 3, 4, 5, 6, 7, 8),
    ]);

    assert.is(all.name, 'both');
    assert.equal(all.shape, [2, 4]);
    assert.equal(await all.read(), Float32Array.of(1, 3, 4, 5, 2, 6, 7, 8));
  });

  test('lie one behind the other where they are vectors', async () => {
    const all = sideBySide('both', [weight('a', [2], 1, 2), weight('b', [1], 3)]);

    assert.equal(all.shape, [3]);
    assert.equal(await all.read(), Float32Array.of(1, 2, 3));
  });

  test('are scaled under a name of their own', async () => {
    const half = scaled('half', weight('a', [2], 1, 3), 0.5);

    assert.is(half.name, 'half');
    assert.equal(await half.read(), Float32Array.of(0.5, 1.5));
  });

  test('take another shape without moving', async () => {
    const flat = reshaped(weight('a', [2, 2], 1, 2, 3, 4), [4]);

    assert.equal(flat.shape, [4]);
    assert.equal(await flat.read(), Float32Array.of(1, 2, 3, 4));
  });
});
