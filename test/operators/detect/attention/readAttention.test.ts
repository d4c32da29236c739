import { lastValueFrom, of, tap } from 'rxjs';
import { openLocalDetector } from '../../../../models/index.ts';
import type { Detector, Frame } from '../../../../models/core/types.ts';
import { detect } from '../../../../operators/detect/detect.ts';
import { fromVideo } from '../../../../operators/sources/fromVideo.ts';
import { readAttention } from '../../../../operators/detect/attention/readAttention.ts';
import type { AttendedObject } from '../../../../operators/detect/attention/readAttention.ts';
import * as assert from '../../../support/assert.ts';
import { MODEL_TEST_MS, suite } from '../../../support/suite.ts';

const DEMO = new URL('../../../../pipeline/demo/campus.mp4', import.meta.url);
const LIMIT = { timeoutMs: MODEL_TEST_MS };

suite('readAttention', (test) => {
  let detector: Detector;
  let frame: Frame;
  let all: readonly AttendedObject[];
  test.before(async () => {
    detector = await openLocalDetector({ threads: 1 });
    const frames$ = fromVideo(DEMO, { decoder: 'wasm', maxFrames: 1 });
    await lastValueFrom(frames$.pipe(tap((one) => (frame = one))));
    all = await readAttention(detector, frame, { minScore: 0 });
  });
  test.after(async () => {
    frame.close();
    await detector.close();
  });

  test(
    'tells of each object that is kept the five maps that it has among all',
    async () => {
      const kept = await readAttention(detector, frame, { minScore: 0.5, classes: ['person'] });

      const wanted = all.filter(
        ({ detection: { label, score } }) => label === 'person' && score >= 0.5,
      );
      assert.equal(kept, wanted);
      assert.ok(kept.length > 2 && kept.length < all.length);
      for (const { maps } of kept) {
        assert.is(maps.length, 5);
        const sums = maps.map(({ shares }) => shares.reduce((sum, share) => sum + share, 0));
        assert.close(sums, [1, 1, 1, 1, 1], { abs: 1e-3 });
      }
    },
    LIMIT,
  );

  test(
    'borrows the frame, and finds what detect finds in it',
    async () => {
      assert.ok(frame.image.length > 0, 'it is open');
      const found = await lastValueFrom(
        of(frame).pipe(detect(detector, { minScore: 0, reuse: 'off' })),
      );

      const boxes = found.detections.map(({ label, box }) => ({ label, box }));
      assert.equal(
        all.map(({ detection: { label, box } }) => ({ label, box })),
        boxes,
      );
    },
    LIMIT,
  );
});
