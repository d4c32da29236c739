import {
  argMax,
  createSampler,
  nucleus,
  probabilities,
} from '../../../../models/engine/decode/sampler.ts';
import type { Allowed, Sampler } from '../../../../models/engine/decode/sampler.ts';
import * as assert from '../../../support/assert.ts';
import { suite } from '../../../support/suite.ts';

const ALL: Allowed = { from: 0, to: 3 };
const settings = { topP: 0, topK: 0, temperature: 1, seed: 0 };

/** Logits whose softmax is the given distribution. */
function logs(...chances: number[]): number[] {
  return chances.map((chance) => Math.log(chance));
}

/** How often each of the first tokens is drawn, 10,000 draws. */
function shares(sampler: Sampler, logits: Float32Array, allowed: Allowed): number[] {
  const counts = Array.from(logits, () => 0);
  for (let i = 0; i < 10_000; i++) {
    counts[sampler(logits, allowed, i)]! += 1;
  }
  return counts.map((count) => count / 10_000);
}

suite('argMax', (test) => {
  test('takes the first of equals', () => {
    assert.is(argMax(Float32Array.of(1, 5, 5, 2, 5), 0, 5), 1);
    assert.is(argMax(Float32Array.of(3, 3, 3), 0, 3), 0);
  });

  test('looks at the range alone, its end left out', () => {
    const values = Float32Array.of(9, 1, 2, 3, 9);

    assert.is(argMax(values, 1, 4), 3);
    assert.is(argMax(values, 1, 3), 2);
    assert.is(argMax(values, 1, 2), 1);
  });

  test('passes over impossible tokens', () => {
    assert.is(argMax(Float32Array.of(-Infinity, -Infinity, -30), 0, 3), 2);
  });
});

suite('probabilities', (test) => {
  test('are a softmax over the whole vocabulary, not over the tokens asked for', () => {
    const row = Float32Array.from(logs(0.5, 0.3, 0.15, 0.05));

    assert.close(probabilities(row, [1, 3]), [0.3, 0.05], { abs: 1e-6 });
  });

  test('survive logits that exp would overflow on', () => {
    assert.close(probabilities(Float32Array.of(1000, 1000, -1000), [0, 1, 2]), [0.5, 0.5, 0], {
      abs: 1e-9,
    });
  });
});

suite('nucleus', (test) => {
  test('keeps the largest set whose mass is at most p, as the official code does', () => {
    const tenths = Array.from({ length: 10 }, () => 0.1);
    const cases: [string, number[], number, number[]][] = [
      ['the first alone is over p', [0.5, 0.3, 0.2], 0.4, [0]],
      ['the second would go over p', [0.39, 0.31, 0.3], 0.4, [0]],
      ['where the usual nucleus keeps one more', [0.5, 0.3, 0.2], 0.6, [0]],
      ['two fit', [0.5, 0.3, 0.2], 0.85, [0, 1]],
      ['three fit', [0.1, 0.2, 0.3, 0.4], 0.92, [3, 2, 1]],
      ['equals of the last one kept', tenths, 0.4, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
      ['equals of the last one, others out', [0.1, 0.35, 0.35, 0.2], 0.5, [1, 2]],
      ['p nearly 0', [0.2, 0.5, 0.3], 1e-9, [1]],
    ];

    for (const [title, chances, topP, kept] of cases) {
      assert.equal(nucleus(logs(...chances), 0, topP), kept, title);
    }
  });

  test('keeps all for p 1 and k 0, most probable first', () => {
    assert.equal(nucleus(logs(0.2, 0.5, 0.3), 0, 1), [0, 1, 2]);
  });

  test('keeps the k most probable and equals of the k-th', () => {
    assert.equal(nucleus(logs(0.2, 0.5, 0.3), 2, 1), [1, 2]);
    assert.equal(nucleus(logs(0.3, 0.4, 0.3), 2, 1), [1, 0, 2]);
    assert.equal(nucleus(logs(0.3, 0.4, 0.3), 9, 1), [1, 0, 2]);
  });

  test('measures p among the k that are left', () => {
    assert.equal(nucleus(logs(0.5, 0.3, 0.2), 0, 0.85), [0, 1]);
    assert.equal(nucleus(logs(0.5, 0.3, 0.2), 2, 0.85), [0]); // 0.625 and 0.375
  });
});

suite('createSampler', (test) => {
  test('is arg-max for p 0 and for k 1, the first of equals, whatever the seed', () => {
    const logits = Float32Array.of(1, 4, 4, 0);
    const allowed = { from: 0, to: 4 };

    for (const seed of [0, 1, 2, 3]) {
      assert.is(createSampler({ ...settings, seed })(logits, allowed, 0), 1);
      assert.is(createSampler({ ...settings, topP: 1, topK: 1, seed })(logits, allowed, 0), 1);
    }
  });

  test('never takes a token that may not stand there', () => {
    const logits = Float32Array.of(50, 1, 1, 1, 50);
    const allowed = { from: 1, to: 4 };

    assert.is(createSampler(settings)(logits, allowed, 0), 1);
    const drawn = shares(createSampler({ ...settings, topP: 1 }), logits, allowed);
    assert.is(drawn[0], 0);
    assert.is(drawn[4], 0);
  });

  test('takes the end where its logit less the offset is the largest', () => {
    const logits = Float32Array.of(5, 0, 3, 1); // the end, something else, two coordinates
    const sampler = createSampler(settings);
    const range = { from: 2, to: 4 };
    const at = (offset: number): number =>
      sampler(logits, { ...range, eos: { token: 0, offset } }, 0);

    assert.is(sampler(logits, range, 0), 2);
    assert.is(at(0), 0);
    assert.is(at(1.9), 0);
    assert.is(at(2.1), 2);
    assert.is(at(-1), 0);
  });

  test('delays an end that lies inside the range too', () => {
    const logits = Float32Array.of(5, 0, 3, 1);
    const sampler = createSampler(settings);
    const free = { from: 0, to: 4 };

    assert.is(sampler(logits, { ...free, eos: { token: 0, offset: 0 } }, 0), 0);
    assert.is(sampler(logits, { ...free, eos: { token: 0, offset: 2.1 } }, 0), 2);
  });

  test('takes and draws marks beside the range', () => {
    const logits = Float32Array.from(logs(0.4, 0.3, 0.2, 0.1));
    const allowed: Allowed = { from: 2, to: 4, marks: [1] };

    assert.is(createSampler(settings)(logits, allowed, 0), 1);
    assert.close(
      shares(createSampler({ ...settings, topP: 1 }), logits, allowed),
      [0, 1 / 2, 1 / 3, 1 / 6],
      { abs: 0.02 },
    );
  });

  test('draws each token as often as its probability says', () => {
    const logits = Float32Array.from(logs(0.5, 0.3, 0.2));
    const drawn = (changes: object): number[] =>
      shares(createSampler({ ...settings, topP: 1, seed: 3, ...changes }), logits, ALL);

    assert.close(drawn({}), [0.5, 0.3, 0.2], { abs: 0.02 });
    assert.close(drawn({ temperature: 0.5 }), [0.25 / 0.38, 0.09 / 0.38, 0.04 / 0.38], {
      abs: 0.02,
    });
    assert.close(drawn({ topP: 0.85 }), [0.625, 0.375, 0], { abs: 0.02 });
    assert.close(drawn({ topK: 2 }), [0.625, 0.375, 0], { abs: 0.02 });
    assert.close(drawn({ topP: 0.4 }), [1, 0, 0], { abs: 0 });
  });

  test('draws the end as often as its probability less the offset says', () => {
    const logits = Float32Array.from(logs(0.5, 0.3, 0.2));
    const sampler = createSampler({ ...settings, topP: 1, seed: 9 });

    const beside = { from: 1, to: 3, eos: { token: 0, offset: Math.log(2) } };
    assert.close(shares(sampler, logits, beside), [1 / 3, 0.4, 4 / 15], { abs: 0.02 });
    const inside = { from: 0, to: 3, eos: { token: 0, offset: Math.log(2) } };
    assert.close(shares(sampler, logits, inside), [1 / 3, 0.4, 4 / 15], { abs: 0.02 });
  });

  test('repeats its draws for a seed and differs between seeds', () => {
    const logits = new Float32Array(100);
    const draws = (seed: number): number[] => {
      const sampler = createSampler({ ...settings, topP: 1, seed });
      return Array.from({ length: 50 }, (_, i) => sampler(logits, { from: 0, to: 100 }, i));
    };

    assert.equal(draws(7), draws(7));
    assert.not.equal(draws(7), draws(8));
    assert.not.equal(draws(-1), draws(0));
  });

  test('draws for a position the same whatever was drawn before', () => {
    const logits = new Float32Array(100);
    const allowed = { from: 0, to: 100 };
    const sampler = createSampler({ ...settings, topP: 1, seed: 4 });
    const inOrder = Array.from({ length: 20 }, (_, i) => sampler(logits, allowed, i));

    const backwards = Array.from({ length: 20 }, (_, i) => sampler(logits, allowed, 19 - i));

    assert.equal(backwards.toReversed(), inOrder);
    assert.ok(new Set(inOrder).size > 10);
  });
});
