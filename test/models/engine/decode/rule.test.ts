import { resolveDecodeOptions } from '../../../../models/engine/decode/decodeOptions.ts';
import { createRule } from '../../../../models/engine/decode/rule.ts';
import type { Choice } from '../../../../models/engine/decode/rule.ts';
import type { DecodeOptions } from '../../../../models/index.ts';
import * as assert from '../../../support/assert.ts';
import { suite } from '../../../support/suite.ts';
import { tinyInfo } from '../../../support/models/tinyModel.ts';

const YMIN = 1; // its position behind the prompt
const XMIN = 2;

/** What the rule picks of logits given by token, 0 for all others. */
function pick(
  options: DecodeOptions,
  logits: Readonly<Record<number, number>>,
  expected?: number,
  position = XMIN,
): Choice {
  const row = new Float32Array(24); // coordinates are 8 to 23, the end is 0
  for (const [token, logit] of Object.entries(logits)) {
    row[Number(token)] = logit;
  }
  return createRule(resolveDecodeOptions(options, tinyInfo()), tinyInfo())(row, position, expected);
}

const both = (token: number): Choice => ({ token, fed: token });

suite('createRule', (test) => {
  test('takes the arg-max, whatever the draft has, under off, exact and refine', () => {
    for (const reuse of ['off', 'exact', 'refine'] as const) {
      assert.equal(pick({ reuse }, { 12: 3, 13: 2.9 }, 13), both(12));
    }
  });

  test('keeps the expected token under sticky while it is nearly as probable', () => {
    const sticky = { reuse: 'sticky', stickiness: 0.5 } as const;
    const near = 3 - Math.LN2;

    assert.equal(pick(sticky, { 12: 3, 20: near + 1e-3 }, 20), both(20));
    assert.equal(pick(sticky, { 12: 3, 20: near - 1e-3 }, 20), both(12));
    assert.equal(pick(sticky, { 12: 3, 20: 2.9 }), both(12));
    assert.equal(pick({ ...sticky, stickiness: 1 }, { 12: 3, 20: 2.999 }, 20), both(12));
  });

  test('reports the best token nearby under tolerant and goes on from the expected one', () => {
    const tolerant = { reuse: 'tolerant', tolerance: 2, stickiness: 0.5 } as const;

    assert.equal(pick(tolerant, { 12: 3, 13: 1 }, 14), { token: 12, fed: 14 });
    assert.equal(pick(tolerant, { 12: 3 }, 15), both(12)); // three bins away
    assert.equal(pick(tolerant, { 20: 3, 13: 2.5 }, 14), { token: 13, fed: 14 });
    assert.equal(pick(tolerant, { 20: 3, 13: 2 }, 14), both(20));
    assert.equal(pick({ ...tolerant, tolerance: 0 }, { 12: 3, 13: 2.5 }, 13), both(13));
  });

  test('takes the expected one of equals, then the first', () => {
    const tolerant = { reuse: 'tolerant', tolerance: 2 } as const;

    assert.equal(pick(tolerant, { 13: 3, 14: 3, 15: 3 }, 14), both(14));
    assert.equal(pick(tolerant, { 13: 3, 15: 3 }, 14), { token: 13, fed: 14 });
  });

  test('looks at coordinates alone at both ends of the vocabulary', () => {
    const tolerant = { reuse: 'tolerant', tolerance: 5 } as const;

    assert.equal(pick(tolerant, { 7: 9, 5: 9, 8: 2 }, 9), { token: 8, fed: 9 });
    assert.equal(pick(tolerant, { 23: 2 }, 22), { token: 23, fed: 22 });
    assert.equal(pick(tolerant, { 23: 2 }, 23), both(23));
    assert.equal(pick(tolerant, { 8: 2 }, 8), both(8));
  });

  test('goes on with the draft past an end that is hardly more probable, less its offset', () => {
    const sticky = { reuse: 'sticky', stickiness: 0.5 } as const;

    assert.equal(pick({ ...sticky, eosOffset: 0 }, { 0: 3, 12: 2.5 }, 12, YMIN), both(12));
    assert.equal(pick({ ...sticky, eosOffset: 0 }, { 0: 3, 12: 2 }, 12, YMIN), both(0));
    assert.equal(pick({ ...sticky, eosOffset: 0.5 }, { 0: 3, 12: 2 }, 12, YMIN), both(12));
    assert.equal(pick({ ...sticky, eosOffset: 0 }, { 0: 3, 12: 2 }, 12, XMIN), both(12));
  });

  test('lets no draft change what is drawn at random', () => {
    const drawing = { topP: 0.9, temperature: 3, seed: 2 };
    for (let position = 2; position < 5; position++) {
      const plain = pick({ ...drawing, reuse: 'off' }, { 9: 1, 12: 2 }, undefined, position);
      for (const reuse of ['refine', 'sticky', 'tolerant'] as const) {
        assert.equal(pick({ ...drawing, reuse }, { 9: 1, 12: 2 }, 9, position), plain);
      }
    }
  });
});
