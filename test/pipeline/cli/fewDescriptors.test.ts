import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import * as assert from '../../support/assert.ts';
import { expectBuilt } from '../../support/program.ts';
import { ROOT } from '../../support/sourceFiles.ts';
import { END_TO_END_MS, suite } from '../../support/suite.ts';

suite('serve, where few files may be open', (test) => {
  test.needs('bash');

  test(
    'starts, and ends in good order',
    async () => {
      expectBuilt();
      const program = join(ROOT, 'dist/pipeline/main.js');
      const serve = [process.execPath, program, 'serve', '--port', '0', '--manage'];
      const child = spawn('bash', ['-c', 'ulimit -n 170; exec "$@"', 'bash', ...serve], {
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      let told = '';
      child.stderr.on('data', (chunk) => {
        told += String(chunk);
        if (told.includes('Ctrl-C ends it')) {
          child.kill('SIGTERM');
        }
      });

      const [code] = (await once(child, 'close')) as [number | null];

      assert.is(code, 0, told);
    },
    { timeoutMs: END_TO_END_MS },
  );
});
