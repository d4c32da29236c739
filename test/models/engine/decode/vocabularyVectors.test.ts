/** The same vectors as `test/training/test_vocabulary.py`: training and runtime speak one language. */
import { readFile } from 'node:fs/promises';
import { tokenToClass, unitToToken } from '../../../../models/engine/decode/vocabulary.ts';
import type { Vocabulary } from '../../../../models/index.ts';
import * as assert from '../../../support/assert.ts';
import { suite } from '../../../support/suite.ts';

interface Vectors {
  readonly coordinates: readonly {
    readonly bins: number;
    readonly units: readonly number[];
    readonly tokens: readonly number[];
  }[];
  readonly classes: {
    readonly numLabels: number;
    readonly indices: readonly number[];
    readonly tokens: readonly number[];
    /** Tokens that stand for no label. */
    readonly noClasses: readonly number[];
  };
}

function vocabularyOf(bins: number): Vocabulary {
  return {
    size: 1000 + bins,
    eos: 0,
    prompt: [10],
    noise: 30,
    classBase: 100,
    coordinateBase: 1000,
    bins,
  };
}

suite('vocabulary, as the training recipe has it', (test) => {
  let vectors: Vectors;

  test.before(async () => {
    const text = await readFile(
      new URL('../../../fixtures/vocabulary.json', import.meta.url),
      'utf8',
    );
    vectors = JSON.parse(text) as Vectors;
  });

  test('turns unit coordinates into the same tokens', () => {
    assert.ok(vectors.coordinates.length > 0);
    for (const { bins, units, tokens } of vectors.coordinates) {
      const vocabulary = vocabularyOf(bins);
      assert.equal(
        units.map((unit) => unitToToken(unit, vocabulary)),
        tokens,
        `${bins} bins`,
      );
    }
  });

  test('reads the same class tokens', async () => {
    const { numLabels, indices, tokens, noClasses } = vectors.classes;
    const vocabulary = vocabularyOf(1000);

    assert.equal(
      tokens.map((token) => tokenToClass(token, vocabulary, numLabels)),
      indices,
    );
    for (const token of noClasses) {
      await assert.rejects(() => tokenToClass(token, vocabulary, numLabels), {
        code: 'ERR_TOKEN_RANGE',
      });
    }
  });
});
