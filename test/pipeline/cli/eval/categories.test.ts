import type { ModelInfo } from '../../../../models/index.ts';
import { expectSameCategories } from '../../../../pipeline/cli/eval/categories.ts';
import * as assert from '../../../support/assert.ts';
import { suite } from '../../../support/suite.ts';

const NAMES = ['person', 'traffic light', 'cat', 'dog', 'bird', 'horse', 'unused 7'];
const model = {
  name: 'small',
  labels: NAMES.map((name, index) => ({ id: index + 1, name })),
} as unknown as ModelInfo;

/** Categories with these names, from some id on, each with one box. */
const named = (first: number, ...names: string[]) =>
  names.map((name, index) => ({ id: first + index, name, numBoxes: 1 }));

suite('expectSameCategories', (test) => {
  test('takes what means the same, however it is written, and what has no name', () => {
    for (const categories of [
      named(1, 'Person', 'traffic_light'),
      [{ id: 3, numBoxes: 4 }],
      named(7, 'street sign'),
      [...named(1, 'person'), { id: 90, name: 'toothbrush', numBoxes: 0 }],
    ]) {
      assert.is(expectSameCategories(categories, model, 'a.json'), undefined);
    }
  });

  test('remarks on labelled classes that the model does not know', () => {
    assert.is(
      expectSameCategories(
        [...named(1, 'person'), ...named(20, 'helmet', 'vest')],
        model,
        'a.json',
      ),
      'The model small does not know 20 `helmet`, 21 `vest`: what is labelled so counts as missed',
    );
  });

  const refused: readonly (readonly [string, ReturnType<typeof named>, string])[] = [
    [
      'names of another order, with the right numbers',
      named(3, 'dog', 'cat'),
      '`a.json` and the model small mean different things by a category id: 3 is `dog` in the file and `cat` in the model, ' +
        '4 is `cat` in the file and `dog` in the model; by the model’s numbers `dog` is 4, `cat` is 3',
    ],
    [
      'names that the model does not have',
      named(1, 'helmet'),
      '`a.json` and the model small mean different things by a category id: 1 is `helmet` in the file and `person` in the ' +
        'model; give each category the id of the model’s label',
    ],
    [
      'other numbers of the same names, a few of them',
      named(100, 'person', 'cat'),
      '`a.json` and the model small have no category id in common: the file has 100 `person`, 101 `cat`, the model 1 `person`, ' +
        '2 `traffic light`, 3 `cat`, 4 `dog`, 5 `bird` and 2 more; by the model’s numbers `person` is 1, `cat` is 3',
    ],
  ];
  for (const [title, categories, message] of refused) {
    test(`refuses ${title}`, async () => {
      const error = await assert.rejects(() => expectSameCategories(categories, model, 'a.json'), {
        code: 'ERR_ANNOTATIONS',
      });

      assert.is(error.message, message);
    });
  }
});
