import { readFileSync } from 'node:fs';
import { cocoFigures } from '../../../../pipeline/cli/eval/averagePrecision.ts';
import type { CocoFigures, JudgedPicture } from '../../../../pipeline/cli/eval/averagePrecision.ts';
import type { Xywh } from '../../../../pipeline/cli/eval/match.ts';
import * as assert from '../../../support/assert.ts';
import { suite } from '../../../support/suite.ts';

/** One set of the fixture: COCO annotations, COCO results, and what pycocotools says. */
interface JudgedSet {
  readonly name: string;
  readonly dataset: {
    readonly images: readonly { readonly id: number }[];
    readonly categories: readonly { readonly id: number }[];
    readonly annotations: readonly {
      readonly image_id: number;
      readonly category_id: number;
      readonly bbox: Xywh;
      readonly area: number;
      readonly iscrowd: number;
    }[];
  };
  readonly results: readonly {
    readonly image_id: number;
    readonly category_id: number;
    readonly bbox: Xywh;
    readonly score: number;
  }[];
  readonly expected: Readonly<Record<keyof CocoFigures, number | null>>;
}

const fixture = new URL('../../../fixtures/eval/judged.json', import.meta.url);
const sets = JSON.parse(readFileSync(fixture, 'utf8')) as readonly JudgedSet[];

function picturesOf({ dataset, results }: JudgedSet): JudgedPicture[] {
  return dataset.images.map(({ id }) => ({
    id,
    labelled: dataset.annotations
      .filter(({ image_id }) => image_id === id)
      .map(({ category_id: categoryId, bbox: xywh, area, iscrowd }) => {
        return { categoryId, xywh, area, isCrowd: iscrowd === 1 };
      }),
    found: results
      .filter(({ image_id }) => image_id === id)
      .map(({ category_id: categoryId, bbox: xywh, score }) => ({ categoryId, xywh, score })),
  }));
}

suite('cocoFigures', (test) => {
  for (const set of sets) {
    const { name, dataset, expected } = set;
    test(`agrees with pycocotools: ${name}`, () => {
      const figures = cocoFigures(
        picturesOf(set),
        dataset.categories.map(({ id }) => id),
      );

      assert.equal(Object.keys(figures), Object.keys(expected));
      const missing = -1; // as pycocotools says it
      assert.close(
        Object.values(figures).map((value: number | undefined) => value ?? missing),
        Object.values(expected).map((value) => value ?? missing),
        { abs: 1e-9 },
      );
    });
  }

  test('has a fixture with crowds, equal scores and every size', () => {
    const boxes = sets.flatMap(({ dataset }) => dataset.annotations);
    const scores = sets.flatMap(({ results }) => results.map(({ score }) => score));

    assert.is(sets.length, 5);
    assert.ok(boxes.some(({ iscrowd }) => iscrowd === 1));
    assert.ok(boxes.some(({ area }) => area < 32 ** 2) && boxes.some(({ area }) => area > 96 ** 2));
    assert.ok(new Set(scores).size < scores.length / 2);
  });

  test('is 1 where everything is found and nothing else, undefined without labels', () => {
    const box = { categoryId: 1, xywh: [10, 10, 50, 50] as const };
    const labelled = [{ ...box, area: 2500, isCrowd: false }];
    const picture = { id: 1, labelled, found: [{ ...box, score: 0.1 }] };

    const { ap, ar1, apMedium, apSmall } = cocoFigures([picture], [1]);

    assert.equal([ap, ar1, apMedium, apSmall], [1, 1, 1, undefined]);
    assert.is(cocoFigures([{ ...picture, labelled: [] }], [1]).ap, undefined);
  });
});
