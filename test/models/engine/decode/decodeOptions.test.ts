import type { DecodeOptions } from '../../../../models/index.ts';
import { MAX_OBJECTS } from '../../../../models/core/decodeOptions.ts';
import { resolveDecodeOptions } from '../../../../models/engine/decode/decodeOptions.ts';
import * as assert from '../../../support/assert.ts';
import { suite } from '../../../support/suite.ts';
import { tinyInfo } from '../../../support/models/tinyModel.ts';

const model = tinyInfo({ decode: { eosOffset: 2.5, noiseThreshold: 0.9, noisePatience: 3 } });

suite('resolveDecodeOptions', (test) => {
  test('fills in the defaults, the model’s own where it has some', () => {
    assert.equal(resolveDecodeOptions(undefined, model), {
      maxObjects: MAX_OBJECTS,
      topP: 0,
      topK: 0,
      temperature: 1,
      typeMask: true,
      seed: 0,
      draft: new Int32Array(),
      reuse: 'refine',
      stickiness: 0.1,
      tolerance: 0, // a hundredth of 16 bins
      attention: false,
      demand: [],
      budgetMs: 0,
      eosOffset: 2.5,
      noiseThreshold: 0.9,
      noisePatience: 3,
    });
  });

  test('lets an option win over the model', () => {
    const resolved = resolveDecodeOptions({ eosOffset: 0, noiseThreshold: 1 }, model);

    assert.is(resolved.eosOffset, 0);
    assert.is(resolved.noiseThreshold, 1);
    assert.is(resolved.noisePatience, 3);
  });

  test('names the nearest known option for an unknown one', async () => {
    const cases: [string, string][] = [
      ['maxObject', 'maxObjects'],
      ['topp', 'topP'],
      ['eosOfset', 'eosOffset'],
    ];

    for (const [wrong, near] of cases) {
      await assert.rejects(() => resolveDecodeOptions({ [wrong]: 1 }, model), {
        name: 'TypeError',
        message: new RegExp(`\`${wrong}\` of decode; did you mean \`${near}\``),
      });
    }
  });

  test('suggests nothing where nothing is near', async () => {
    const error = await assert.rejects(() => resolveDecodeOptions({ colour: 1 } as object, model), {
      name: 'TypeError',
    });

    assert.is(error.message, 'Unknown option `colour` of decode');
  });

  test('accepts the ends of every range', () => {
    const fine: DecodeOptions[] = [
      { maxObjects: 1 },
      { maxObjects: 100 },
      { topP: 1 },
      { topK: 0 },
      { temperature: 1e-3 },
      { seed: -5 },
      { eosOffset: -3 },
      { noiseThreshold: 0 },
      { noisePatience: 1 },
      { budgetMs: 0.5 },
      { typeMask: false },
      { stickiness: 1e-9 },
      { stickiness: 1 },
      { tolerance: 0 },
      { attention: true },
      { reuse: 'tolerant' },
    ];

    for (const options of fine) {
      const resolved = resolveDecodeOptions(options, model);
      assert.equal({ ...resolved, ...options }, resolved);
    }
  });

  test('refuses values out of range and names the option, the rule and the value', async () => {
    const cases: [DecodeOptions, RegExp][] = [
      [{ maxObjects: 0 }, /`maxObjects` to be .* from 1 to 100, got `0`/],
      [{ maxObjects: 101 }, /`maxObjects` .*got `101`/],
      [{ maxObjects: 2.5 }, /`maxObjects` to be a whole number .*got `2.5`/],
      [{ topP: -0.1 }, /`topP` .* from 0 to 1, got `-0.1`/],
      [{ topP: 1.1 }, /`topP`/],
      [{ topK: -1 }, /`topK` .* >= 0/],
      [{ temperature: 0 }, /`temperature` .* > 0, got `0`/],
      [{ seed: 0.5 }, /`seed`/],
      [{ noiseThreshold: 2 }, /`noiseThreshold`/],
      [{ noisePatience: 0 }, /`noisePatience`/],
      [{ budgetMs: -1 }, /`budgetMs`/],
      [{ stickiness: 0 }, /`stickiness` .* > 0/],
      [{ stickiness: 1.1 }, /`stickiness`/],
      [{ tolerance: -1 }, /`tolerance`/],
      [{ tolerance: 0.5 }, /`tolerance` to be a whole number/],
    ];

    for (const [options, message] of cases) {
      await assert.rejects(() => resolveDecodeOptions(options, model), {
        name: 'RangeError',
        message,
      });
    }
  });

  test('refuses values of the wrong kind', async () => {
    const wrong: object[] = [
      { maxObjects: '5' },
      { topP: null },
      { eosOffset: NaN },
      { budgetMs: Infinity },
      { temperature: undefined },
      { reuse: 'sometimes' },
    ];

    for (const options of wrong) {
      await assert.rejects(() => resolveDecodeOptions(options, model), { name: 'TypeError' });
    }
  });
});
