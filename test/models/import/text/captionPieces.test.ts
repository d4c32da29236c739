import { cp, readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { importCheckpoint } from '../../../../models/import/importCheckpoint.ts';
import { readTextVocabulary } from '../../../../models/import/text/textVocabulary.ts';
import { openLocalDetector, readPieces, toCaption } from '../../../../models/index.ts';
import { readModelFolder } from '../../../../models/format/modelFolder.ts';
import * as assert from '../../../support/assert.ts';
import { MODEL_TEST_MS, suite } from '../../../support/suite.ts';
import { withConfig } from '../configs.ts';
import { importSmall, temporaryFolder } from '../imported.ts';
import { checkpointDir, textVocabularyFile } from '../reference.ts';

const NAME = 'multi-task-small';
const LIMIT = { timeoutMs: MODEL_TEST_MS };

suite('importCheckpoint of a checkpoint that captions', (test) => {
  test(
    'writes the text of each piece, and its checksum',
    async () => {
      const textVocabulary = textVocabularyFile();
      await using model = await importSmall(NAME, { textVocabulary });

      assert.equal(await readPieces(model.modelDir), await readTextVocabulary(textVocabulary));
      const text = await readFile(join(model.modelDir, 'model.json'), 'utf8');
      assert.match(text, /"pieces\.json": \{\s+"sha256": "[0-9a-f]{64}"/);
    },
    LIMIT,
  );

  test(
    'leaves none of an earlier import, and says which tasks it left out',
    async () => {
      await using model = await importSmall(NAME, { textVocabulary: textVocabularyFile() });
      const { modelDir: outDir } = model;
      await using changed = await withConfig(NAME, (config) => ({
        ...config,
        tasks: (config['tasks'] as object[]).map((task) => ({ ...task, max_seq_len: 512 })),
      }));

      const again = await importCheckpoint({ checkpointDir: changed.path, outDir });

      assert.not.ok((await readdir(outDir)).includes('pieces.json'));
      assert.is(again.leftOut.length, 1);
      assert.match(again.leftOut[0]!, /^captioning: .*max_seq_len/);
      await using detector = await openLocalDetector({ model: outDir, device: 'cpu' });
      assert.equal(Object.keys(detector.model.prompts), ['segment', 'pose']);
    },
    LIMIT,
  );

  test(
    'reads tokens out as SentencePiece does',
    async () => {
      const file = join(checkpointDir(NAME), 'text.json');
      const { read } = JSON.parse(await readFile(file, 'utf8')) as {
        readonly read: readonly { readonly tokens: readonly number[]; readonly text: string }[];
      };
      await using model = await importSmall(NAME, { textVocabulary: textVocabularyFile() });
      const { info } = await readModelFolder(model.modelDir);
      const pieces = await readPieces(model.modelDir);

      assert.is(read.length, 4);
      for (const { tokens, text } of read) {
        const told = Int32Array.from(tokens, (token) => token + 3000);
        assert.is(toCaption(told, info, pieces), text);
      }
    },
    LIMIT,
  );

  test(
    'takes the official vocabulary where it lies beside the checkpoint',
    async () => {
      await using folder = await withConfig(NAME, (config) => config);
      const outDir = join(folder.path, 'model');
      await cp(textVocabularyFile(), join(folder.path, 'c4_en_32k_spm.model'));

      await importCheckpoint({ checkpointDir: folder.path, outDir });

      assert.equal(await readPieces(outDir), await readTextVocabulary(textVocabularyFile()));
    },
    LIMIT,
  );

  test(
    'writes none where there is no vocabulary',
    async () => {
      await using model = await importSmall(NAME);

      assert.not.ok((await readdir(model.modelDir)).includes('pieces.json'));
    },
    LIMIT,
  );

  test('writes nothing where the vocabulary is of no use, or is not the model’s', async () => {
    await using folder = await temporaryFolder();
    const outDir = join(folder.path, 'model');
    await using shifted = await withConfig(NAME, (config) => ({
      ...config,
      model: { ...config.model, text_vocab_shift: 3001 },
    }));
    const vocabulary = textVocabularyFile();
    const refused: readonly [string, string, RegExp][] = [
      [checkpointDir('vit-small'), vocabulary, /vit-small was not trained to caption/],
      [shifted.path, vocabulary, /it has 32 pieces, the model tokens for 31$/],
      [checkpointDir(NAME), join(folder.path, 'none.model'), /Cannot read .*none\.model/],
      [checkpointDir(NAME), join(checkpointDir(NAME), 'config.json'), /config\.json is not the/],
    ];
    for (const [from, textVocabulary, message] of refused) {
      const options = { checkpointDir: from, outDir, textVocabulary };

      await assert.rejects(importCheckpoint(options), { code: 'ERR_CHECKPOINT', message });
    }
    assert.equal(await readdir(folder.path), []);
  });
});
