import { Cache } from '../../../../models/engine/decode/cache.ts';
import { StepRunner } from '../../../../models/engine/decode/stepRunner.ts';
import { argMax } from '../../../../models/engine/decode/sampler.ts';
import type { Tensors } from '../../../../models/engine/session.ts';
import * as assert from '../../../support/assert.ts';
import { MODEL_TEST_MS, suite } from '../../../support/suite.ts';
import { SCENES, openBench } from '../../../support/models/clipFrames.ts';
import type { Bench } from '../../../support/models/clipFrames.ts';
import { readingOf } from '../../../support/models/fakeGraph.ts';
import { readPlainly } from '../../../support/models/readPlainly.ts';

const NUM_FRAMES = 8; // of each clip
const MOST = 1e-4;

/** A frame with the tokens that stand in its cache, and the logits after each, one a call. */
interface Fed {
  readonly memory: Tensors;
  readonly tokens: readonly number[];
  readonly logits: Float32Array; // [T, V]
  readonly rows: Float32Array; // [T, C]
}

/** Largest difference, and rows whose arg-max differs. */
function apart(
  found: Float32Array,
  single: Float32Array,
  V: number,
): { most: number; flips: number } {
  assert.is(found.length, single.length);
  let [most, flips] = [0, 0];
  for (let from = 0; from < single.length; from += V) {
    for (let i = from; i < from + V; i++) {
      most = Math.max(most, Math.abs((found[i] ?? NaN) - (single[i] ?? NaN)));
    }
    const best = (all: Float32Array): number => argMax(all, from, from + V);
    flips += best(found) === best(single) ? 0 : 1;
  }
  return { most, flips };
}

suite('numbers of rows computed together', (test) => {
  const withModel = (title: string, work: () => Promise<void>): void =>
    test(title, work, { timeoutMs: MODEL_TEST_MS });
  let bench: Bench;
  let graph: StepRunner;
  const frames: Fed[] = [];

  test.before(async () => {
    bench = await openBench();
    graph = new StepRunner(bench.session, bench.model);
    const { options } = readingOf({ reuse: 'off', maxObjects: 12 }, {}, bench.model);
    for (const path of Object.values(SCENES)) {
      for (const memory of await bench.memoriesOf(path, NUM_FRAMES)) {
        const plain = await readPlainly(bench.session, bench.model, memory, options);
        const read = plain.tokens.map((token, i) =>
          i % 5 < 4 ? token : bench.model.vocabulary.noise,
        );
        frames.push(await single(memory, [...bench.model.vocabulary.prompt, ...read]));
      }
    }
  });
  test.after(() => bench.release());

  async function single(memory: Tensors, tokens: readonly number[]): Promise<Fed> {
    const cache = new Cache(bench.model.cacheWidth, tokens.length);
    const all: number[] = [];
    for (const token of tokens) {
      const [result] = await graph.run([{ memory, tokens: [token], cache }]);
      cache.append(result!.rows);
      all.push(...result!.logits);
    }
    return { memory, tokens, logits: Float32Array.from(all), rows: cache.view() };
  }

  /** The cache after the first tokens of a frame. */
  function cacheOf({ rows }: Fed, length: number): Cache {
    const cache = new Cache(bench.model.cacheWidth, length);
    cache.append(rows.subarray(0, length * bench.model.cacheWidth));
    return cache;
  }

  withModel('differ from single rows by less than 1e-4, and in no arg-max', async () => {
    const V = bench.model.vocabulary.size;
    for (const [i, frame] of frames.entries()) {
      for (const length of [0, 1, 7]) {
        const tokens = frame.tokens.slice(length);

        const [together] = await graph.run([
          { memory: frame.memory, tokens, cache: cacheOf(frame, length) },
        ]);

        const { most, flips } = apart(together!.logits, frame.logits.subarray(length * V), V);
        assert.ok(most < MOST, `frame ${i} from ${length}: ${most}`);
        assert.is(flips, 0);
        assert.close(together!.rows, frame.rows.subarray(length * bench.model.cacheWidth), {
          abs: MOST,
        });
      }
    }
  });

  withModel('differ as little in a batch of frames of different lengths', async () => {
    const V = bench.model.vocabulary.size;
    for (let i = 0; i < frames.length; i++) {
      const lanes = [
        { frame: frames[i]!, past: 0, length: 3 + i },
        { frame: frames[(i + 9) % frames.length]!, past: 5 + i, length: 1 },
        { frame: frames[(i + 17) % frames.length]!, past: 12, length: 8 },
      ].map(({ frame, past, length }) => {
        const from = Math.min(past, frame.tokens.length - 1);
        const tokens = frame.tokens.slice(from, from + length);
        return { frame, from, step: { memory: frame.memory, tokens, cache: cacheOf(frame, from) } };
      });

      const results = await graph.run(lanes.map(({ step }) => step));

      for (const [b, { frame, from, step }] of lanes.entries()) {
        const singles = frame.logits.subarray(from * V, (from + step.tokens.length) * V);
        const { most, flips } = apart(results[b]!.logits, singles, V);
        assert.ok(most < MOST, `frame ${i}, lane ${b}: ${most}`);
        assert.is(flips, 0);
      }
    }
  });

  withModel('are those of a fresh start after a wrong guess was cut off', async () => {
    const V = bench.model.vocabulary.size;
    for (const frame of frames.slice(0, 6)) {
      const cache = new Cache(bench.model.cacheWidth, frame.tokens.length + 40);
      const { memory, tokens } = frame;
      const wrong = tokens.slice(6, 12).map((token) => (token >= 1000 ? 1250 : token));
      const [first] = await graph.run([
        { memory, tokens: [...tokens.slice(0, 6), ...wrong], cache },
      ]);
      cache.append(first!.rows);
      cache.cut(6);

      const [after] = await graph.run([{ memory, tokens: tokens.slice(6), cache }]);

      const { most, flips } = apart(after!.logits, frame.logits.subarray(6 * V), V);
      assert.ok(most < MOST, String(most));
      assert.is(flips, 0);
    }
  });
});
