import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as assert from '../../support/assert.ts';
import { findProgram } from '../../support/programs.ts';
import { END_TO_END_MS, suite } from '../../support/suite.ts';
import type { Comparison } from '../../support/models/compareDevices.ts';

/** Limit, milliseconds: a processor that is busy with other tests as well takes minutes for a card's work. */
const LIMIT_MS = 2 * END_TO_END_MS;
const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

async function compare(): Promise<Comparison> {
  const program = fileURLToPath(new URL('../../support/models/compareDevices.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', './test/support/typescript.mjs', program],
    {
      cwd: ROOT,
      env: { ...process.env, VK_DRIVER_FILES: findProgram('vulkan') },
      timeout: LIMIT_MS - 5_000, // ends the program before the test gives up on it
    },
  );
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Comparison;
}

suite('openLocalDetector on webgpu', (test) => {
  test.needs('vulkan');

  test(
    'agrees with the CPU: features closely, tokens exactly',
    async () => {
      const { device, features, tokens, tokensOnCpu } = await compare();

      assert.is(device, 'webgpu');
      assert.equal(tokens, tokensOnCpu);
      assert.is(tokens.length, 10);
      assert.is(Object.keys(features).length, 6);
      for (const [name, difference] of Object.entries(features)) {
        assert.ok(difference < 0.01, `${name} differs by ${difference} of its largest number`);
      }
    },
    { timeoutMs: LIMIT_MS },
  );
});
