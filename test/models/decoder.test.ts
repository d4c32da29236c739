import { Decoder } from '../../models/pix2seq/decoder.ts';
import type { Reading } from '../../models/pix2seq/decoder.ts';
import { resolveDecodeOptions } from '../../models/pix2seq/decodeOptions.ts';
import { maxObjects } from '../../models/pix2seq/stopping.ts';
import { float32Data, float32Tensor } from '../../models/session.ts';
import type { Session, Tensors } from '../../models/session.ts';
import type { DecodeOptions, ModelInfo } from '../../models/index.ts';
import * as assert from '../support/assert.ts';
import { suite } from '../support/suite.ts';
import { TINY_TOKENS, tinyInfo } from './tinyModel.ts';

/** What one call was fed. */
interface Call {
  readonly tokens: readonly number[];
  readonly position: number;
  /** First number of each row of the past. */
  readonly past: readonly number[];
  readonly memory: unknown;
}

/**
 * A decoder graph that plays a script, as `fixtures/models/tiny` does: row i predicts `script[i]`;
 * the cache row of a token is the token, C times.
 */
function scripted(
  script: readonly number[],
  model: ModelInfo,
): { session: Session; calls: Call[] } {
  const { size } = model.vocabulary;
  const calls: Call[] = [];
  const run = async (feeds: Tensors): Promise<Tensors> => {
    const tokens = [...(feeds['tokens']!.data as BigInt64Array)].map(Number);
    const past = float32Data(feeds, 'past');
    const numPast = past.length / model.cacheWidth;
    calls.push({
      tokens,
      position: Number((feeds['position']!.data as BigInt64Array)[0]),
      past: Array.from({ length: numPast }, (_, i) => past[i * model.cacheWidth]!),
      memory: feeds['memory.mean'],
    });
    const logits = new Float32Array(tokens.length * size);
    const rows = new Float32Array(tokens.length * model.cacheWidth);
    for (const [t, token] of tokens.entries()) {
      logits[t * size + (script[numPast + t] ?? model.vocabulary.eos)] = 8;
      rows.fill(token, t * model.cacheWidth, (t + 1) * model.cacheWidth);
    }
    return {
      logits: float32Tensor(logits, [1, tokens.length, size]),
      rows: float32Tensor(rows, [1, tokens.length, model.cacheWidth]),
    };
  };
  const release = (): Promise<void> => Promise.resolve();
  return { session: { file: 'scripted', inputs: [], outputs: [], run, release }, calls };
}

const TWO = [...TINY_TOKENS.slice(0, 10), 0]; // two objects and the end
const memory = { 'memory.mean': float32Tensor(Float32Array.of(0), [1, 1]) };

function reading({
  rules = [],
  onObject,
  ...options
}: DecodeOptions & Partial<Omit<Reading, 'options'>> = {}): Reading {
  return {
    options: resolveDecodeOptions({ eosOffset: 0, ...options }, tinyInfo()),
    rules,
    onObject,
  };
}

suite('Decoder', (test) => {
  test('feeds the noise id in the place of classes, beside xmax, four calls an object', async () => {
    const model = tinyInfo();
    const { session, calls } = scripted(TWO, model);

    const found = await new Decoder(session, model).decode(memory, reading());

    assert.equal([...found.tokens], TWO.slice(0, 10));
    assert.is(found.stop, 'eos');
    assert.equal(
      calls.map(({ tokens }) => tokens),
      [[1], [10], [9], [17], [16, 3], [12], [8], [23], [15, 3]],
    );
    assert.is(found.counts.passes, 9);
    assert.is(found.counts.decoded, 10);
  });

  test('feeds the class itself, five calls an object, where the model wants it', async () => {
    const model = tinyInfo({ fusedClassStep: false });
    const { session, calls } = scripted(TWO, model);

    const found = await new Decoder(session, model).decode(memory, reading());

    assert.equal([...found.tokens], TWO.slice(0, 10));
    assert.equal(
      calls.map(({ tokens }) => tokens),
      [[1], [10], [9], [17], [16], [4], [12], [8], [23], [15], [5]],
    );
    assert.is(found.counts.passes, 11);
  });

  test('hands every row it was fed back as the past, at its position, with the same memory', async () => {
    const model = tinyInfo({ vocabulary: { ...tinyInfo().vocabulary, prompt: [1, 2] } });
    const { session, calls } = scripted([0, ...TWO], model);

    await new Decoder(session, model).decode(memory, reading());

    const fed: number[] = [];
    for (const call of calls) {
      assert.equal(call.past, fed);
      assert.is(call.position, fed.length);
      assert.is(call.memory, memory['memory.mean']);
      fed.push(...call.tokens);
    }
    assert.equal(fed, [1, 2, 10, 9, 17, 16, 3, 12, 8, 23, 15, 3]);
  });

  test('begins every frame with an empty past', async () => {
    const model = tinyInfo();
    const { session, calls } = scripted(TWO, model);
    const decoder = new Decoder(session, model);

    const first = await decoder.decode(memory, reading());
    const second = await decoder.decode(memory, reading());

    assert.equal(second.tokens, first.tokens);
    assert.equal(second.counts, first.counts);
    assert.equal(calls[9], calls[0]);
  });

  test('finds nothing in one call where the model ends at once', async () => {
    const model = tinyInfo();
    const { session } = scripted([0], model);

    const found = await new Decoder(session, model).decode(memory, reading());

    assert.is(found.tokens.length, 0);
    assert.is(found.scores.length, 0);
    assert.is(found.stop, 'eos');
    assert.is(found.final, true);
    assert.is(found.counts.passes, 1);
  });

  test('reads the class off the classes alone and scores it over the whole vocabulary', async () => {
    const model = tinyInfo();
    const { session } = scripted([10, 9, 17, 16, 20, 0], model); // a coordinate where a class belongs

    const { tokens, scores } = await new Decoder(session, model).decode(memory, reading());

    assert.is(tokens[4], 4);
    assert.close(scores, [1 / (Math.exp(8) + 23)], { abs: 1e-7 });
  });

  test('keeps coordinates at coordinate places, unless the type mask is off', async () => {
    const model = tinyInfo();
    const script = [10, 5, 17, 0, 4, 0]; // a class for xmin, the end for xmax
    const read = async (typeMask: boolean): Promise<number[]> => {
      const { session } = scripted(script, model);
      const { tokens } = await new Decoder(session, model).decode(memory, reading({ typeMask }));
      return [...tokens];
    };

    assert.equal(await read(true), [10, 8, 17, 8, 4]);
    assert.equal(await read(false), [10, 5, 17, 0, 4]);
  });

  test('goes on past an end whose logit is lowered enough', async () => {
    const model = tinyInfo();
    const read = async (eosOffset: number): Promise<string> => {
      const { session } = scripted([0, ...TWO.slice(1)], model);
      const rules = [maxObjects(1)];
      return (await new Decoder(session, model).decode(memory, reading({ eosOffset, rules }))).stop;
    };

    assert.is(await read(7.9), 'eos');
    assert.is(await read(8.1), 'maxObjects');
  });

  test('holds a hundred objects and no more', async () => {
    const model = tinyInfo();
    const endless = Array.from({ length: 600 }, (_, i) => TINY_TOKENS[i % 5]!);
    const { session } = scripted(endless, model);
    const decoder = new Decoder(session, model);

    const found = await decoder.decode(memory, reading({ rules: [maxObjects(100)] }));
    assert.is(found.scores.length, 100);
    assert.is(found.counts.passes, 401);
    await assert.rejects(decoder.decode(memory, reading()), { message: /whole sequence/ });
  });

  test('passes on what a callback throws and is fit for the next frame', async () => {
    const model = tinyInfo();
    const { session } = scripted(TWO, model);
    const decoder = new Decoder(session, model);
    const onObject = (): never => {
      throw new Error('callback');
    };

    await assert.rejects(decoder.decode(memory, reading({ onObject })), { message: /^callback$/ });

    assert.is((await decoder.decode(memory, reading())).scores.length, 2);
  });
});
