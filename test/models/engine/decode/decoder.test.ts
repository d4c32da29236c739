import { maxObjects } from '../../../../models/engine/decode/stopping.ts';
import * as assert from '../../../support/assert.ts';
import { suite } from '../../../support/suite.ts';
import { decoderOn, fakeGraph, readingOf, spelling } from '../../../support/models/fakeGraph.ts';
import type { FakeGraph } from '../../../support/models/fakeGraph.ts';
import { TINY_TOKENS, tinyInfo } from '../../../support/models/tinyModel.ts';
import type { Decoder } from '../../../../models/engine/decode/decoder.ts';
import type { DecodeOptions, ModelInfo, TokenSequence } from '../../../../models/index.ts';

const TWO = [...TINY_TOKENS.slice(0, 10), 0]; // two objects and the end

/** A decoder whose graph spells a script. */
function scripted(
  script: readonly number[],
  model: ModelInfo = tinyInfo(),
): {
  fake: FakeGraph;
  decoder: Decoder;
  read: (options?: DecodeOptions) => Promise<TokenSequence>;
} {
  const fake = fakeGraph([spelling(script)], model);
  const decoder = decoderOn(fake.session, model);
  return {
    fake,
    decoder,
    read: (options) => decoder.decode(fake.memoryOf(0), readingOf(options, {}, model)),
  };
}

suite('Decoder', (test) => {
  test('feeds the noise id in the place of classes, beside xmax, four calls an object', async () => {
    const { fake, read } = scripted(TWO);

    const found = await read();

    assert.equal([...found.tokens], TWO.slice(0, 10));
    assert.is(found.stop, 'eos');
    assert.equal(
      fake.calls.map(({ tokens }) => tokens),
      [[1], [10], [9], [17], [16, 3], [12], [8], [23], [15, 3]],
    );
    assert.is(found.counts.passes, 9);
    assert.is(found.counts.decoded, 10);
    assert.equal(found.continues, Int32Array.of(-1, -1));
    assert.equal(found.reused, Uint8Array.of(0, 0));
  });

  test('feeds the class itself, five calls an object, where the model wants it', async () => {
    const { fake, read } = scripted(TWO, tinyInfo({ fusedClassStep: false }));

    const found = await read();

    assert.equal([...found.tokens], TWO.slice(0, 10));
    assert.equal(
      fake.calls.map(({ tokens }) => tokens),
      [[1], [10], [9], [17], [16], [4], [12], [8], [23], [15], [5]],
    );
    assert.is(found.counts.passes, 11);
  });

  test('takes no draft where class inputs matter, since those would have to be guessed', async () => {
    const { read } = scripted(TWO, tinyInfo({ fusedClassStep: false }));

    const found = await read({ draft: Int32Array.from(TWO.slice(0, 10)) });

    assert.is(found.counts.drafted, 0);
    assert.is(found.counts.passes, 11);
  });

  test('hands every row it was fed back as the past, with the same memory', async () => {
    const model = tinyInfo({ vocabulary: { ...tinyInfo().vocabulary, prompt: [1, 2, 2] } });
    const { fake, read } = scripted([0, 0, ...TWO], model);

    await read();

    const fed: number[] = [];
    for (const call of fake.calls) {
      assert.equal(call.past, fed);
      assert.is(call.position, fed.length);
      assert.is(call.memory, fake.memoryOf(0)['memory.mean']);
      fed.push(...call.tokens);
    }
    assert.equal(fed, [1, 2, 2, 10, 9, 17, 16, 3, 12, 8, 23, 15, 3]);
    assert.equal(fake.calls[0]?.tokens, [1, 2, 2]); // the prompt is known beforehand
  });

  test('begins every frame with an empty past', async () => {
    const { fake, read } = scripted(TWO);

    const first = await read();
    const second = await read();

    assert.equal(second.tokens, first.tokens);
    assert.equal(second.counts, first.counts);
    assert.equal(fake.calls[9], fake.calls[0]);
  });

  test('finds nothing in one call where the model ends at once', async () => {
    const found = await scripted([0]).read();

    assert.is(found.tokens.length, 0);
    assert.is(found.scores.length, 0);
    assert.is(found.stop, 'eos');
    assert.is(found.final, true);
    assert.is(found.counts.passes, 1);
  });

  test('reads the class off the classes alone and scores it over the whole vocabulary', async () => {
    const { tokens, scores, noises } = await scripted([10, 9, 17, 16, 20, 0]).read(); // no class there

    assert.is(tokens[4], 4);
    const chance = 1 / (Math.exp(14) + 23);
    assert.close(scores, [chance], { abs: chance / 1e4 });
    assert.close(noises, [chance], { abs: chance / 1e4 });
  });

  test('tells how probable it is that an object is noise', async () => {
    const { noises, scores } = await scripted([10, 9, 17, 16, 3, 0]).read();

    assert.close(noises, [1], { abs: 1e-4 });
    assert.close(scores, [0], { abs: 1e-4 });
  });

  test('keeps coordinates at coordinate places, unless the type mask is off', async () => {
    const { read } = scripted([10, 5, 17, 0, 4, 0]); // a class for xmin, the end for xmax

    assert.equal([...(await read()).tokens], [10, 8, 17, 8, 4]);
    assert.equal([...(await read({ typeMask: false })).tokens], [10, 5, 17, 0, 4]);
  });

  test('goes on past an end whose logit is lowered enough', async () => {
    const { read } = scripted([0, ...TWO.slice(1)]);

    assert.is((await read({ eosOffset: 13.9, maxObjects: 1 })).stop, 'eos');
    assert.is((await read({ eosOffset: 14.1, maxObjects: 1 })).stop, 'maxObjects');
  });

  test('holds a hundred objects and no more', async () => {
    const endless = Array.from({ length: 600 }, (_, i) => TINY_TOKENS[i % 5]!);
    const { decoder, fake, read } = scripted(endless);

    const found = await read();

    assert.is(found.scores.length, 100);
    assert.is(found.counts.passes, 401);
    const boundless = { ...readingOf({}, {}, tinyInfo()), rules: [] };
    await assert.rejects(decoder.decode(fake.memoryOf(0), boundless), {
      message: /whole sequence/,
    });
    const bound = { ...boundless, rules: [maxObjects(2)] };
    assert.is((await decoder.decode(fake.memoryOf(0), bound)).scores.length, 2);
  });

  test('passes on what a callback throws and is fit for the next frame', async () => {
    const { decoder, fake, read } = scripted(TWO);
    const onObject = (): never => {
      throw new Error('callback');
    };

    const failed = decoder.decode(fake.memoryOf(0), readingOf({}, { onObject }, tinyInfo()));
    await assert.rejects(failed, { message: /^callback$/ });

    assert.is((await read()).scores.length, 2);
  });
});
