import { openLocalDetector } from '../../../models/index.ts';
import type { Demand, Detection, Detector, FrameDetections } from '../../../models/core/types.ts';
import type { DetectConfig } from '../../../operators/detect/detectOptions.ts';
import * as assert from '../../support/assert.ts';
import { MODEL_TEST_MS, suite } from '../../support/suite.ts';
import { demoFrames, feed, slotless, timeless } from '../../support/media/feeding.ts';

const NUM_FRAMES = 6;
const STRIDE = 4;

/** Reads some frames of the demo under a demand, each from nothing unless told otherwise. */
async function read(
  detector: Detector,
  demand: readonly Demand[],
  config: DetectConfig = {},
): Promise<readonly FrameDetections[]> {
  const frames = await demoFrames(NUM_FRAMES, { stride: STRIDE });
  const all = { reuse: 'off' as const, minScore: 0, demand: () => demand, ...config };
  const { results } = await feed(frames, detector, all);
  assert.ok(frames.every((frame) => frame.closed));
  return results.map(slotless);
}

const passes = (results: readonly FrameDetections[]): number[] =>
  results.map(({ tokens }) => tokens.passes);
const stops = (results: readonly FrameDetections[]): string[] => results.map(({ stop }) => stop);

suite('detect, as far as is asked for', (test) => {
  let detector: Detector;
  let whole: readonly FrameDetections[];
  test.before(async () => {
    detector = await openLocalDetector({ device: 'cpu', threads: 1 });
    whole = await read(detector, [{}]);
  });
  test.after(() => detector.close());
  const limit = { timeoutMs: MODEL_TEST_MS };

  /** Asserts that each frame was read up to the object with which all was found, and no further. */
  function upTo(
    results: readonly FrameDetections[],
    isEnough: (found: FrameDetections['detections']) => boolean,
  ): void {
    assert.is(results.length, NUM_FRAMES);
    results.forEach(({ frame, detections, stop, final, tokens }, i) => {
      const all = whole[i]?.detections ?? [];
      const counts = all.map((_, k) => k + 1);
      const enough = counts.find((count) => isEnough(all.slice(0, count)));
      assert.equal(detections, all.slice(0, enough), `frame ${frame}`);
      assert.is(final, true);
      const most = whole[i]?.tokens.passes ?? 0;
      if (enough === undefined) {
        assert.equal([stop, tokens.passes], [whole[i]?.stop, most], `frame ${frame}`);
      } else {
        assert.is(stop, 'filter', `frame ${frame}`);
        assert.ok(tokens.passes < most, `frame ${frame}: ${tokens.passes} of ${most} passes`);
      }
    });
  }

  test(
    'reads the whole frame where somebody names no limit',
    async () => {
      const one = await read(detector, [{ limit: 1 }, { classes: ['car'] }]);

      assert.equal(one.map(timeless), whole.map(timeless));
      assert.equal([...new Set(stops(one))], ['eos']);
      assert.ok(
        whole.every(({ detections }) => detections.length > 3),
        'there is much to see',
      );
    },
    limit,
  );

  test(
    'stops with `filter` when the limit is reached, after fewer calls',
    async () => {
      const results = await read(detector, [{ limit: 2 }]);

      upTo(results, (found) => found.length === 2);
      assert.equal([...new Set(stops(results))], ['filter']);
    },
    limit,
  );

  test(
    'goes on until everybody has enough of what they asked for',
    async () => {
      const results = await read(detector, [
        { limit: 1, classes: ['bicycle', 'car'] },
        { limit: 2, classes: ['person'], minScore: 0.6 },
      ]);

      upTo(results, (found) => {
        const vehicles = found.filter(({ label }) => label === 'bicycle' || label === 'car');
        const people = found.filter(({ label, score }) => label === 'person' && score >= 0.6);
        return vehicles.length >= 1 && people.length >= 2;
      });
      assert.ok(new Set(results.map(({ detections }) => detections.length)).size > 1);
      assert.ok(stops(results).includes('filter'));
    },
    limit,
  );

  test(
    'counts nothing that is not kept: minScore and classes narrow the demand',
    async () => {
      const rows = [
        { minScore: 0.7, demand: { limit: 3 } },
        { minScore: 0.7, demand: { limit: 3, minScore: 0.2 } },
        { classes: ['car'], demand: { limit: 2, minScore: 0.3 } },
        { classes: ['car'], demand: { limit: 2, minScore: 0.3, classes: ['person', 'car'] } },
      ];

      for (const { demand, ...config } of rows) {
        const results = await read(detector, [demand], config);

        const isKept = ({ label, score }: Detection): boolean =>
          score >= (config.minScore ?? 0) && (config.classes?.includes(label) ?? true);
        const isAsked = (one: Detection): boolean =>
          isKept(one) && one.score >= (demand.minScore ?? 0);
        results.forEach(({ frame, detections, stop }, i) => {
          const all = whole[i]?.detections ?? [];
          const last = all.filter(isAsked)[demand.limit - 1];
          const end = last === undefined ? all.length : all.indexOf(last) + 1;
          assert.equal(detections, all.slice(0, end).filter(isKept), `frame ${frame}`);
          assert.is(stop, last === undefined ? 'eos' : 'filter', `frame ${frame}`);
        });
        assert.ok(stops(results).includes('filter'), `${JSON.stringify(demand)} is never met`);
        const numRead = (list: readonly FrameDetections[]): number =>
          list.reduce((sum, { tokens }) => sum + tokens.decoded, 0);
        const asIs = await read(detector, [demand]);
        assert.ok(numRead(results) > numRead(asIs), `${JSON.stringify(demand)} is not narrowed`);
      }
    },
    limit,
  );

  test(
    'reads each frame under the demand of its time',
    async () => {
      const demands: readonly (readonly Demand[])[] = [[{ limit: 1 }], [{}], [{ limit: 2 }]];
      const frames = await demoFrames(NUM_FRAMES, { stride: STRIDE });
      const demand = (): readonly Demand[] =>
        demands[frames.filter((frame) => frame.closed).length % demands.length] ?? [];

      const { results } = await feed(frames, detector, { reuse: 'off', minScore: 0, demand });

      assert.equal(
        results.map(({ detections }) => detections.length),
        whole.map(({ detections }, i) => [1, detections.length, 2][i % demands.length]),
      );
    },
    limit,
  );

  for (const reuse of ['refine', 'tolerant'] as const) {
    test(
      `needs fewer calls for less with a draft as well, and keeps it (${reuse})`,
      async () => {
        const all = await read(detector, [{}], { reuse });
        const few = await read(detector, [{ limit: 2 }], { reuse });

        assert.equal([...new Set(stops(few))], ['filter']);
        assert.ok(few.every(({ detections }) => detections.length === 2));
        const sum = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0);
        assert.ok(sum(passes(few)) < sum(passes(all)));
        assert.ok(few.slice(1).every(({ tokens }) => tokens.drafted >= 10));
      },
      limit,
    );

    test(
      `begins anew after frames that nobody wanted (${reuse})`,
      async () => {
        const frames = await demoFrames(NUM_FRAMES);
        const idle = [2, 3];
        const demand = (): Demand[] =>
          idle.includes(frames.findIndex((frame) => !frame.closed)) ? [] : [{}];

        const { results, dropped } = await feed(frames, detector, { reuse, minScore: 0, demand });
        const last = await demoFrames(NUM_FRAMES);
        last.slice(0, 4).forEach((frame) => frame.close());
        const alone = await feed(last.slice(4), detector, { reuse, minScore: 0 });

        assert.equal(dropped, idle);
        assert.equal(
          results.map(({ frame, tokens }) => [frame, tokens.drafted > 0]),
          [
            [0, false],
            [1, true],
            [4, false],
            [5, true],
          ],
        );
        assert.equal(
          results.map(({ skipped }) => skipped),
          [undefined, undefined, { idle: 2 }, undefined],
        );
        const found = ({ detections, tokens }: FrameDetections): object => ({ detections, tokens });
        assert.equal(
          results.slice(2).map(slotless).map(found),
          alone.results.map(slotless).map(found),
        );
      },
      limit,
    );
  }
});
