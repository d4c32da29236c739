import { Proposals } from '../../../../models/engine/decode/proposals.ts';
import type { TokenSequence } from '../../../../models/index.ts';
import { float32Tensor } from '../../../../models/engine/session.ts';
import type { Tensors } from '../../../../models/engine/session.ts';
import * as assert from '../../../support/assert.ts';
import { suite } from '../../../support/suite.ts';
import { WIDE, decoderOn, fakeGraph, readingOf } from '../../../support/models/fakeGraph.ts';
import type { FakeGraph } from '../../../support/models/fakeGraph.ts';
import { draftOf, objectAt, showing } from '../../../support/models/scenes.ts';
import type { Tokens } from '../../../support/models/scenes.ts';

const { coordinateBase: BASE, bins } = WIDE.vocabulary;

/** Boxes as an encoder gives them, in bins. */
function proposalsOf(...boxes: readonly (readonly number[])[]): Tensors {
  return { proposals: float32Tensor(Float32Array.from(boxes.flat()), [1, boxes.length, 4]) };
}

function guesses(...boxes: readonly (readonly number[])[]): Proposals {
  return new Proposals(proposalsOf(...boxes), WIDE.vocabulary);
}

suite('Proposals', (test) => {
  const all = guesses([10, 20, 60, 80], [100.4, 20, 160.6, 80], [102, 20, 170, 90]);

  test('expect the next coordinate of the nearest box', () => {
    assert.is(all.expect([BASE + 12]), BASE + 20);
    assert.is(all.expect([BASE + 12, BASE + 21]), BASE + 60);
    assert.is(all.expect([BASE + 102, BASE + 20, BASE + 168]), BASE + 90);
  });

  test('expect the better box where two are as near', () => {
    assert.is(all.expect([BASE + 101, BASE + 20]), BASE + 161);
  });

  test('expect nothing where no box is near, or nothing is known', () => {
    assert.is(all.expect([BASE + 300]), undefined);
    assert.is(all.expect([]), undefined);
  });

  test('are none where the encoder has none', () => {
    const none = new Proposals({}, WIDE.vocabulary);

    assert.is(none.count, 0);
    assert.is(none.expect([BASE + 12]), undefined);
  });

  test('are brought into the vocabulary', () => {
    const beyond = guesses([-7, bins + 50, 10, 10]);

    assert.is(beyond.expect([BASE]), BASE + bins - 1);
  });
});

suite('Decoder with proposals', (test) => {
  const scene = [objectAt(0), objectAt(7), objectAt(13)] as const;
  const boxOf = (object: Tokens, off = 0): number[] =>
    object.slice(0, 4).map((token) => token - BASE + off);
  const read = async (
    boxes: readonly (readonly number[])[],
    reuse: 'off' | 'refine' | 'tolerant',
  ): Promise<{ found: TokenSequence; fake: FakeGraph }> => {
    const fake = fakeGraph([showing(scene)]);
    const memory = { ...fake.memoryOf(0), ...proposalsOf(...boxes) };
    const found = await decoderOn(fake.session).decode(memory, readingOf({ reuse }));
    return { found, fake };
  };

  for (const reuse of ['refine', 'tolerant'] as const) {
    test(`${reuse} takes one call an object and one for the end where they are right`, async () => {
      const { found } = await read(
        scene.map((object) => boxOf(object)),
        reuse,
      );

      assert.equal(found.tokens, draftOf(...scene));
      assert.is(found.counts.passes, 4);
      assert.is(found.counts.accepted, 0); // a proposal is no draft
    });

    test(`${reuse} reads the same where they are wrong`, async () => {
      const wrong = scene.map((object) => boxOf(object, 3));
      const { found } = await read([...wrong, [0, 0, 9, 9]], reuse);

      assert.equal(found.tokens, draftOf(...scene));
    });
  }

  test('does not look at them where nothing is to be reused', async () => {
    const { found } = await read(
      scene.map((object) => boxOf(object)),
      'off',
    );

    assert.equal(found.tokens, draftOf(...scene));
    assert.is(found.counts.passes, 13);
  });
});
