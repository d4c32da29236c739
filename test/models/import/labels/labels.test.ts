import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readArchitecture } from '../../../../models/import/config/architecture.ts';
import { importCheckpoint } from '../../../../models/import/importCheckpoint.ts';
import { readLabels } from '../../../../models/import/labels/readLabels.ts';
import type { LabelSource } from '../../../../models/import/labels/readLabels.ts';
import * as assert from '../../../support/assert.ts';
import { MODEL_TEST_MS, suite } from '../../../support/suite.ts';
import { asFirstReleased, withConfig } from '../configs.ts';
import { temporaryFolder } from '../imported.ts';

const FILE = fileURLToPath(new URL('../fixtures/labels.json', import.meta.url));
const COCO: LabelSource = {
  dataset: 'coco/2017_object_detection',
  labelShift: 0,
  names: undefined,
};

suite('labels of a checkpoint', (test) => {
  test('are those of COCO where its config says so', async () => {
    const { labels, areNamed } = await readLabels(COCO);

    assert.ok(areNamed);
    assert.is(labels.length, 91);
    assert.equal(labels[89], { id: 90, name: 'toothbrush' });
  });

  test('are those of COCO where only its name in TensorFlow Datasets says so', async () => {
    await using checkpoint = await withConfig('vit-small', asFirstReleased);
    const { dataset } = await readArchitecture(checkpoint.path);

    assert.is(dataset, 'object_detection, coco/2017');
    assert.equal((await readLabels({ ...COCO, dataset })).labels[16], { id: 17, name: 'cat' });
  });

  for (const dataset of ['obj365', 'Objects365', 'object365', 'objects_365/v2']) {
    test(`are 365 numbers for ${dataset}, of whose editions either may be meant`, async () => {
      const { labels, areNamed } = await readLabels({ ...COCO, dataset });

      assert.not.ok(areNamed);
      assert.is(labels.length, 365);
      assert.equal(labels[364], { id: 365, name: 'objects365 365' });
    });
  }

  test('are as many numbers as there are tokens for a data set that is not known', async () => {
    const { labels, areNamed } = await readLabels({ ...COCO, dataset: 'voc' });

    assert.not.ok(areNamed);
    assert.is(labels.length, 899);
    assert.equal(labels[0], { id: 1, name: 'class 1' });
  });

  // ids that lists of others give as well
  const known: readonly [string, readonly [number, string][]][] = [
    ['coco', [[17, 'cat']]],
    ['objects365v1', [[1, 'person'], [9, 'car'], [145, 'gun'], [306, 'crosswalk sign']]],
    ['objects365v2', [[1, 'person'], [6, 'car'], [79, 'horse'], [365, 'table tennis']]],
  ]; // prettier-ignore
  for (const [names, examples] of known) {
    test(`knows the names of ${names}`, async () => {
      const { labels, areNamed } = await readLabels({ ...COCO, dataset: 'obj365', names });

      assert.ok(areNamed);
      assert.is(labels.length, names === 'coco' ? 91 : 365);
      assert.is(new Set(labels.map(({ name }) => name)).size, labels.length, 'names differ');
      for (const [id, name] of examples) {
        assert.equal(labels[id - 1], { id, name });
      }
    });
  }

  test('of lists that are known begin at the first token, whatever the data set adds', async () => {
    for (const names of [undefined, 'objects365v1']) {
      const { labels } = await readLabels({ ...COCO, names, labelShift: 1 });

      assert.equal(labels[0], { id: 1, name: 'person' });
    }
  });

  test('come from a file, each at the place of its id', async () => {
    const { labels, areNamed } = await readLabels({ ...COCO, names: FILE });

    assert.ok(areNamed);
    assert.equal(labels, [
      { id: 1, name: 'unused 1' },
      { id: 2, name: 'bolt' },
      { id: 3, name: 'nut' },
    ]);
  });

  test('begin at id 0 where the data set adds 1', async () => {
    const { labels } = await readLabels({ ...COCO, names: FILE, labelShift: 1 });

    assert.equal(
      labels.map(({ id }) => id),
      [0, 1, 2, 3],
    );
    assert.is(labels[2]?.name, 'bolt');
  });

  const refused: readonly [string, string, RegExp][] = [
    ['no JSON', 'person\n', /names of the labels from .*: it is no JSON/],
    ['no categories', '{"names": ["person"]}', /categories/],
    ['an empty list', '{"categories": []}', /categories/],
    ['an id too high', '{"categories": [{"id": 900, "name": "a"}]}', /id 900 \(a\) has no token/],
    ['the id of padding', '{"categories": [{"id": 0, "name": "a"}]}', /id 0 \(a\) has no token/],
    [
      'an id twice',
      '{"categories": [{"id": 1, "name": "a"}, {"id": 1, "name": "b"}]}',
      /id 1 occurs twice/,
    ],
  ];
  for (const [what, text, message] of refused) {
    test(`refuse a file with ${what}`, async () => {
      await using folder = await temporaryFolder();
      const names = join(folder.path, 'labels.json');
      await writeFile(names, text);

      await assert.rejects(readLabels({ ...COCO, names }), { code: 'ERR_CHECKPOINT', message });
    });
  }

  for (const names of ['objects365', 'constructor']) {
    test(`refuse ${names}, which is neither known nor a file`, async () => {
      await assert.rejects(readLabels({ ...COCO, names }), {
        code: 'ERR_CHECKPOINT',
        message:
          /from [a-z0-9]+: .*expected `coco`, `objects365v1`, `objects365v2`, or a JSON file/,
      });
    });
  }

  test(
    'reach the model, and are told to be numbers where they are',
    async () => {
      await using checkpoint = await withConfig('vit-small', (config) => ({
        ...config,
        dataset: { name: 'obj365', label_shift: 1 },
      }));
      await using folder = await temporaryFolder();
      const options = { checkpointDir: checkpoint.path, outDir: folder.path };
      const [plain, named] = [options, { ...options, labels: 'objects365v1' }];

      assert.not.ok((await importCheckpoint(plain)).areLabelsNamed);
      assert.ok((await importCheckpoint(named)).areLabelsNamed);
      const model = JSON.parse(await readFile(join(folder.path, 'model.json'), 'utf8')) as {
        readonly labels: readonly object[];
      };
      assert.equal(model.labels.slice(0, 2), [
        { id: 1, name: 'person' },
        { id: 2, name: 'sneakers' },
      ]);
    },
    { timeoutMs: MODEL_TEST_MS },
  );
});
