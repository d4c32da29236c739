import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readPieces } from '../../../models/index.ts';
import * as assert from '../../support/assert.ts';
import { suite } from '../../support/suite.ts';
import { TINY, copyFolder } from '../../support/models/tinyModel.ts';

/** A copy of the tiny model that is said to know captions. */
const withCaptions = (): ReturnType<typeof copyFolder> =>
  copyFolder(TINY, {
    describe: (file) => ({
      ...file,
      prompts: { caption: { token: 1, textBase: 20, eos: 21, maxTokens: 8 } },
    }),
  });

suite('readPieces', (test) => {
  test('reads the list', async () => {
    await using folder = await withCaptions();
    await writeFile(join(folder.path, 'pieces.json'), '["<pad>", "▁a"]');

    assert.equal(await readPieces(folder.path), ['<pad>', '▁a']);
  });

  test('says where to get it', async () => {
    await using folder = await withCaptions();
    await assert.rejects(readPieces(folder.path), {
      code: 'ERR_MODEL_LOAD',
      message:
        /`tiny` has no text for captions.*pieces\.json; import it with `--text-vocabulary FILE`/,
    });
  });

  test('says first where the model knows no captions', async () => {
    await assert.rejects(readPieces(TINY), {
      code: 'ERR_MODEL_LOAD',
      message: /^The model `tiny` was not trained for the task `caption`; it knows detect$/,
    });
  });

  test('refuses what is no list of strings', async () => {
    await using folder = await withCaptions();
    for (const text of ['', '{}', '["a", 1]']) {
      await writeFile(join(folder.path, 'pieces.json'), text);

      await assert.rejects(readPieces(folder.path), {
        code: 'ERR_MODEL_CONTRACT',
        message: /pieces\.json is no JSON list of strings$/,
      });
    }
  });
});
