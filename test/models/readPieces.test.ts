import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readPieces } from '../../models/index.ts';
import * as assert from '../support/assert.ts';
import { suite } from '../support/suite.ts';
import { TINY, copyFolder } from './tinyModel.ts';

suite('readPieces', (test) => {
  test('reads the list', async () => {
    await using folder = await copyFolder(TINY);
    await writeFile(join(folder.path, 'pieces.json'), '["<pad>", "▁a"]');

    assert.equal(await readPieces(folder.path), ['<pad>', '▁a']);
  });

  test('says where to get it', async () => {
    await assert.rejects(readPieces(TINY), {
      code: 'ERR_MODEL_LOAD',
      message:
        /`tiny` has no text for captions.*pieces\.json; import it with `--text-vocabulary FILE`/,
    });
  });

  test('refuses what is no list of strings', async () => {
    await using folder = await copyFolder(TINY);
    for (const text of ['', '{}', '["a", 1]']) {
      await writeFile(join(folder.path, 'pieces.json'), text);

      await assert.rejects(readPieces(folder.path), {
        code: 'ERR_MODEL_CONTRACT',
        message: /pieces\.json is no JSON list of strings$/,
      });
    }
  });
});
