import { execFile } from 'node:child_process';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import * as assert from '../../../support/assert.ts';
import { linesOf } from '../../../support/program.ts';
import { ROOT } from '../../../support/sourceFiles.ts';
import { END_TO_END_MS, suite } from '../../../support/suite.ts';
import { temporaryFolder } from '../../../support/temporaryFolder.ts';

const DOOR = pathToFileURL(join(ROOT, 'models/import/index.ts')).href;
const LOADER = pathToFileURL(join(ROOT, 'test/support/typescript.mjs')).href;

suite('models/readme.md, checkpoints', (test) => {
  test(
    'its example prints every tensor',
    async () => {
      const readme = await readFile(join(ROOT, 'models/readme.md'), 'utf8');
      const section = readme.slice(readme.indexOf('## Checkpoints of TensorFlow'));
      const [, code = ''] = /^```ts\n(.*?)^```/ms.exec(section) ?? [];
      await using folder = await temporaryFolder();
      const file = join(folder.path, 'example.mjs');
      await cp(join(ROOT, 'test/fixtures/checkpoint'), join(folder.path, 'checkpoint'), {
        recursive: true,
      });
      await writeFile(file, code.replace("'pix2seq-stream/import'", `'${DOOR}'`));

      const { stdout } = await promisify(execFile)(process.execPath, ['--import', LOADER, file], {
        cwd: folder.path,
        env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined },
      });

      const lines = linesOf(stdout);
      assert.is(lines.length, 11);
      assert.match(
        lines[4] ?? '',
        /^layers\/0\/kernel\/\.ATTRIBUTES\/VARIABLE_VALUE 3x3x2x4 0\.00123/,
      );
    },
    { timeoutMs: END_TO_END_MS },
  );
});
