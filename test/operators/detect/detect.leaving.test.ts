import { NEVER, Subject, concat, from, lastValueFrom, toArray } from 'rxjs';
import type { Demand, Frame } from '../../../models/core/types.ts';
import { detect } from '../../../operators/detect/detect.ts';
import * as assert from '../../support/assert.ts';
import { frameCounter } from '../../support/frames.ts';
import { suite } from '../../support/suite.ts';
import { until } from '../../support/media/clips.ts';
import { fakeDetector } from '../../support/detect/fakeDetector.ts';

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
});
