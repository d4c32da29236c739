import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expectSize, readCocoFile } from '../../../pipeline/eval/cocoFile.ts';
import * as assert from '../../support/assert.ts';
import { suite } from '../../support/suite.ts';

const image = (id: number, split: string): object => ({
  id,
  file_name: `${id}.png`,
  width: 40,
  height: 30,
  split,
  license: 3,
});
const label = { id: 9, image_id: 2, category_id: 5, bbox: [1, 2, 3, 4.5], area: 10, iscrowd: 1 };
const GOOD = {
  info: {},
  images: [image(3, 'a'), image(1, 'b'), image(2, 'a')],
  annotations: [
    label,
    { image_id: 2, category_id: 4, bbox: [0, 0, 1, 1], area: 1 },
    { ...label, image_id: 77 },
  ],
  categories: [{ id: 5, name: 'five' }, { id: 4 }],
};

suite('readCocoFile', (test) => {
  const images = mkdtempSync(join(tmpdir(), 'coco-'));
  const annotations = join(images, 'labels.json');
  test.before(() => {
    for (const id of [1, 2, 3]) {
      writeFileSync(join(images, `${id}.png`), '');
    }
  });
  test.after(() => rmSync(images, { recursive: true }));

  /** Writes a file and reads it. */
  function read(
    file: unknown,
    options: { split?: string; limit?: number } = {},
  ): ReturnType<typeof readCocoFile> {
    writeFileSync(annotations, typeof file === 'string' ? file : JSON.stringify(file));
    return readCocoFile({ images, annotations, limit: 0, ...options });
  }

  test('gives pictures in the order of the file, with their boxes', async () => {
    const { pictures, categoryIds } = await read(GOOD);

    assert.equal(categoryIds, [5, 4]);
    assert.equal(
      pictures.map(({ id, labelled }) => [id, labelled.length]),
      [
        [3, 0],
        [1, 0],
        [2, 2],
      ],
    );
    const { path, width, height, labelled } = pictures[2]!;
    assert.equal([path, width, height], [join(images, '2.png'), 40, 30]);
    assert.equal(labelled, [
      { categoryId: 5, xywh: [1, 2, 3, 4.5], area: 10, isCrowd: true },
      { categoryId: 4, xywh: [0, 0, 1, 1], area: 1, isCrowd: false },
    ]);
  });

  test('honors `split` and `limit`', async () => {
    const ids = async (options: { split?: string; limit?: number }): Promise<number[]> =>
      (await read(GOOD, options)).pictures.map(({ id }) => id);

    assert.equal(await ids({ split: 'a' }), [3, 2]);
    assert.equal(await ids({ split: 'a', limit: 1 }), [3]);
    assert.equal(await ids({ limit: 2 }), [3, 1]);
  });

  const withLabel = (changes: object): object => ({
    ...GOOD,
    annotations: [label, { ...label, ...changes }],
  });
  const mistakes: readonly (readonly [string, unknown, RegExp])[] = [
    ['no JSON', '{"images": [', /labels\.json` are not JSON/],
    ['a list', [], /labels\.json` has a mistake: the file must be object/],
    ['no categories', { ...GOOD, categories: undefined }, /the file must have .* categories/],
    ['no size of a box', withLabel({ area: undefined }), /\/annotations\/1 must have .* area/],
    ['a box of three', withLabel({ bbox: [1, 2, 3] }), /\/annotations\/1\/bbox must /],
    [
      'a box turned over',
      withLabel({ bbox: [1, 2, 3, -1] }),
      /\/annotations\/1\/bbox\/3 must be >= 0/,
    ],
    ['a crowd of two', withLabel({ iscrowd: 2 }), /\/annotations\/1\/iscrowd must be <= 1/],
    ['no picture', { ...GOOD, images: [] }, /labels\.json` has no picture/],
    [
      'a picture that is not there',
      { ...GOOD, images: [image(8, 'a')] },
      /no picture `.*8\.png`.*labels\.json/,
    ],
  ];
  for (const [title, file, message] of mistakes) {
    test(`names ${title}, in one line`, async () => {
      const error = await assert.rejects(read(file), { code: 'ERR_ANNOTATIONS', message });

      assert.not.match(error.message, /\n/);
    });
  }

  test('names a split without pictures, and a file that is not there', async () => {
    const message = /labels\.json` has no picture of split `c`/;
    await assert.rejects(read(GOOD, { split: 'c' }), { code: 'ERR_ANNOTATIONS', message });

    const missing = readCocoFile({ images, annotations: join(images, 'no.json'), limit: 0 });
    await assert.rejects(missing, { code: 'ERR_ANNOTATIONS', message: /no\.json`: ENOENT/ });
  });
});

suite('expectSize', (test) => {
  const picture = { id: 1, path: 'a.png', width: 40, height: 30, labelled: [] };

  test('accepts the annotated size and names another', async () => {
    expectSize(picture, { width: 40, height: 30 });

    await assert.rejects(() => expectSize(picture, { width: 30, height: 40 }), {
      code: 'ERR_ANNOTATIONS',
      message: /`a\.png` is 30 x 40, its annotations are for 40 x 30/,
    });
  });
});
