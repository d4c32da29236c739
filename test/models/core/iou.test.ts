import { iou } from '../../../models/core/iou.ts';
import type { Box } from '../../../models/core/types.ts';
import * as assert from '../../support/assert.ts';
import { suite } from '../../support/suite.ts';

const box = (xmin: number, ymin: number, xmax: number, ymax: number): Box => ({
  xmin,
  ymin,
  xmax,
  ymax,
});

suite('iou', (test) => {
  test('is the shared area over the covered area, in either order', () => {
    const cases: [Box, Box, number][] = [
      [box(0, 0, 2, 2), box(0, 0, 2, 2), 1],
      [box(0, 0, 2, 2), box(1, 0, 3, 2), 1 / 3],
      [box(0, 0, 2, 2), box(1, 1, 3, 3), 1 / 7],
      [box(0, 0, 4, 4), box(1, 1, 3, 2), 1 / 8],
      [box(-2, -2, 0, 0), box(-1, -2, 0, 0), 1 / 2],
    ];

    for (const [a, b, expected] of cases) {
      assert.close([iou(a, b), iou(b, a)], [expected, expected], { abs: 1e-12 });
    }
  });

  test('is 0 for boxes apart, boxes that touch and boxes without area', () => {
    assert.is(iou(box(0, 0, 1, 1), box(5, 5, 6, 6)), 0);
    assert.is(iou(box(0, 0, 1, 1), box(0, 5, 1, 6)), 0);
    assert.is(iou(box(0, 0, 1, 1), box(1, 0, 2, 1)), 0);
    assert.is(iou(box(1, 1, 1, 1), box(1, 1, 1, 1)), 0);
    assert.is(iou(box(0, 0, 2, 2), box(1, 0, 1, 2)), 0);
  });
});
