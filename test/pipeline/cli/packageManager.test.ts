import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import * as assert from '../../support/assert.ts';
import { expectBuilt } from '../../support/program.ts';
import { ROOT } from '../../support/sourceFiles.ts';
import { END_TO_END_MS, suite } from '../../support/suite.ts';
import { TINY } from '../../support/models/tinyModel.ts';

suite('npm start', (test) => {
  if (process.platform === 'win32') {
    test.skip('ends at SIGTERM, with everything below', 'Windows has no SIGTERM');
    return;
  }

  test(
    'ends at SIGTERM, with everything below',
    async () => {
      expectBuilt();
      const npm = spawn('npm', ['start', '--', '--port', '0', '--model', TINY], {
        cwd: ROOT,
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      const closed = once(npm, 'close'); // when nobody is left who has its standard error
      const said: string[] = [];
      for await (const line of createInterface({ input: npm.stderr })) {
        said.push(line);
        if (line.startsWith('Look at ')) {
          npm.kill('SIGTERM');
        }
      }
      await closed;

      assert.ok(
        said.some((line) => line.startsWith('Look at ')),
        said.join('\n'),
      );
    },
    { timeoutMs: END_TO_END_MS },
  );
});
