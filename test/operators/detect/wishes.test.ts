import type { Demand } from '../../../models/index.ts';
import { asksFor, createWishes } from '../../../operators/detect/wishes.ts';
import * as assert from '../../support/assert.ts';
import { suite } from '../../support/suite.ts';

const MODEL = {
  labels: ['person', 'car', 'dog'].map((name, id) => ({ id, name })),
} as const;

suite('createWishes', (test) => {
  const sum = (wishes: readonly Demand[], config = {}): readonly Demand[] =>
    createWishes({ minScore: 0.3, ...config }, MODEL)(wishes).demand;

  test('needs no list where one wants the whole frame', () => {
    assert.equal(sum([{ limit: 1 }, { classes: ['person'] }, { limit: 2 }]), []);
  });

  test('leaves out labels that the model lacks, whole wishes among them, and repetitions', () => {
    const wishes = [
      { classes: ['zebra', 'dog', 'yeti', 'dog'], limit: 2 },
      { classes: ['dog'], limit: 2, minScore: 0.1 },
      { classes: ['zebra'], minScore: 0.9 }, // without a limit, and it could get nothing
      { classes: ['yeti'], limit: 5 },
    ];

    assert.equal(sum(wishes), [
      { limit: 2, minScore: 0.3, classes: ['dog'] },
      { limit: 0, minScore: 0, classes: [] },
    ]);
    assert.equal(sum(wishes, { classes: ['car'] }), [{ limit: 0, minScore: 0, classes: [] }]);
  });

  test('gives up where thousands want something else, however many labels they name', () => {
    const wishes = Array.from({ length: 3_520 }, (_, i) => ({
      classes: ['person', ...Array.from({ length: 255 }, (_label, k) => `${i} ${k}`)],
      minScore: 0.5 + i / 10_000,
      limit: 1,
    }));
    const sumUp = createWishes({ minScore: 0.3 }, MODEL);

    assert.is(sumUp(wishes.slice(0, 32)).demand.length, 32);
    const { demand, scores } = sumUp(wishes);
    assert.equal(demand, []);
    assert.equal([...scores], [['person', 0.5]]);
  });

  test('is the same sum while the list is the same', () => {
    const sumUp = createWishes({ minScore: 0.3 }, MODEL);
    const wishes = [{ limit: 1 }];

    assert.is(sumUp(wishes), sumUp(wishes));
    assert.is.not(sumUp(wishes), sumUp([...wishes]));
  });
});

suite('asksFor', (test) => {
  test('is for those of a label that somebody asks for, from the least score on', () => {
    const wishes = createWishes(
      { minScore: 0.3 },
      MODEL,
    )([
      { classes: ['dog', 'yeti'], minScore: 0.8 },
      { classes: ['dog', 'car'], minScore: 0.6 },
    ]);
    const asked = [
      ['dog', 0.6],
      ['dog', 0.59],
      ['car', 0.7],
      ['person', 1],
      ['yeti', 1],
    ] as const;

    assert.equal(
      asked.map(([label, score]) => asksFor(wishes, { label, score })),
      [true, false, true, false, false],
    );
    const all = createWishes({ minScore: 0.3 }, MODEL)([{}, { classes: ['dog'] }]);
    assert.ok(asksFor(all, { label: 'person', score: 0.3 }));
  });
});
