import { join } from 'node:path';
import { Cache } from '../../../../models/engine/decode/cache.ts';
import { StepRunner } from '../../../../models/engine/decode/stepRunner.ts';
import type { Step } from '../../../../models/engine/decode/stepRunner.ts';
import { float32Data, float32Tensor, openSession } from '../../../../models/engine/session.ts';
import type { Session, Tensors } from '../../../../models/engine/session.ts';
import * as assert from '../../../support/assert.ts';
import { suite } from '../../../support/suite.ts';
import { WIDE, fakeGraph, spelling } from '../../../support/models/fakeGraph.ts';
import { TINY, TINY_TOKENS, tinyInfo } from '../../../support/models/tinyModel.ts';

const scenes = [spelling([100]), spelling([200, 201]), spelling([300, 301, 302])];

/** A cache with the rows of the given tokens, each row its token. */
function cacheOf(...tokens: readonly number[]): Cache {
  const cache = new Cache(WIDE.cacheWidth, 8);
  for (const token of tokens) {
    cache.append(new Float32Array(WIDE.cacheWidth).fill(token));
  }
  return cache;
}

/** The session, with its feeds kept. */
function watched(session: Session): { session: Session; feeds: Tensors[] } {
  const feeds: Tensors[] = [];
  const run: Session['run'] = (given) => (feeds.push(given), session.run(given));
  return { session: { ...session, run }, feeds };
}

const best = (logits: Float32Array): number[] =>
  Array.from({ length: logits.length / 408 }, (_, t) => {
    const row = logits.subarray(t * 408, (t + 1) * 408);
    return row.indexOf(Math.max(...row));
  });

suite('StepRunner', (test) => {
  test('hands a single frame over as it is, without a copy', async () => {
    const fake = fakeGraph(scenes);
    const { session, feeds } = watched(fake.session);
    const cache = cacheOf(1, 5);
    const memory = fake.memoryOf(2);

    const [result] = await new StepRunner(session, WIDE).run([{ memory, tokens: [9], cache }]);

    assert.equal(best(result!.logits), [302]);
    const { past, tokens, position } = feeds[0]!;
    assert.is((past!.data as Float32Array).buffer, cache.view().buffer);
    assert.is(feeds[0]!['memory.mean'], memory['memory.mean']);
    assert.equal([past!.dims, tokens!.dims, position!.dims], [[1, 2, 4], [1, 1], [1]]);
  });

  test('pads shorter pasts in front and shorter steps behind, and leaves the padding out', async () => {
    const fake = fakeGraph(scenes);
    const { session, feeds } = watched(fake.session);
    const steps: Step[] = [
      { memory: fake.memoryOf(0), tokens: [1], cache: cacheOf() },
      { memory: fake.memoryOf(2), tokens: [7, 8], cache: cacheOf(5) },
      { memory: fake.memoryOf(1), tokens: [9], cache: cacheOf(5) },
    ];

    const results = await new StepRunner(session, WIDE).run(steps);

    assert.equal(
      results.map(({ logits }) => best(logits)),
      [[100], [301, 302], [201]],
    );
    assert.equal(
      results.map(({ rows }) => [...rows]),
      [
        [1, 1, 1, 1],
        [7, 7, 7, 7, 8, 8, 8, 8],
        [9, 9, 9, 9],
      ],
    );
    assert.equal(
      fake.calls.map(({ tokens, position, past }) => [tokens, position, past]),
      [
        [[1, 1], 0, []],
        [[7, 8], 1, [5]],
        [[9, 9], 1, [5]],
      ],
    );
    assert.equal([...float32Data(feeds[0]!, 'past')], [0, 0, 0, 0, 5, 5, 5, 5, 5, 5, 5, 5]);
  });

  test('gives each frame its own maps of attention', async () => {
    const fake = fakeGraph(scenes, WIDE, { attention: true });

    const results = await new StepRunner(fake.session, WIDE).run([
      { memory: fake.memoryOf(0), tokens: [1], cache: cacheOf(4, 4) },
      { memory: fake.memoryOf(1), tokens: [7, 8], cache: cacheOf(5) },
    ]);

    assert.equal(
      results.map(({ attention }) => attention?.map(({ shares }) => [...shares])),
      [
        [[2, 1]],
        [
          [1, 7],
          [2, 8],
        ],
      ],
    );
  });

  test('puts the memory of the same frames side by side once, and anew for others', async () => {
    const fake = fakeGraph(scenes);
    const { session, feeds } = watched(fake.session);
    const graph = new StepRunner(session, WIDE);
    const run = (...frames: readonly number[]): Promise<unknown> =>
      graph.run(frames.map((i) => ({ memory: fake.memoryOf(i), tokens: [1], cache: cacheOf() })));

    await run(0, 1);
    await run(0, 1);
    await run(1, 2);
    await run(2);
    await run(0, 1, 2);

    const memories = feeds.map((given) => given['memory.mean']!);
    assert.is(memories[1], memories[0]);
    assert.is.not(memories[2], memories[1]);
    assert.equal(
      memories.map(({ data }) => [...(data as Float32Array)]),
      [[0, 1], [0, 1], [1, 2], [2], [0, 1, 2]],
    );
  });

  test('names the output that does not hold what the contract wants', async () => {
    const fake = fakeGraph(scenes);
    const run: Session['run'] = async (given) => ({
      ...(await fake.session.run(given)),
      rows: float32Tensor(new Float32Array(3), [1, 1, 3]),
    });
    const graph = new StepRunner({ ...fake.session, run }, WIDE);

    const step = { memory: fake.memoryOf(0), tokens: [1], cache: cacheOf() };

    await assert.rejects(graph.run([step]), {
      code: 'ERR_MODEL_CONTRACT',
      message: /output `rows` of fake to hold 1 x 4 numbers, got 3/,
    });
  });

  test('reads several frames of a real graph at once as it reads each alone', async () => {
    const model = tinyInfo();
    const session = await openSession(join(TINY, 'attention.onnx'), { device: 'cpu', threads: 1 });
    const graph = new StepRunner(session, model);
    const at = (position: number, mean: number, length: number): Step => ({
      memory: { 'memory.mean': float32Tensor(Float32Array.of(mean), [1, 1]) },
      tokens: TINY_TOKENS.slice(position, position + length),
      cache: cacheOf(...TINY_TOKENS.slice(0, position)),
    });
    const steps = [at(0, 0, 3), at(5, 1, 1), at(3, 0.5, 4)];

    const together = await graph.run(steps);

    for (const [b, step] of steps.entries()) {
      const [alone] = await graph.run([step]);
      assert.equal(together[b], alone, `frame ${b}`);
    }
    await session.release();
  });
});
