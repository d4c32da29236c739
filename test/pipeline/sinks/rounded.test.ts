import { rounded, roundedDetection } from '../../../pipeline/sinks/rounded.ts';
import * as assert from '../../support/assert.ts';
import { frameDetections } from '../../support/frames.ts';
import { detectionOf } from '../../support/sockets/sockets.ts';
import { suite } from '../../support/suite.ts';

const THIRD = 1 / 3;
const BOX = { xmin: THIRD, ymin: 10 + THIRD, xmax: 100 + 2 * THIRD, ymax: 200 };

suite('rounded', (test) => {
  test('cuts media time to microseconds and times to thousandths of a millisecond', () => {
    const timing = { decodeMs: THIRD, queueMs: 2, encodeMs: 2 * THIRD, tokensMs: 1e-9 };

    const result = rounded(frameDetections({ pts: 41 + THIRD, timing }));

    assert.is(result.pts, 41.333333);
    assert.equal(result.timing, { decodeMs: 0.333, queueMs: 2, encodeMs: 0.667, tokensMs: 0 });
  });

  test('keeps an absent time absent, and a present one', () => {
    const timing = { decodeMs: 1, queueMs: 1, encodeMs: 1, tokensMs: 1 };

    const without = rounded(frameDetections({ timing }));
    const withIt = rounded(frameDetections({ timing: { ...timing, firstObjectMs: THIRD } }));

    assert.not.ok('firstObjectMs' in without.timing);
    assert.is(withIt.timing.firstObjectMs, 0.333);
  });

  test('rounds every detection and touches nothing else', () => {
    const detections = [detectionOf({ box: BOX, score: THIRD }), detectionOf({ trackId: 7 })];
    const before = frameDetections({ detections, skipped: { busy: 2 }, file: 'a.png' });

    const after = rounded(before);

    assert.equal(after, { ...before, detections: detections.map(roundedDetection) });
    assert.is(before.detections[0]?.score, THIRD, 'the original is not changed');
  });
});

suite('roundedDetection', (test) => {
  test('cuts boxes to hundredths and scores to four places', () => {
    const { box, score } = roundedDetection(detectionOf({ box: BOX, score: 2 * THIRD }));

    assert.equal(box, { xmin: 0.33, ymin: 10.33, xmax: 100.67, ymax: 200 });
    assert.is(score, 0.6666);
  });

  test('lets the same objects through as the scores that were read, at every limit', () => {
    for (let i = 0; i <= 1000; i++) {
      const limit = i / 1000;
      for (const step of [-6e-5, -4e-5, -1e-7, 0, 4e-5, 6e-5]) {
        const score = Math.fround(Math.min(1, Math.max(0, limit + step)));

        const told = roundedDetection(detectionOf({ score })).score;

        assert.is(told >= limit, score >= limit, `${score} reads ${told} at ${limit}`);
        assert.ok(score - told >= 0 && score - told < 1e-4);
        assert.is(roundedDetection(detectionOf({ score: told })).score, told);
      }
    }
  });

  test('keeps label, class, track and origin', () => {
    const detection = detectionOf({ label: 'car', classId: 2, trackId: 7, reused: true });

    assert.equal(roundedDetection(detection), detection);
  });
});
