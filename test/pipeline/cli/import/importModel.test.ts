import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as assert from '../../../support/assert.ts';
import { openBucket } from '../../../support/sockets/bucketServer.ts';
import { linesOf, runProgram } from '../../../support/program.ts';
import { END_TO_END_MS, suite } from '../../../support/suite.ts';
import { temporaryFolder } from '../../../support/temporaryFolder.ts';
import { parseFrames } from '../../../support/messages.ts';

const CHECKPOINT = fileURLToPath(
  new URL('../../../models/import/fixtures/vit-small', import.meta.url),
);
const LABELS = fileURLToPath(
  new URL('../../../models/import/fixtures/labels.json', import.meta.url),
);
const MULTI_TASK = fileURLToPath(
  new URL('../../../models/import/fixtures/multi-task-small', import.meta.url),
);
const TEXT = join(MULTI_TASK, 'text.model');
const PICTURE = fileURLToPath(new URL('../../../fixtures/pictures', import.meta.url));

suite('import', (test) => {
  test(
    'makes a model that detect reads with and draws its attention, of a checkpoint in a bucket',
    async () => {
      await using bucket = await openBucket(CHECKPOINT);
      await using folder = await temporaryFolder();
      const [checkpoint = '', model = '', looks = ''] = ['checkpoint', 'vit', 'looks'].map((name) =>
        join(folder.path, name),
      );

      const made = await runProgram([
        'import',
        checkpoint,
        '--from',
        bucket.url,
        '--out',
        model,
        '--image-size',
        '96',
        '--labels',
        LABELS,
      ]);
      const found = await runProgram([
        'detect',
        PICTURE,
        '--model',
        model,
        '--conf',
        '0',
        '--max-objects',
        '2',
        '--attention',
        looks,
        '--quiet',
      ]);

      assert.equal([made.code, made.stdout], [0, '']);
      assert.is(linesOf(made.stderr).at(-1), `${model}: ViT-B, 0.1 million parameters`);
      assert.equal((await readdir(folder.path)).toSorted(), ['checkpoint', 'looks', 'vit']);
      assert.equal([found.code, found.stderr], [0, '']);
      const frames = parseFrames(found.stdout);
      assert.is(frames.length, 3);
      const numObjects = frames.reduce((sum, { detections }) => sum + detections.length, 0);
      assert.is(numObjects, 6);
      assert.is((await readdir(looks)).length, numObjects);
      assert.match(found.stdout, /"label":"(unused 1|bolt|nut)"/);
    },
    { timeoutMs: END_TO_END_MS },
  );

  test(
    'makes a multi-task model, with the text that lies beside it in the bucket or in a file',
    async () => {
      await using bucket = await openBucket(MULTI_TASK);
      await using folder = await temporaryFolder();
      const [checkpoint = '', first = '', second = ''] = ['checkpoint', 'first', 'second'].map(
        (name) => join(folder.path, name),
      );
      const config = JSON.parse(String(bucket.files.get('config.json'))) as object;
      const then = { ...config, dataset: { name: 'object_detection' } }; // as the first releases had it
      bucket.files.set('config.json', Buffer.from(JSON.stringify(then)));
      for (const [name, bytes] of [...bucket.files]) {
        bucket.files.set(`pix2seq/multi_task/ckpt/vit/${name}`, bytes);
      }
      bucket.files.set('pix2seq/multi_task/data/c4_en_32k_spm.model', await readFile(TEXT));

      const from = ['--from', `${bucket.url}/pix2seq/multi_task/ckpt/vit`];
      const runs = [
        await runProgram(['import', checkpoint, ...from, '--out', first, '--quiet']),
        await runProgram(['import', MULTI_TASK, '--out', second, '--text-vocabulary', TEXT]),
      ];
      const textless = await runProgram([
        'import',
        MULTI_TASK,
        '--out',
        join(folder.path, 'deep/0'),
      ]);
      const foreign = join(MULTI_TASK, 'checkpoint');
      const refused = await runProgram([
        'import',
        MULTI_TASK,
        ...['--out', join(folder.path, 'third'), '--text-vocabulary', foreign, '--quiet'],
      ]);

      assert.equal(
        runs.map(({ code, stdout }) => [code, stdout]),
        [
          [0, ''],
          [0, ''],
        ],
      );
      for (const model of [first, second]) {
        const pieces = JSON.parse(await readFile(join(model, 'pieces.json'), 'utf8')) as string[];
        assert.equal(pieces.slice(0, 5), ['', '', '', '▁a', '▁s']);
        assert.match(await readFile(join(model, 'model.json'), 'utf8'), '"name": "cat"');
      }
      assert.not.match(runs.at(-1)!.stderr, /captions in tokens/);
      assert.match(
        textless.stderr,
        /^No c4_en\S+ is .*captions in tokens.*`--text-vocabulary` names/m,
      );
      assert.is(refused.code, 3);
      assert.is(linesOf(refused.stderr).length, 1);
      assert.match(refused.stderr, /\/checkpoint is not the text vocabulary .*\[ERR_CHECKPOINT\]/);
      const left = ['checkpoint', 'deep', 'first', 'second'];
      assert.equal((await readdir(folder.path)).toSorted(), left);
    },
    { timeoutMs: END_TO_END_MS },
  );
});
