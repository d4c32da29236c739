/** What `npm ci` does in this folder. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from './support/assert.ts';
import { ROOT } from './support/sourceFiles.ts';
import { END_TO_END_MS, suite } from './support/suite.ts';

suite('package', (test) => {
  test('lets no dependency run a script when it is installed, as onnxruntime-node would download CUDA', () => {
    const lock = readFileSync(join(ROOT, 'package-lock.json'), 'utf8');

    // npm 10 goes by this mark and knows no `allowScripts`; whoever updates a dependency takes it out again
    assert.not.match(lock, /hasInstallScript/);
  });

  test(
    'has no configuration that npm does not know',
    () => {
      const { stderr } = spawnSync('npm', ['config', 'get', 'omit-lockfile-registry-resolved'], {
        cwd: ROOT,
        encoding: 'utf8',
        shell: process.platform === 'win32', // npm is a script there
      });

      assert.not.match(stderr, /project config/);
    },
    { timeoutMs: END_TO_END_MS },
  );
});
