import { lastValueFrom, tap, toArray } from 'rxjs';
import type { Observable } from 'rxjs';
import { openLocalDetector } from '../../../models/index.ts';
import type { Detector, FoundObject, Frame, FrameDetections } from '../../../models/core/types.ts';
import { decode } from '../../../operators/detect/decode.ts';
import { detect } from '../../../operators/detect/detect.ts';
import type { DetectConfig } from '../../../operators/detect/detectOptions.ts';
import { encode } from '../../../operators/detect/encode.ts';
import { fromVideo } from '../../../operators/sources/fromVideo.ts';
import { objects } from '../../../operators/detect/objects.ts';
import * as assert from '../../support/assert.ts';
import { MODEL_TEST_MS, suite } from '../../support/suite.ts';
import { DEMO, slotless, timeless } from '../../support/media/feeding.ts';

const NUM_FRAMES = 5;

/** A few frames of the demo, with an account of what was given out. */
function demo(opened: Frame[] = []): Observable<Frame> {
  return fromVideo(DEMO, { decoder: 'wasm', stride: 10, maxFrames: NUM_FRAMES }).pipe(
    tap((frame) => void opened.push(frame)),
  );
}

function results(frames: Observable<Frame>, detector: Detector, config: DetectConfig = {}) {
  return lastValueFrom(frames.pipe(detect(detector, config), toArray()));
}

suite('detect, with the bundled model', (test) => {
  let detector: Detector;
  test.before(async () => {
    detector = await openLocalDetector({ threads: 1 });
  });
  test.after(() => detector.close());
  const limit = { timeoutMs: MODEL_TEST_MS };

  test(
    'is encode, decode and objects in a row, frame by frame',
    async () => {
      const opened: Frame[] = [];

      const whole = await results(demo(opened), detector, { reuse: 'off' }); // the parts know no draft
      const parts = await lastValueFrom(
        demo(opened).pipe(
          encode(detector),
          decode(detector, { reuse: 'off' }),
          objects(detector),
          toArray(),
        ),
      );

      assert.equal(whole.map(slotless).map(timeless), parts.map(timeless));
      assert.equal(
        whole.map(({ frame }) => frame),
        [0, 10, 20, 30, 40],
      );
      const people = whole[0]?.detections.filter(({ label }) => label === 'person') ?? [];
      assert.ok(people.length >= 2, 'there are people on the campus');
      for (const { box } of people) {
        assert.ok(0 <= box.xmin && box.xmin < box.xmax && box.xmax <= 768);
        assert.ok(0 <= box.ymin && box.ymin < box.ymax && box.ymax <= 576);
      }
      assert.is(opened.length, 2 * NUM_FRAMES);
      assert.ok(opened.every((frame) => frame.closed));
    },
    limit,
  );

  test(
    'tells of each object before its frame is finished, and the same of it',
    async () => {
      const told: (FoundObject | FrameDetections)[] = [];

      await lastValueFrom(
        demo().pipe(
          detect(detector, { minScore: 0.5, onObject: (object) => told.push(object) }),
          tap((result) => void told.push(result)),
        ),
      );

      let found: FoundObject[] = [];
      let numFrames = 0;
      for (const item of told) {
        if (item.type === 'object') {
          found.push(item);
          continue;
        }
        numFrames += 1;
        assert.equal(
          found.map(({ detection }) => detection),
          slotless(item).detections,
        );
        assert.equal(
          found.map(({ frame, source, index }) => [frame, source, index]),
          item.detections.map((_, index) => [item.frame, item.source, index]),
        );
        found = [];
      }
      assert.is(numFrames, NUM_FRAMES);
      assert.ok(told.length > 2 * NUM_FRAMES, 'objects were found');
    },
    limit,
  );

  test(
    'keeps the objects that are asked for',
    async () => {
      const all = await results(demo(), detector, { minScore: 0 });
      const some = await results(demo(), detector, { minScore: 0.6, classes: ['person', 'car'] });

      assert.equal(
        some.map(({ detections }) => detections),
        all.map(({ detections }) =>
          detections
            .filter(({ label, score }) => score >= 0.6 && label !== 'bicycle')
            .filter(({ label }) => ['person', 'car'].includes(label)),
        ),
      );
      const count = (list: readonly FrameDetections[]): number =>
        list.flatMap((r) => r.detections).length;
      assert.ok(count(some) > 0 && count(some) < count(all));
    },
    limit,
  );

  test(
    'does not pile features up where the decoder is slower than the encoder',
    async () => {
      let numOpen = 0;
      let mostOpen = 0;
      const counting: Detector = {
        ...detector,
        model: detector.model,
        device: detector.device,
        encode: async (image) => {
          const features = await detector.encode(image);
          mostOpen = Math.max(mostOpen, (numOpen += 1));
          const close = (): void => (features.close(), void (numOpen -= 1));
          return Object.assign(Object.create(features), { close });
        },
        decode: async (features, options, hooks) => {
          const real: Parameters<Detector['decode']>[0] = Object.getPrototypeOf(features);
          return detector.decode(real, options, hooks);
        },
        close: () => detector.close(),
        [Symbol.asyncDispose]: () => detector.close(),
      };
      const opened: Frame[] = [];
      const slow = { eosOffset: 1e9, noiseThreshold: 1, maxObjects: 40 };
      const frames = fromVideo(DEMO, { decoder: 'wasm', maxFrames: 16 }).pipe(
        tap((frame) => void opened.push(frame)),
      );

      const read = await lastValueFrom(
        frames.pipe(encode(counting), decode(counting, slow), toArray()),
      );

      assert.is(read.length, 16);
      assert.equal([...new Set(read.map(({ sequence }) => sequence.stop))], ['maxObjects']);
      assert.ok(mostOpen <= 3, `${mostOpen} features were open at a time`);
      assert.is(numOpen, 0);
      assert.ok(opened.every((frame) => frame.closed));
    },
    limit,
  );

  test(
    'drops what comes while it is busy, counts it, and tells of it',
    async () => {
      const opened: Frame[] = [];
      const dropped: Frame[] = [];

      const seen = await results(demo(opened), detector, {
        policy: 'latest',
        onDropped: (frame) => {
          assert.is(frame.closed, true);
          dropped.push(frame);
        },
      });

      const skipped = seen.reduce((sum, result) => sum + (result.skipped?.['busy'] ?? 0), 0);
      assert.is(skipped, dropped.length);
      assert.is(seen.length + dropped.length, opened.length);
      assert.equal(
        [...seen.map(({ frame }) => frame), ...dropped.map(({ index }) => index)].sort(
          (a, b) => a - b,
        ),
        opened.map(({ index }) => index),
      );
      assert.ok(opened.every((frame) => frame.closed));
    },
    limit,
  );
});
