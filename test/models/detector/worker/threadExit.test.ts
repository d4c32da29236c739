import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import * as assert from '../../../support/assert.ts';
import { ROOT } from '../../../support/sourceFiles.ts';
import { MODEL_TEST_MS, suite } from '../../../support/suite.ts';

const TYPESCRIPT = join(ROOT, 'test/support/typescript.mjs');
const PROGRAM = join(ROOT, 'test/support/programs/leaveAtWork.ts');
/** One time in three it went well by chance. */
const NUM_RUNS = 3;

/** Runs a program that ends in the way named while its model is at work. */
async function leave(
  way: string,
): Promise<{ code: number | null; signal: NodeJS.Signals | null; stderr: string }> {
  const child = spawn(process.execPath, ['--import', TYPESCRIPT, PROGRAM, way], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const [stderr, [code, signal]] = await Promise.all([text(child.stderr), once(child, 'close')]);
  return { code: code as number | null, signal: signal as NodeJS.Signals | null, stderr };
}

suite('a program that ends while its model is at work', (test) => {
  test(
    'ends as it says, and not by onnxruntime’s hand',
    async () => {
      for (let run = 0; run < NUM_RUNS; run++) {
        assert.equal(await leave('exit'), { code: 7, signal: null, stderr: '' });
      }
    },
    { timeoutMs: MODEL_TEST_MS },
  );

  for (const way of ['error', 'rejection']) {
    test(
      `ends by what nobody caught (${way}), and says it`,
      async () => {
        for (let run = 0; run < NUM_RUNS; run++) {
          const { code, signal, stderr } = await leave(way);

          assert.equal([code, signal], [1, null], stderr);
          assert.match(stderr, 'nobody expected this');
          assert.not.match(stderr, 'terminate called');
        }
      },
      { timeoutMs: MODEL_TEST_MS },
    );
  }
});
