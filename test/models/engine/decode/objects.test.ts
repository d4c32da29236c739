import { toDetection, toDetections } from '../../../../models/index.ts';
import type { TokenSequence } from '../../../../models/index.ts';
import * as assert from '../../../support/assert.ts';
import { suite } from '../../../support/suite.ts';
import { tinyInfo } from '../../../support/models/tinyModel.ts';

// 101 bins over 200 pixels: token 8 + n is n % of the square
const model = tinyInfo({
  image: { size: 200, pad: 0 },
  vocabulary: { ...tinyInfo().vocabulary, size: 109, bins: 101 },
});
const square = { width: 200, height: 200, letterbox: { scaleX: 1, scaleY: 1 } };
const at = (percent: number): number => 8 + percent;

type Tokens = [number, number, number, number, number];
const read = (...tokens: Tokens): { tokens: Tokens; score: number } => ({ tokens, score: 0.75 });

suite('toDetection', (test) => {
  test('reads y before x', () => {
    const found = toDetection(read(at(10), at(20), at(30), at(60), 5), square, model);

    assert.equal(found, {
      label: 'square',
      classId: 1,
      score: 0.75,
      box: { ymin: 20, xmin: 40, ymax: 60, xmax: 120 },
    });
  });

  test('goes back through the letterbox, each axis by its own scale', () => {
    // 800 x 400 fitted into 200 x 100: the lower half of the square is padding
    const wide = { width: 800, height: 400, letterbox: { scaleX: 0.25, scaleY: 0.25 } };
    const uneven = { width: 100, height: 400, letterbox: { scaleX: 2, scaleY: 0.5 } };

    const { box } = toDetection(read(at(10), at(20), at(50), at(100), 4), wide, model);
    const other = toDetection(read(at(10), at(20), at(50), at(100), 4), uneven, model);

    assert.equal(box, { ymin: 80, xmin: 160, ymax: 400, xmax: 800 });
    assert.equal(other.box, { ymin: 40, xmin: 20, ymax: 200, xmax: 100 });
  });

  test('clips what reaches into the padding', () => {
    const wide = { width: 800, height: 400, letterbox: { scaleX: 0.25, scaleY: 0.25 } };

    const { box } = toDetection(read(at(40), at(90), at(100), at(100), 4), wide, model);

    assert.equal(box, { ymin: 320, xmin: 720, ymax: 400, xmax: 800 });
  });

  test('puts corners in order', () => {
    const { box } = toDetection(read(at(30), at(60), at(10), at(20), 4), square, model);

    assert.equal(box, { ymin: 20, xmin: 40, ymax: 60, xmax: 120 });
  });

  test('clips tokens that are no coordinates', () => {
    const { box } = toDetection(read(0, at(20), at(30), 300, 4), square, model);

    assert.equal(box, { ymin: 0, xmin: 40, ymax: 60, xmax: 200 });
  });

  test('refuses a fifth token that is no class', async () => {
    for (const token of [3, 6, 8]) {
      await assert.rejects(
        () => toDetection(read(at(1), at(1), at(2), at(2), token), square, model),
        { code: 'ERR_TOKEN_RANGE', message: new RegExp(`from 4 to 5, got ${token}`) },
      );
    }
  });
});

suite('toDetections', (test) => {
  const sequence: TokenSequence = {
    tokens: Int32Array.of(
      ...[at(0), at(0), at(10), at(10), 4],
      ...[at(0), at(0), at(20), at(20), 5],
      ...[at(0), at(0), at(30), at(30), 4],
    ),
    scores: Float32Array.of(0.25, 0.75, 0.5),
    reused: Uint8Array.of(0, 1, 0),
    noises: new Float32Array(3),
    continues: Int32Array.of(-1, 0, -1),
    stop: 'eos',
    final: true,
    counts: { drafted: 0, accepted: 0, decoded: 15, passes: 13 },
    tokensMs: 0,
  };
  const widths = (minScore: number): number[] =>
    toDetections(sequence, square, model, minScore).map(({ box }) => box.xmax);

  test('keeps the order of reading', () => {
    assert.equal(widths(0), [20, 40, 60]);
    assert.equal(
      toDetections(sequence, square, model, 0).map(({ label, score }) => [label, score]),
      [
        ['circle', 0.25],
        ['square', 0.75],
        ['circle', 0.5],
      ],
    );
  });

  test('leaves out what is below the least score, not what is at it', () => {
    assert.equal(widths(0.5), [40, 60]);
    assert.equal(widths(0.51), [40]);
    assert.equal(widths(1), []);
  });

  test('is empty for an empty sequence', () => {
    const empty = { ...sequence, tokens: new Int32Array(), scores: new Float32Array() };

    assert.equal(toDetections(empty, square, model, 0), []);
  });
});
