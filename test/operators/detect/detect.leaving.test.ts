import { NEVER, Subject, concat, from, lastValueFrom, toArray } from 'rxjs';
import type { Demand, Frame, FrameDetections } from '../../../models/core/types.ts';
import { detect } from '../../../operators/detect/detect.ts';
import * as assert from '../../support/assert.ts';
import { frameCounter } from '../../support/frames.ts';
import { suite } from '../../support/suite.ts';
import { until } from '../../support/media/clips.ts';
import { fakeDetector } from '../../support/detect/fakeDetector.ts';

/** Longer than it takes until a task under way asks whether it is still wanted. */
const ASKED_AGAIN_MS = 300;

suite('detect, where demand goes wrong or away', (test) => {
  for (const call of [1, 2]) {
    test(`passes what demand throws at call ${call}, and closes the frame`, async () => {
      const frame = frameCounter().open();
      let numCalls = 0;
      const demand = (): Demand[] => {
        if (++numCalls === call) {
          throw new RangeError('no');
        }
        return [{}];
      };

      const results$ = concat(from([frame]), NEVER).pipe(detect(await fakeDetector(), { demand }));
      await assert.rejects(lastValueFrom(results$), { name: 'RangeError' });

      await until(() => frame.closed);
    });
  }

  for (const policy of ['every', 'latest'] as const) {
    test(`drops a frame that waited until nobody wanted it (${policy})`, async () => {
      const frames = frameCounter();
      const gate = new Subject<void>();
      const detector = await fakeDetector({
        encode: (run) => (run === 0 ? lastValueFrom(gate, { defaultValue: undefined }) : undefined),
      });
      const source = new Subject<Frame>();
      let demand: readonly Demand[] = [{}];
      const config = { policy, demand: () => demand };
      const done = lastValueFrom(source.pipe(detect(detector, config), toArray()));

      source.next(frames.open()); // runs
      source.next(frames.open()); // waits
      demand = [];
      gate.complete();
      source.complete();
      const seen = await done;

      assert.equal([seen.length, detector.numEncoded, frames.closed], [1, 1, 2]);
    });
  }

  for (const isWanted of [true, false]) {
    const title = isWanted ? 'somebody watches' : 'everybody left meanwhile';
    test(`says that a frame which still waits at the end was stopped, where ${title}`, async () => {
      const frames = frameCounter();
      const source = new Subject<Frame>();
      const dropped: string[] = [];
      let demand: readonly Demand[] = [{}];
      const task = new Subject<FrameDetections>();
      const running = source
        .pipe(
          detect(await fakeDetector(), {
            policy: 'latest',
            demand: () => demand,
            tasks: [() => lastValueFrom(task)],
            onDropped: ({ index }, cause) => dropped.push(`${index} ${cause}`),
          }),
        )
        .subscribe();

      source.next(frames.open()); // is in its task
      source.next(frames.open()); // waits
      await until(() => task.observed);
      demand = isWanted ? demand : [];
      await new Promise((resolve) => setTimeout(resolve, ASKED_AGAIN_MS)); // `demand` is asked meanwhile
      running.unsubscribe();

      assert.equal(dropped, ['1 stopped']);
      task.error(new Error('left'));
      assert.is(frames.closed, 2);
    });
  }
});
