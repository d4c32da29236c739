import { seenThrough, windowsOf } from '../../../../pipeline/cli/eval/windows.ts';
import type { Window } from '../../../../pipeline/cli/eval/windows.ts';
import type { LabelledBox, Xywh } from '../../../../pipeline/cli/eval/match.ts';
import * as assert from '../../../support/assert.ts';
import { suite } from '../../../support/suite.ts';

const PICTURE = { width: 448, height: 279 };
const SEEDS = [...Array(200).keys()].map((id) => id * 64);

function steps(windows: readonly Window[]): (readonly [number, number])[] {
  return windows.slice(1).map(({ left, top }, index) => {
    const before = windows[index]!;
    return [left - before.left, top - before.top];
  });
}

suite('windowsOf', (test) => {
  test('gives windows of one size, nine tenths of the picture, inside it', () => {
    for (const seed of SEEDS) {
      for (const { left, top, width, height } of windowsOf(PICTURE, 30, seed)) {
        assert.equal([width, height], [404, 252]);
        assert.ok(left >= 0 && top >= 0 && left + width <= 448 && top + height <= 279);
        assert.ok(Number.isInteger(left) && Number.isInteger(top));
      }
    }
  });

  test('ends in the middle, and comes the same way however long it is', () => {
    for (const seed of SEEDS) {
      const long = windowsOf(PICTURE, 30, seed);

      assert.equal(long.at(-1), { left: 22, top: 14, width: 404, height: 252 });
      assert.equal(windowsOf(PICTURE, 8, seed), long.slice(-8));
    }
  });

  test('moves half a pixel to two a frame, in every direction', () => {
    const ways = SEEDS.map((seed) => {
      const { left, top } = windowsOf(PICTURE, 5, seed)[0]!; // four steps reach no edge
      return [left - 22, top - 14] as const;
    });

    for (const [x, y] of ways) {
      const far = Math.hypot(x, y);
      assert.ok(far >= 4 * 0.5 - 1 && far <= 4 * 2 + 1, `${x}, ${y}`); // rounded to whole pixels
    }
    const quarters = ways.map(([x, y]) => `${x > 0} ${y > 0}`);
    for (const quarter of new Set(quarters)) {
      assert.ok(quarters.filter((one) => one === quarter).length > 25, quarter);
    }
    assert.is(new Set(quarters).size, 4);
  });

  test('turns back at the edges and never jumps', () => {
    for (const seed of SEEDS) {
      for (const [x, y] of steps(windowsOf(PICTURE, 30, seed))) {
        assert.ok(Math.abs(x) <= 2 && Math.abs(y) <= 2, `${x}, ${y}`);
      }
    }
  });

  test('stays where there is no room', () => {
    const windows = windowsOf({ width: 4, height: 4 }, 3, 0);

    assert.equal(new Set(windows.map((window) => JSON.stringify(window))).size, 1);
    assert.equal(windows[0], { left: 0, top: 0, width: 4, height: 4 });
  });
});

suite('seenThrough', (test) => {
  const window: Window = { left: 10, top: 20, width: 100, height: 100 };
  const box = (xywh: Xywh, isCrowd = false): LabelledBox => {
    return { categoryId: 1, xywh, area: 50, isCrowd };
  };

  test('moves a box that is seen whole', () => {
    assert.equal(seenThrough(window, [box([30, 40, 10, 10])]), [box([20, 20, 10, 10])]);
  });

  test('cuts a box at the edge, and its area with it', () => {
    const [left, right] = seenThrough(window, [box([0, 40, 20, 10]), box([95, 110, 20, 20])]);

    assert.equal(left, { ...box([0, 20, 10, 10]), area: 25 });
    assert.equal(right, { ...box([85, 90, 15, 10]), area: 50 * 0.375 });
  });

  test('makes a crowd of what is hardly seen, and leaves out what is not', () => {
    const seen = seenThrough(window, [
      box([0, 40, 14, 10]),
      box([0, 40, 10, 10]),
      box([200, 200, 10, 10]),
      box([30, 40, 0, 10]),
      box([30, 40, 10, 10], true),
    ]);

    assert.equal(
      seen.map(({ xywh, isCrowd }) => [xywh, isCrowd]),
      [
        [[0, 20, 4, 10], true],
        [[20, 20, 10, 10], true],
      ],
    );
  });
});
