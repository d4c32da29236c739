import { from, lastValueFrom, toArray } from 'rxjs';
import type { Demand, Frame, FrameDetections } from '../../../models/core/types.ts';
import { detect } from '../../../operators/detect/detect.ts';
import type { DetectConfig } from '../../../operators/detect/detectOptions.ts';
import { fromVideo } from '../../../operators/sources/fromVideo.ts';
import * as assert from '../../support/assert.ts';
import { frameCounter } from '../../support/frames.ts';
import { END_TO_END_MS, suite } from '../../support/suite.ts';
import { clip } from '../../support/media/clips.ts';
import { fakeDetector } from '../../support/detect/fakeDetector.ts';
import { feed } from '../../support/media/feeding.ts';

suite('detect, with a motion gate', (test) => {
  const read = (
    frames: readonly Frame[],
    detector: Parameters<typeof detect>[0],
    config: DetectConfig,
  ): Promise<FrameDetections[]> =>
    lastValueFrom(from(frames).pipe(detect(detector, config), toArray()));
  const stills = (list: readonly FrameDetections[]): unknown[] => list.map(({ still }) => still);

  for (const policy of ['every', 'latest'] as const) {
    test(`repeats the last result for a still scene, without the encoder (${policy})`, async () => {
      const frames = frameCounter();
      const detector = await fakeDetector();
      const shown: number[] = [];
      const objects: number[] = [];
      const opened = [0, 1, 2].map(() => frames.open());

      const { results: seen } = await feed(opened, detector, {
        policy,
        motion: {},
        onFrame: ({ index, closed }) => void (assert.is(closed, false), shown.push(index)),
        onObject: ({ frame }) => objects.push(frame),
      });

      assert.equal(
        seen.map(({ frame, still }) => [frame, still]),
        [
          [0, undefined],
          [1, true],
          [2, true],
        ],
      );
      assert.is('still' in seen[0]!, false);
      assert.equal(seen[2]?.detections, seen[0]?.detections);
      assert.equal([shown, objects], [[0, 1, 2], [0]]);
      assert.equal([frames.closed, detector.numEncoded, detector.numOpen], [3, 1, 0]);
    });
  }

  test('counts what was dropped in a repeated result as well', async () => {
    const frames = frameCounter();
    const demands: (readonly Demand[])[] = [[{}], [], [{}]];
    const opened = [0, 1, 2].map(() => frames.open());
    const demand = (): readonly Demand[] => demands[opened.findIndex(({ closed }) => !closed)]!;
    const detector = await fakeDetector();

    const { results, dropped } = await feed(opened, detector, { motion: {}, demand });

    assert.equal(
      results.map(({ frame, still, skipped }) => [frame, still, skipped]),
      [
        [0, undefined, undefined],
        [2, true, { idle: 1 }],
      ],
    );
    assert.equal([dropped, detector.numEncoded, frames.closed], [[1], 1, 3]);
  });

  test('passes what onFrame throws at a still frame, and closes everything', async () => {
    const frames = frameCounter();
    const onFrame = ({ index }: Frame): void => {
      if (index === 1) {
        throw new RangeError('no');
      }
    };

    const done = read(
      [0, 1, 2].map(() => frames.open()),
      await fakeDetector(),
      {
        motion: {},
        onFrame,
      },
    );

    await assert.rejects(done, { name: 'RangeError' });
    assert.is(frames.closed, 3);
  });

  test('looks at every frame where it is not asked for', async () => {
    const frames = frameCounter();
    const detector = await fakeDetector();

    const seen = await read([frames.open(), frames.open()], detector, {});

    assert.equal([stills(seen), detector.numEncoded], [[undefined, undefined], 2]);
  });

  test('throws at the call for a wrong option', async () => {
    const detector = await fakeDetector();

    await assert.rejects(() => detect(detector, { motion: { threshold: 0 } }), {
      name: 'RangeError',
    });
  });

  // people walk in the first, the camera moves in the second, the shot changes in the third
  for (const [name, atLeast] of [
    ['h264.mp4', 15],
    ['panning.mp4', 39],
    ['cutting.mp4', 8],
  ] as const) {
    test(
      `looks where ${name} moves`,
      async () => {
        const detector = await fakeDetector();
        const frames$ = fromVideo(clip(name), { decoder: 'wasm' });

        const seen = await lastValueFrom(frames$.pipe(detect(detector, { motion: {} }), toArray()));

        const numLooks = seen.filter(({ still }) => still === undefined).length;
        assert.is(detector.numEncoded, numLooks);
        assert.ok(numLooks >= atLeast, `${numLooks} looks at ${seen.length} frames`);
      },
      { timeoutMs: END_TO_END_MS },
    );
  }
});
