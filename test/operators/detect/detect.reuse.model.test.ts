import { from, lastValueFrom, merge, toArray } from 'rxjs';
import type { Observable } from 'rxjs';
import { openLocalDetector } from '../../../models/index.ts';
import type { StopRule } from '../../../models/index.ts';
import type { Detection, Detector, Frame, FrameDetections } from '../../../models/core/types.ts';
import { detect } from '../../../operators/detect/detect.ts';
import { track } from '../../../operators/track/track.ts';
import * as assert from '../../support/assert.ts';
import { MODEL_TEST_MS, suite } from '../../support/suite.ts';
import { demoFrames, feed, slotless, timeless, without } from '../../support/media/feeding.ts';

const NUM_FRAMES = 5;
const NUM_TRACKED = 60;
/** A time limit that no frame reaches. */
const NEVER_MS = 1e9;
/** A time limit that is over before it begins: added to the time of day it gives the same. */
const AT_ONCE_MS = Number.MIN_VALUE;

/** A budget of decoder calls instead of milliseconds. */
class CallBudget implements StopRule {
  readonly reason = 'budget';
  maxCalls = Infinity;

  start(): ReturnType<StopRule['start']> {
    let numCalls = 0;
    return { beforeCall: () => ++numCalls > this.maxCalls };
  }
}

const slotsOf = ({ detections }: FrameDetections): (number | undefined)[] =>
  detections.map(({ slot }) => slot);

suite('detect under a budget, with the bundled model', (test) => {
  const rule = new CallBudget();
  let detector: Detector;
  test.before(async () => {
    detector = await openLocalDetector({ device: 'cpu', threads: 1, rules: [rule] });
  });
  test.after(() => detector.close());
  const limit = { timeoutMs: MODEL_TEST_MS };
  const config = { reuse: 'tolerant', minScore: 0 } as const;

  /** Reads some frames, of which each but the first may take so many calls. */
  async function read(maxCalls: number, budgetMs: number): Promise<readonly FrameDetections[]> {
    const frames = await demoFrames(NUM_FRAMES);
    rule.maxCalls = Infinity;
    const onFrame = ({ index }: Frame): void => {
      rule.maxCalls = index === 0 ? Infinity : maxCalls;
    };
    const { results } = await feed(frames, detector, { ...config, budgetMs, onFrame });
    rule.maxCalls = Infinity;
    assert.ok(frames.every((frame) => frame.closed));
    return results;
  }

  test(
    'gives whole objects, the most certain first, as far as the budget goes',
    async () => {
      const cut = await read(1, NEVER_MS);
      const whole = await read(Infinity, NEVER_MS);

      const [first, second] = [cut[0], cut[1]];
      assert.ok(first !== undefined && second !== undefined);
      assert.equal(first, { ...whole[0], timing: first.timing, capturedAt: first.capturedAt });
      assert.equal([second.stop, second.final, second.tokens.passes], ['budget', false, 1]);
      const byScore = first.detections.toSorted((a, b) => b.score - a.score);
      assert.ok(
        byScore.some(({ slot }, i) => slot !== first.detections[i]?.slot),
        'the model does not sort by itself',
      );
      const count = second.detections.length;
      assert.ok(count >= 2, `${count} objects in one call`);
      assert.ok(count < (whole[1]?.detections.length ?? 0), 'the budget cut something off');
      assert.equal(
        slotsOf(second),
        byScore.slice(0, count).map(({ slot }) => slot),
      );
      assert.equal(second.detections, whole[1]?.detections.slice(0, count));
    },
    limit,
  );

  test(
    'never loses an object that it had no time for',
    async () => {
      const results = await read(1, NEVER_MS);

      const known = new Set(results.slice(0, 1).flatMap(slotsOf));
      let before = { numDrafted: known.size, numRead: 0 };
      for (const { frame, stop, final, tokens, detections } of results.slice(1)) {
        assert.equal([stop, final], ['budget', false]);
        assert.ok(detections.every(({ slot }) => known.has(slot)));
        // only what was looked at, and turned out to be noise, may be left out
        const numDrafted = tokens.drafted / 5;
        assert.ok(numDrafted <= known.size, `frame ${frame}`);
        assert.ok(numDrafted >= before.numDrafted - before.numRead, `frame ${frame}`);
        before = { numDrafted, numRead: detections.length };
      }
    },
    limit,
  );

  test(
    'gives an empty frame that is not final where there is no time at all, and goes on behind it',
    async () => {
      const frames = await demoFrames(2);

      const { results } = await feed(frames, detector, { ...config, budgetMs: AT_ONCE_MS });

      for (const { detections, final, stop, tokens } of results) {
        assert.equal([detections, final, stop], [[], false, 'budget']);
        assert.equal(tokens, { drafted: 0, accepted: 0, decoded: 0, passes: 0 });
      }
      assert.is(results.length, 2);
    },
    limit,
  );

  test(
    'goes in the order of the model where there is no budget',
    async () => {
      const [first, second] = await read(1, 0);

      assert.ok(first !== undefined && second !== undefined);
      const count = second.detections.length;
      assert.ok(count > 0);
      assert.equal(slotsOf(second), slotsOf(first).slice(0, count));
    },
    limit,
  );
});

suite('detect of several sources, with the bundled model', (test) => {
  let detector: Detector;
  test.before(async () => {
    detector = await openLocalDetector({ device: 'cpu', threads: 1 });
  });
  test.after(() => detector.close());
  const limit = { timeoutMs: MODEL_TEST_MS };
  const SOURCES = [
    { source: 'slow', stride: 1 },
    { source: 'fast', stride: 5 },
  ];

  const clips = (): Promise<Frame[][]> =>
    Promise.all(SOURCES.map((one) => demoFrames(NUM_FRAMES, one)));
  /** Frames of all clips, one of each after the other. */
  const inTurns = (all: readonly (readonly Frame[])[]): Frame[] =>
    Array.from({ length: NUM_FRAMES }, (_, i) => all.map((frames) => frames[i] as Frame)).flat();

  for (const reuse of ['tolerant', 'refine'] as const) {
    test(
      `gives of each what it gives of it alone, through one detector (${reuse})`,
      async () => {
        const config = { reuse, minScore: 0 };
        const pipelineOf = (frames: readonly Frame[]): Observable<FrameDetections> =>
          from(frames).pipe(detect(detector, config));

        const alone: FrameDetections[][] = [];
        for (const frames of await clips()) {
          alone.push(await lastValueFrom(pipelineOf(frames).pipe(toArray())));
        }
        const atOnce = await lastValueFrom(
          merge(...(await clips()).map(pipelineOf)).pipe(toArray()),
        );
        const { results: oneByOne } = await feed(inTurns(await clips()), detector, config);

        for (const together of [atOnce, oneByOne]) {
          SOURCES.forEach(({ source }, i) => {
            const ofSource = together.filter((result) => result.source === source);
            assert.equal(ofSource.map(timeless), alone[i]?.map(timeless), source);
            assert.ok(ofSource.slice(1).every(({ tokens }) => tokens.drafted > 0));
          });
          const turns = together.filter(({ source }, i) => source !== together[i - 1]?.source);
          assert.ok(turns.length > NUM_FRAMES, 'the sources took turns');
        }
        assert.not.equal(alone[0]?.map(slotsOf), alone[1]?.map(slotsOf));
      },
      limit,
    );
  }

  test(
    'keeps them apart in one pipeline too, though then none has a draft',
    async () => {
      const frames = inTurns(await clips());

      const { results } = await feed(frames, detector, { reuse: 'tolerant', isOnePipeline: true });

      assert.equal(
        results.map(({ source, tokens }) => [source, tokens.drafted]),
        frames.map(({ source }) => [source, 0]),
      );
      const slots = results.flatMap(slotsOf);
      assert.is(new Set(slots).size, slots.length);
    },
    limit,
  );
});

suite('track behind detect, with the bundled model', (test) => {
  const limit = { timeoutMs: MODEL_TEST_MS };

  test(
    'has no more numbers with slots than without',
    async () => {
      await using detector = await openLocalDetector({ device: 'cpu', threads: 1 });
      const frames = await demoFrames(NUM_TRACKED);
      const { results } = await feed(frames, detector, { reuse: 'tolerant' });

      const tracked = async (list: readonly FrameDetections[]): Promise<FrameDetections[]> =>
        lastValueFrom(from(list).pipe(track(), toArray()));
      const withSlots = await tracked(results);
      const without = await tracked(results.map(slotless));

      assert.equal(
        withSlots.map(({ detections }) => detections.map(unnumbered)),
        without.map(({ detections }) => detections.map(unnumbered)),
      );
      assert.ok(numIds(withSlots) <= numIds(without), `${numIds(withSlots)}, ${numIds(without)}`);
      assert.ok(numIds(without) > 5, 'there is something to follow');
    },
    limit,
  );
});

const unnumbered = (detection: Detection): object => without('trackId', detection);
const numIds = (results: readonly FrameDetections[]): number =>
  new Set(results.flatMap(({ detections }) => detections.map(({ trackId }) => trackId))).size;
