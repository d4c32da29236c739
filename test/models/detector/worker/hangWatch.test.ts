import { HangWatch } from '../../../../models/detector/worker/hangWatch.ts';
import * as assert from '../../../support/assert.ts';
import { suite } from '../../../support/suite.ts';

/** Runs a test in which a quarter of the time that is allowed goes by when it says so. */
function withQuarters(work: (watch: HangWatch, quarter: () => void, alarms: () => number) => void) {
  const real = { setInterval, clearInterval };
  let look: (() => void) | undefined;
  let numAlarms = 0;
  try {
    Object.assign(globalThis, {
      setInterval: (callback: () => void, ms: number) => {
        assert.is(ms, 500);
        look = callback;
        return {};
      },
      clearInterval: () => (look = undefined),
    });
    const watch = new HangWatch(2, () => (numAlarms += 1));
    work(
      watch,
      () => look?.(),
      () => numAlarms,
    );
  } finally {
    Object.assign(globalThis, real);
  }
}

suite('HangWatch', (test) => {
  test('alarms once when nothing was heard for so long', () =>
    withQuarters((watch, quarter, alarms) => {
      watch.start();

      [1, 2, 3].forEach(quarter);
      assert.is(alarms(), 0);
      quarter();
      assert.is(alarms(), 1);
      [1, 2, 3, 4, 5, 6, 7, 8].forEach(quarter);
      assert.is(alarms(), 1);
    }));

  test('is quiet as long as something is heard', () =>
    withQuarters((watch, quarter, alarms) => {
      watch.start();

      for (let i = 0; i < 10; i++) {
        [1, 2, 3].forEach(quarter);
        watch.onHeartbeat();
      }
      assert.is(alarms(), 0);
      [1, 2, 3, 4].forEach(quarter);

      assert.is(alarms(), 1);
    }));

  test('does not begin anew with each thing that is waited for', () =>
    withQuarters((watch, quarter, alarms) => {
      for (let i = 0; i < 4; i++) {
        watch.start();
        quarter();
      }

      assert.is(alarms(), 1);
    }));

  test('is quiet while nothing is waited for, and then begins anew', () =>
    withQuarters((watch, quarter, alarms) => {
      watch.start();
      [1, 2, 3].forEach(quarter);

      watch.stop();
      [1, 2, 3, 4].forEach(quarter);
      watch.start();
      [1, 2, 3].forEach(quarter);
      assert.is(alarms(), 0);
      quarter();

      assert.is(alarms(), 1);
    }));
});
