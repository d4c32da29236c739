import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ChildProcess } from 'node:child_process';
import { lastValueFrom, tap, toArray } from 'rxjs';
import { openSupervisedDetector } from '../../../models/index.ts';
import type { Frame, FrameDetections } from '../../../models/core/types.ts';
import { detect } from '../../../operators/detect/detect.ts';
import { fromVideo } from '../../../operators/sources/fromVideo.ts';
import * as assert from '../../support/assert.ts';
import { END_TO_END_MS, suite } from '../../support/suite.ts';
import { DEMO, slotless, timeless } from '../../support/media/feeding.ts';

const NUM_FRAMES = 6;

suite('detect, with the bundled model under supervision', (test) => {
  test(
    'loses the frames that are in a worker when it is killed, and no other',
    async () => {
      const started: ChildProcess[] = [];
      const see = (message: unknown): void =>
        void started.push((message as { process: ChildProcess }).process);
      const kill = (): unknown =>
        started
          .findLast(({ spawnargs }) => spawnargs.some((arg) => arg.includes('detectorProcess')))
          ?.kill('SIGKILL');
      subscribe('child_process', see);
      await using detector = await openSupervisedDetector({ device: 'cpu', threads: 1 });
      const opened: Frame[] = [];
      const play = (deadly: readonly number[]): Promise<[FrameDetections[], unknown[]]> => {
        const faults: unknown[] = [];
        return lastValueFrom(
          fromVideo(DEMO, { decoder: 'wasm', stride: 10, maxFrames: NUM_FRAMES }).pipe(
            tap((frame) => void opened.push(frame)),
            detect(detector, {
              reuse: 'off',
              onFrame: ({ index }) => deadly.includes(index) && kill(),
              onFault: ({ code }, { index, closed }) => faults.push([code, index, closed]),
            }),
            toArray(),
          ),
        ).then((results) => [results, faults]);
      };

      const [whole, none] = await play([]);
      const [results, faults] = await play([20, 40]);
      unsubscribe('child_process', see);

      assert.equal(none, []);
      assert.equal(faults, [
        ['ERR_WORKER_EXIT', 20, true],
        ['ERR_WORKER_EXIT', 40, true],
      ]);
      assert.equal(
        results.map(({ frame, skipped }) => [frame, skipped]),
        [
          [0, undefined],
          [10, undefined],
          [30, { error: 1 }],
          [50, { error: 1 }],
        ],
      );
      const same = whole.filter(({ frame }) => frame !== 20 && frame !== 40).map(unaccounted);
      assert.equal(results.map(unaccounted), same);
      assert.is(opened.length, 2 * NUM_FRAMES);
      assert.ok(opened.every((frame) => frame.closed));
    },
    { timeoutMs: END_TO_END_MS },
  );
});

/** What of a result does not hang on the clock and on other frames. */
function unaccounted(result: FrameDetections): object {
  return { ...timeless(slotless(result)), skipped: undefined };
}
