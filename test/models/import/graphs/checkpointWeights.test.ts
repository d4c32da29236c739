import type {
  TensorInfo,
  TensorSource,
} from '../../../../models/import/checkpoint/tensorSource.ts';
import { CheckpointWeights } from '../../../../models/import/graphs/checkpointWeights.ts';
import * as assert from '../../../support/assert.ts';
import { suite } from '../../../support/suite.ts';

const SUFFIX = '/.ATTRIBUTES/VARIABLE_VALUE';

function sourceOf(
  shapes: Readonly<Record<string, readonly number[]>>,
  dtype: TensorInfo['dtype'] = 'float32',
): TensorSource {
  const infos = Object.entries(shapes).map(
    ([key, shape]) => [key, { key, dtype, shape, bytes: 0 }] as const,
  );
  return {
    tensors: new Map(infos),
    readFloats: (key) => Promise.resolve(Float32Array.of(key.length)),
    close: () => Promise.resolve(),
  };
}

suite('CheckpointWeights', (test) => {
  test('hands out what is there, and reads it under its full key', async () => {
    const weights = new CheckpointWeights(sourceOf({ [`model/a${SUFFIX}`]: [2, 3] }));

    const weight = weights.take('model/a', [2, 3]);

    weights.finish();
    assert.equal(weight.shape, [2, 3]);
    assert.equal(await weight.read(), Float32Array.of(`model/a${SUFFIX}`.length));
  });

  test('counts what was learnt, not what was measured', () => {
    const names = ['bn/gamma', 'bn/moving_mean', 'bn/moving_variance'];
    const shapes = Object.fromEntries(names.map((name) => [`${name}${SUFFIX}`, [4]]));
    const weights = new CheckpointWeights(sourceOf(shapes));

    for (const name of names) {
      weights.take(name, [4]);
    }

    assert.is(weights.numParameters, 4);
  });

  test('leaves the training state alone', () => {
    const weights = new CheckpointWeights(
      sourceOf({
        _CHECKPOINTABLE_OBJECT_GRAPH: [],
        [`save_counter${SUFFIX}`]: [],
        [`global_step${SUFFIX}`]: [],
        [`optimizer/learning_rate${SUFFIX}`]: [],
        [`model/a/.OPTIMIZER_SLOT/optimizer/m${SUFFIX}`]: [2],
      }),
    );

    weights.finish();
  });

  test('lists all that is missing, of another shape and left over', async () => {
    const weights = new CheckpointWeights(
      sourceOf({ [`model/a${SUFFIX}`]: [2], [`model/b${SUFFIX}`]: [1] }),
    );
    weights.take('model/a', [3]);
    weights.take('model/c', [4, 5]);

    const error = await assert.rejects(() => weights.finish(), { code: 'ERR_CHECKPOINT' });

    assert.match(
      error.message,
      '1 missing: model/c [4,5]; ' +
        '1 of another shape: model/a: expected float32 [3], found float32 [2]; 1 unknown: model/b',
    );
  });

  test('refuses numbers of another type', async () => {
    const weights = new CheckpointWeights(sourceOf({ [`model/a${SUFFIX}`]: [2] }, 'int32'));
    weights.take('model/a', [2]);

    await assert.rejects(() => weights.finish(), {
      message: /expected float32 \[2\], found int32/,
    });
  });

  test('lists twenty of a kind at the most', async () => {
    const weights = new CheckpointWeights(sourceOf({}));
    for (let i = 0; i < 25; i++) {
      weights.take(`model/${i}`, [1]);
    }

    const error = await assert.rejects(() => weights.finish(), { code: 'ERR_CHECKPOINT' });

    assert.match(error.message, '25 missing: model/0 [1], ');
    assert.match(error.message, 'model/19 [1], and 5 more');
    assert.not.match(error.message, 'model/20');
  });
});
