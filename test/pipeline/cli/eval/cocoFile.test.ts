import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expectSize, readCocoFile } from '../../../../pipeline/cli/eval/cocoFile.ts';
import * as assert from '../../../support/assert.ts';
import { suite } from '../../../support/suite.ts';

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
    { ...label, id: 10, image_id: 77 },
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
    const { pictures, categories } = await read(GOOD);

    assert.equal(categories, [
      { id: 5, name: 'five', numBoxes: 1 },
      { id: 4, numBoxes: 1 },
    ]);
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

  test('reads what Python writes: a byte-order mark, and numbers that JSON has not, where they do not matter', async () => {
    const plain = await read(GOOD);
    const scored = { ...label, score: 'X', note: 'NaN and \\"Infinity\\"' };
    const text = JSON.stringify({ ...GOOD, annotations: [scored, ...GOOD.annotations.slice(1)] });

    assert.equal(await read(`\uFEFF${text.replace('"X"', '-Infinity')}`), plain);
  });

  test('counts once what stands there twice', async () => {
    const [first, ...others] = GOOD.images;
    const twice = {
      ...GOOD,
      images: [first, first, ...others],
      categories: [...GOOD.categories, GOOD.categories[0]],
    };

    assert.equal(await read(twice), await read(GOOD));
    assert.is((await read(twice, { limit: 2 })).pictures[1]!.id, 1);
  });

  const withLabel = (changes: object): object => ({
    ...GOOD,
    annotations: [label, { ...label, id: 8, ...changes }],
  });
  /** A number in the last annotation that JSON has not. */
  const withNumber = (changes: object, number: string): string =>
    JSON.stringify(withLabel(changes)).replace('"?"', number);
  const mistakes: readonly (readonly [string, unknown, RegExp])[] = [
    ['no JSON', '{"images": [', /labels\.json` are not JSON/],
    ['a list', [], /labels\.json` has a mistake: the file must be object/],
    ['no categories', { ...GOOD, categories: undefined }, /the file must have .* categories/],
    [
      'no size of a box',
      withLabel({ area: undefined }),
      /annotations\[1\] \(id 8\) must have .* area/,
    ],
    ['a box of three', withLabel({ bbox: [1, 2, 3] }), /annotations\[1\]\.bbox \(id 8\) must /],
    [
      'a box turned over',
      withLabel({ bbox: [1, 2, 3, -1] }),
      /annotations\[1\]\.bbox\[3\] \(id 8\) -1 must be >= 0/,
    ],
    [
      'a crowd of two',
      withLabel({ iscrowd: 2 }),
      /annotations\[1\]\.iscrowd \(id 8\) 2 must be <= 1/,
    ],
    [
      'a text for a number',
      withLabel({ bbox: [1, '2', 3, 4] }),
      /annotations\[1\]\.bbox\[1\] \(id 8\) "2" must be number/,
    ],
    [
      'NaN in a box',
      withNumber({ bbox: [1, 2, '?', 4] }, 'NaN'),
      /annotations\[1\]\.bbox\[2\] \(id 8\) "NaN" must be number/,
    ],
    [
      'an endless area',
      withNumber({ area: '?' }, '-Infinity'),
      /annotations\[1\]\.area \(id 8\) "-Infinity" must be number/,
    ],
    [
      'a number out of range',
      withNumber({ area: '?' }, '1e999'),
      /annotations\[1\]\.area .* must be/,
    ],
    [
      'an annotation id that is there twice',
      withLabel({ id: 9 }),
      /annotation id 9 twice, at annotations\[0\] and annotations\[1\]/,
    ],
    [
      'a picture id with two files',
      { ...GOOD, images: [...GOOD.images, { ...GOOD.images[1], file_name: '2.png' }] },
      /picture id 1 twice, for `1\.png`.* and for `2\.png`/,
    ],
    [
      'a category id with two names',
      { ...GOOD, categories: [...GOOD.categories, { id: 5, name: 'fife' }] },
      /category id 5 twice, for `five` and for `fife`/,
    ],
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
    await assert.rejects(missing, {
      code: 'ERR_ANNOTATIONS',
      message: /no\.json`: there is no such file/,
    });
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
