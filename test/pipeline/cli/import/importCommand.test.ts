import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as assert from '../../../support/assert.ts';
import { openBucket } from '../../../support/sockets/bucketServer.ts';
import { linesOf, runProgram, startProgram } from '../../../support/program.ts';
import { END_TO_END_MS, suite } from '../../../support/suite.ts';
import { temporaryFolder } from '../../../support/temporaryFolder.ts';

const LIMIT = { timeoutMs: END_TO_END_MS };
const BY_TENSORFLOW = fileURLToPath(new URL('../../../fixtures/checkpoint', import.meta.url));
/** What a bucket has beside TensorFlow’s own files. */
const CONFIG = new Map([['config.json', Buffer.from('{}')]]);

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
    { ...LIMIT, needs: ['bash'] },
  );

  test(
    'says in one line what is wrong, and leaves nothing',
    async () => {
      await using folder = await temporaryFolder();
      const letter = join(folder.path, 'letter.txt');
      await writeFile(letter, 'no model');
      const out = join(folder.path, 'model');
      const cases: [string[], number, RegExp][] = [
        [[], 2, /missing required argument 'checkpoint-dir'/],
        [[BY_TENSORFLOW], 2, /Expected `--out DIR`.*or `--list`/],
        [[BY_TENSORFLOW, '--list', '--fp16'], 2, /leave out `--out`, .*`--text-vocabulary`/],
        [[BY_TENSORFLOW, '--list', '--labels', 'coco'], 2, /`--list` makes no model/],
        [[BY_TENSORFLOW, '--list', '--text-vocabulary', 'x'], 2, /`--list` makes no model/],
        [[BY_TENSORFLOW, '--out', out, '--image-size', '8'], 2, /'8'.*from 64 to 4096/],
        [[BY_TENSORFLOW, '--out', folder.path], 2, /is there already; remove it or choose/],
        [[BY_TENSORFLOW, '--out', ''], 2, /Expected `--out DIR`/],
        [[out, '--from', 'gs://a/b', '--out', out], 2, /has the checkpoint’s folder in it, or is/],
        [[join(out, 'in'), '--from', 'gs://a/b', '--out', out], 2, /has the checkpoint’s folder/],
        [[BY_TENSORFLOW, '--out', join(letter, 'deep')], 1, /Cannot make.*ENOTDIR.*ERR_OUTPUT/],
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

  test(
    'downloads first, and says what is known of the licence',
    async () => {
      await using bucket = await openBucket(BY_TENSORFLOW, CONFIG);
      await using folder = await temporaryFolder();
      const directory = join(folder.path, 'checkpoint');

      const args = ['--from', bucket.url, '--list', '--quiet'];
      const run = await runProgram(['import', directory, ...args]);

      assert.is(run.code, 0, run.stderr);
      assert.is(linesOf(run.stdout).length, 11);
      assert.match(
        run.stderr,
        /^Pix2seq’s code is under Apache-2\.0; .*weights is not stated\.\n$/,
      );
      assert.is((await readdir(directory)).length, 4);
    },
    LIMIT,
  );

  test(
    'says why it waits before it tries again',
    async () => {
      await using bucket = await openBucket(BY_TENSORFLOW, CONFIG);
      await using folder = await temporaryFolder();
      bucket.faults.set('ckpt-1.index', { status: { code: 503, times: 1 } });

      const run = await runProgram(['import', folder.path, '--from', bucket.url, '--list']);

      assert.is(run.code, 0, run.stderr);
      assert.match(run.stderr, /^ckpt-1\.index: the server answers 503 .*; trying again in 1 s$/m);
      assert.is(linesOf(run.stdout).length, 11);
    },
    LIMIT,
  );

  test(
    'downloads nothing where the model can’t be made',
    async () => {
      await using bucket = await openBucket(BY_TENSORFLOW, CONFIG);
      await using folder = await temporaryFolder();
      const directory = join(folder.path, 'checkpoint');

      const letter = join(folder.path, 'letter.txt');
      await writeFile(letter, 'no folder');
      for (const [out, code] of [
        [folder.path, 2],
        [join(letter, 'model'), 1],
      ] as const) {
        const args = ['--from', bucket.url, '--out', out];
        const run = await runProgram(['import', directory, ...args]);

        assert.is(run.code, code, run.stderr);
        assert.equal([bucket.requests, await readdir(folder.path)], [[], ['letter.txt']]);
      }
    },
    LIMIT,
  );

  test(
    'ends at Ctrl-C with what came, and no model',
    async () => {
      await using bucket = await openBucket(BY_TENSORFLOW, CONFIG);
      await using folder = await temporaryFolder();
      const [directory, out] = ['checkpoint', 'model'].map((name) => join(folder.path, name));
      bucket.faults.set('ckpt-1.index', { hold: { afterBytes: 100, times: 1 } });
      await using program = startProgram([
        'import',
        directory!,
        '--from',
        bucket.url,
        '--out',
        out!,
      ]);

      await bucket.held;
      program.signal('SIGINT');
      const run = await program.ended;

      assert.is(run.code, 130, run.stderr);
      assert.equal(await readdir(folder.path), ['checkpoint']);
      assert.not.ok((await readdir(directory!)).includes('ckpt-1.index'));
    },
    LIMIT,
  );

  test(
    'says in one line what can’t be downloaded',
    async () => {
      await using bucket = await openBucket(BY_TENSORFLOW);
      bucket.files.delete('checkpoint');
      await using folder = await temporaryFolder();
      for (const [url, code, says] of [
        [bucket.url, 3, /run\/checkpoint: the server answers 404 Not Found.*ERR_DOWNLOAD/],
        ['ftp://host', 2, /Expected an address gs:.*got `ftp:\/\/host`/],
      ] as const) {
        const run = await runProgram(['import', folder.path, '--from', url, '--list', '--quiet']);

        assert.is(run.code, code, run.stderr);
        assert.is(linesOf(run.stderr).length, 2); // the licence comes first
        assert.match(run.stderr, says);
      }
    },
    LIMIT,
  );
});
