import { match, overlap } from '../../../../pipeline/cli/eval/match.ts';
import type { Xywh } from '../../../../pipeline/cli/eval/match.ts';
import * as assert from '../../../support/assert.ts';
import { suite } from '../../../support/suite.ts';

suite('overlap', (test) => {
  const box: Xywh = [10, 10, 20, 10];
  const cases: readonly (readonly [string, Xywh, Xywh, boolean, number])[] = [
    ['of a box with itself', box, box, false, 1],
    ['of a box with its half', box, [10, 10, 10, 10], false, 0.5],
    ['of neighbours that touch', box, [30, 10, 20, 10], false, 0],
    ['of boxes apart', box, [50, 50, 5, 5], false, 0],
    ['with a crowd around it', box, [0, 0, 100, 100], true, 1],
    ['with a crowd that covers half of it', box, [20, 0, 100, 100], true, 0.5],
    ['of a box without area', [10, 10, 0, 10], box, false, 0],
  ];
  for (const [title, found, labelled, isCrowd, expected] of cases) {
    test(title, () => assert.is(overlap(found, labelled, isCrowd), expected));
  }
});

suite('match', (test) => {
  /** Boxes that count, none a crowd, unless told otherwise. */
  function matched(
    overlaps: readonly (readonly number[])[],
    marks: { isIgnored?: readonly boolean[]; isCrowd?: readonly boolean[] } = {},
  ): number[] {
    const none = (overlaps[0] ?? []).map(() => false);
    return match({ overlaps, isIgnored: none, isCrowd: none, minOverlap: 0.5, ...marks });
  }

  test('gives each detection what it overlaps most, each box once', () => {
    assert.equal(
      matched([
        [0.6, 0.8],
        [0.5, 0.9],
        [0.7, 0],
      ]),
      [1, 0, -1],
    );
  });

  test('takes an overlap that is just enough, and of equals the last', () => {
    assert.equal(
      matched([
        [0.5, 0.5],
        [0.49, 0.49],
      ]),
      [1, -1],
    );
  });

  test('takes an ignored box only where no other will do', () => {
    const isIgnored = [true, false];

    assert.equal(matched([[0.9, 0.5]], { isIgnored }), [1]);
    assert.equal(
      matched(
        [
          [0.9, 0.4],
          [0.9, 0],
        ],
        { isIgnored },
      ),
      [0, -1],
    );
  });

  test('gives a crowd as often as is asked', () => {
    const marks = { isIgnored: [true], isCrowd: [true] };

    assert.equal(matched([[0.9], [0.8], [0.1]], marks), [0, 0, -1]);
  });

  test('has nothing to give where nothing is labelled', () => {
    assert.equal(matched([[], []]), [-1, -1]);
    assert.equal(matched([]), []);
  });
});
