import {
  toCaption,
  toDetection,
  toKeypoints,
  toObjectTokens,
  toPolygons,
} from '../../../../models/index.ts';
import type { ModelInfo, SourceFrame } from '../../../../models/index.ts';
import * as assert from '../../../support/assert.ts';
import { suite } from '../../../support/suite.ts';
import { tinyInfo } from '../../../support/models/tinyModel.ts';

/** Coordinates 8 to 23, over 30 pixels: two pixels a bin. */
const MODEL: ModelInfo = tinyInfo({
  image: { size: 30, pad: 114 },
  vocabulary: { ...tinyInfo().vocabulary, size: 40 },
  prompts: {
    segment: { token: 5, separator: 2, maxPoints: 6 },
    pose: { token: 6, invisible: 3, names: ['head', 'foot'], labels: ['circle'], margin: 0.5 },
    caption: { token: 7, textBase: 24, eos: 25, maxTokens: 4 },
  },
});
/** Twice as large as the model sees it, and half as high as wide. */
const FRAME: SourceFrame = { width: 60, height: 30, letterbox: { scaleX: 0.5, scaleY: 0.5 } };

function polygons(...tokens: number[]): readonly (readonly number[])[] {
  return toPolygons(Int32Array.from(tokens), FRAME, MODEL);
}

suite('toPolygons', (test) => {
  test('gives x before y, in pixels of the frame', () => {
    assert.equal(polygons(8, 9, 10, 11, 12, 14), [[4, 0, 12, 8, 24, 16]]);
  });

  test('clips to the frame what lies in its padding', () => {
    assert.equal(polygons(8, 9, 23, 23, 15, 8), [[4, 0, 60, 30, 0, 28]]);
  });

  test('parts at separators, in a row, at the ends, and in one place only', () => {
    const one = [8, 8, 8, 9, 9, 9];
    const flat = [0, 0, 4, 0, 4, 4];

    assert.equal(polygons(...one, 2, 2, ...one), [flat, flat]);
    assert.equal(polygons(2, 2, ...one, 2, 2, 2, 2, ...one, 2, 2), [flat, flat]);
    assert.equal(polygons(...one, 2, 12, ...one, 12, 2, ...one), [flat, flat, flat]);
  });

  test('leaves out what has fewer than three points', () => {
    assert.equal(polygons(), []);
    assert.equal(polygons(8, 8, 9, 9), []);
    assert.equal(polygons(8, 8, 9, 9, 2, 2, 8, 8, 8, 9, 9, 9), [[0, 0, 4, 0, 4, 4]]);
  });

  test('leaves out a coordinate without its other half, and points that are none', () => {
    const flat = [0, 0, 4, 0, 4, 4];

    assert.equal(polygons(8, 8, 8, 9, 9, 9, 15), [flat]);
    assert.equal(polygons(8, 8, 24, 15, 8, 9, 15, 7, 9, 9), [flat]);
  });

  test('wants a model that was trained for it', () => {
    assert.throws(
      () => toPolygons(new Int32Array(), FRAME, tinyInfo()),
      /`tiny` was not trained for the task `segment`/,
    );
  });
});

suite('toKeypoints', (test) => {
  const points = (...tokens: number[]): unknown =>
    toKeypoints(Int32Array.from(tokens), FRAME, MODEL);
  const hidden = { x: 0, y: 0, visible: false };

  test('gives one a name, x before y', () => {
    assert.equal(points(9, 10, 14, 20), [
      { name: 'head', x: 8, y: 4, visible: true },
      { name: 'foot', x: 48, y: 24, visible: true },
    ]);
  });

  test('says which are not visible', () => {
    const foot = { name: 'foot', x: 48, y: 24, visible: true };

    assert.equal(points(3, 3, 14, 20), [{ name: 'head', ...hidden }, foot]);
    assert.equal(points(9, 3, 14, 20), [{ name: 'head', ...hidden }, foot]);
    assert.equal(points(9, 30, 14, 20), [{ name: 'head', ...hidden }, foot]);
  });

  test('takes what a response that was cut short does not say as not visible', () => {
    const all = ['head', 'foot'].map((name) => ({ name, ...hidden }));

    assert.equal(points(), all);
    assert.equal(points(9), all);
  });

  test('takes no more points than there are names', () => {
    assert.is(toKeypoints(new Int32Array(10).fill(9), FRAME, MODEL).length, 2);
  });
});

suite('toCaption', (test) => {
  const pieces = ['', '', '', '▁A', '▁d', 'og', '▁runs', '.'];
  const caption = (...ids: number[]): string =>
    toCaption(
      Int32Array.from(ids, (id) => 24 + id),
      MODEL,
      pieces,
    );

  test('puts pieces together and begins with a word', () => {
    assert.is(caption(3, 4, 5, 6, 7), 'A dog runs.');
  });

  test('leaves out what is no text', () => {
    assert.is(caption(3, 0, 4, 2, 5, 1), 'A dog');
    assert.is(caption(-1, 3, 8, 999), 'A');
    assert.is(caption(), '');
  });
});

suite('toObjectTokens', (test) => {
  test('gives back the tokens that a detection was made of', () => {
    for (const tokens of [
      [8, 9, 15, 23, 4],
      [10, 8, 11, 9, 5],
    ] as const) {
      const detection = toDetection({ tokens, score: 1 }, FRAME, MODEL);

      assert.equal(toObjectTokens(detection, FRAME, MODEL), tokens);
    }
  });
});
