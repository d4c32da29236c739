import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as assert from '../support/assert.ts';
import { linesOf, runProgram } from '../support/program.ts';
import { END_TO_END_MS, suite } from '../support/suite.ts';
import { temporaryFolder } from '../support/temporaryFolder.ts';

const LIMIT = { timeoutMs: END_TO_END_MS };
const BY_TENSORFLOW = fileURLToPath(new URL('../fixtures/checkpoint', import.meta.url));

suite('importCommand', (test) => {
  test(
    'lists the tensors of a checkpoint',
    async () => {
      const told = JSON.parse(await readFile(`${BY_TENSORFLOW}/tensors.json`, 'utf8')) as object;

      const run = await runProgram(['import', BY_TENSORFLOW, '--list']);

      const lines = linesOf(run.stdout).map((line) => line.split('\t'));
      assert.equal([run.code, run.stderr], [0, '']);
      assert.equal(
        lines.map(([key]) => key),
        Object.keys(told),
      );
      assert.equal(
        lines.find(([key]) => key?.startsWith('layers/2/kernel')),
        ['layers/2/kernel/.ATTRIBUTES/VARIABLE_VALUE', 'float32', '3x3x2x4'],
      );
    },
    LIMIT,
  );

  test(
    'ends in good order where the reader of the list has seen enough',
    async () => {
      const run = await runProgram(['import', BY_TENSORFLOW, '--list'], { pipeTo: 'head -1' });

      assert.equal([run.code, run.stderr], [0, '']);
      assert.is(linesOf(run.stdout).length, 1);
    },
    LIMIT,
  );

  test(
    'says in one line what is wrong, and leaves nothing',
    async () => {
      await using folder = await temporaryFolder();
      await writeFile(join(folder.path, 'letter.txt'), 'no model');
      const out = join(folder.path, 'model');
      const cases: [string[], number, RegExp][] = [
        [[], 2, /missing required argument 'checkpoint-dir'/],
        [[BY_TENSORFLOW], 2, /Expected `--out DIR`.*or `--list`/],
        [[BY_TENSORFLOW, '--list', '--fp16'], 2, /leave out `--out`, `--image-size` and `--fp16`/],
        [[BY_TENSORFLOW, '--out', out, '--image-size', '8'], 2, /'8'.*from 64 to 4096/],
        [[BY_TENSORFLOW, '--out', folder.path], 2, /is there already; remove it or choose/],
        [[BY_TENSORFLOW, '--out', join(out, 'deep')], 1, /Cannot make.*ENOENT.*ERR_OUTPUT/],
        [[folder.path, '--out', out], 3, /\[ERR_CHECKPOINT\]/],
        [[folder.path, '--list'], 3, /No checkpoint in .*ERR_CHECKPOINT/],
        [[BY_TENSORFLOW, '--out', out], 3, /\[ERR_CHECKPOINT\]/],
      ];
      for (const [args, code, says] of cases) {
        const run = await runProgram(['import', ...args]);

        assert.is(run.code, code, `${args.join(' ')}: ${run.stderr}`);
        assert.is(run.stdout, '');
        assert.is(linesOf(run.stderr).length, 1, run.stderr);
        assert.match(run.stderr, says);
      }
      assert.equal(await readdir(folder.path), ['letter.txt']);
    },
    LIMIT,
  );
});
