import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as assert from '../support/assert.ts';
import { openBucket } from '../support/bucketServer.ts';
import { linesOf, runProgram } from '../support/program.ts';
import { END_TO_END_MS, suite } from '../support/suite.ts';
import { temporaryFolder } from '../support/temporaryFolder.ts';

const CHECKPOINT = fileURLToPath(new URL('../models/import/fixtures/vit-small', import.meta.url));
const LABELS = fileURLToPath(new URL('../models/import/fixtures/labels.json', import.meta.url));
const PICTURE = fileURLToPath(new URL('../fixtures/pictures', import.meta.url));

suite('import', (test) => {
  test(
    'makes a model that detect reads with, of a checkpoint in a bucket',
    async () => {
      await using bucket = await openBucket(CHECKPOINT);
      await using folder = await temporaryFolder();
      const [checkpoint = '', model = ''] = ['checkpoint', 'vit'].map((name) =>
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
        '--quiet',
      ]);

      assert.equal([made.code, made.stdout], [0, '']);
      assert.is(linesOf(made.stderr).at(-1), `${model}: ViT-B, 0.1 million parameters`);
      assert.equal((await readdir(folder.path)).toSorted(), ['checkpoint', 'vit']);
      assert.equal([found.code, found.stderr], [0, '']);
      assert.is(linesOf(found.stdout).length, 3);
      assert.match(found.stdout, /"label":"(unused 1|bolt|nut)"/);
    },
    { timeoutMs: END_TO_END_MS },
  );
});
