import { Cache } from '../../../../models/engine/decode/cache.ts';
import type { Step, StepResult } from '../../../../models/engine/decode/stepRunner.ts';
import { StepBatcher } from '../../../../models/engine/decode/stepBatcher.ts';
import * as assert from '../../../support/assert.ts';
import { suite } from '../../../support/suite.ts';

const step = (token: number): Step => ({ memory: {}, tokens: [token], cache: new Cache(1, 1) });
const answer = ({ tokens }: Step): StepResult => ({
  logits: Float32Array.from(tokens),
  rows: Float32Array.from(tokens),
});

/** A batcher that answers each step with its token, and tells which steps went together. */
function echoing(): { steps: StepBatcher; runs: number[][] } {
  const runs: number[][] = [];
  let isRunning = false;
  const steps = new StepBatcher(async (together) => {
    assert.not(isRunning, 'runs do not overlap');
    isRunning = true;
    runs.push(together.map(({ tokens }) => tokens[0] ?? NaN));
    await Promise.resolve();
    isRunning = false;
    return together.map(answer);
  });
  return { steps, runs };
}

/** Reads the given tokens one after the other. @returns what was answered */
function reads(steps: StepBatcher, tokens: readonly number[]): Promise<number[]> {
  return steps.reading(async () => {
    const answers: number[] = [];
    for (const token of tokens) {
      answers.push((await steps.run(step(token))).logits[0] ?? NaN);
    }
    return answers;
  });
}

suite('StepBatcher', (test) => {
  test('lets a frame that is read alone wait for nobody', async () => {
    const { steps, runs } = echoing();

    assert.equal(await reads(steps, [1, 2, 3]), [1, 2, 3]);

    assert.equal(runs, [[1], [2], [3]]);
  });

  test('takes the steps of several frames together, and gives each its own answer', async () => {
    const { steps, runs } = echoing();

    const answers = await Promise.all([reads(steps, [1, 2]), reads(steps, [11, 12])]);

    assert.equal(answers, [
      [1, 2],
      [11, 12],
    ]);
    assert.equal(runs, [[1], [11, 2], [12]]); // the first began alone
  });

  test('goes on without a frame that has ended', async () => {
    const { steps, runs } = echoing();

    await Promise.all([reads(steps, [1, 2, 3, 4]), reads(steps, [11]), reads(steps, [21, 22])]);

    assert.equal(
      runs.flat().sort((a, b) => a - b),
      [1, 2, 3, 4, 11, 21, 22],
    );
    assert.ok(runs.length < 7 && runs.some((run) => run.length > 1));
  });

  test('goes on without a frame that made no step at all', async () => {
    const { steps } = echoing();

    const idle = steps.reading(() => Promise.resolve('nothing'));
    const other = reads(steps, [1, 2]);

    assert.is(await idle, 'nothing');
    assert.equal(await other, [1, 2]);
  });

  test('goes on without a frame whose reading throws, which is told of it', async () => {
    const { steps } = echoing();

    const broken = steps.reading(async () => {
      await steps.run(step(5));
      throw new Error('callback');
    });
    const other = reads(steps, [1, 2, 3]);

    await assert.rejects(broken, { message: /^callback$/ });
    assert.equal(await other, [1, 2, 3]);
  });

  test('tells every frame of a run that it failed, and runs the next', async () => {
    let numRuns = 0;
    const steps = new StepBatcher(async (together) => {
      numRuns += 1;
      if (together.length > 1) {
        throw new Error(`run of ${together.length}`);
      }
      return together.map(answer);
    });
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const begin = (token: number): Promise<StepResult> =>
      steps.reading(async () => {
        await held;
        return await steps.run(step(token));
      });

    const [first, second] = [begin(1), begin(2)];
    release();

    await assert.rejects(first, { message: /run of 2/ });
    await assert.rejects(second, { message: /run of 2/ });
    assert.is(numRuns, 1);
    assert.equal(await reads(steps, [7]), [7]);
  });
});
