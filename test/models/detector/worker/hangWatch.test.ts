import { Watchdog } from '../../../../models/detector/worker/hangWatch.ts';
import * as assert from '../../../support/assert.ts';
import { suite } from '../../../support/suite.ts';

/** Runs a test in which a quarter of the time that is allowed goes by when it says so. */
function withQuarters(work: (dog: Watchdog, quarter: () => void, barks: () => number) => void) {
  const real = { setInterval, clearInterval };
  let look: (() => void) | undefined;
  let numBarks = 0;
  try {
    Object.assign(globalThis, {
      setInterval: (callback: () => void, ms: number) => {
        assert.is(ms, 500);
        look = callback;
        return {};
      },
      clearInterval: () => (look = undefined),
    });
    const dog = new Watchdog(2, () => (numBarks += 1));
    work(
      dog,
      () => look?.(),
      () => numBarks,
    );
  } finally {
    Object.assign(globalThis, real);
  }
}

suite('Watchdog', (test) => {
  test('barks once when nothing was heard for so long', () =>
    withQuarters((dog, quarter, barks) => {
      dog.start();

      [1, 2, 3].forEach(quarter);
      assert.is(barks(), 0);
      quarter();
      assert.is(barks(), 1);
      [1, 2, 3, 4, 5, 6, 7, 8].forEach(quarter);
      assert.is(barks(), 1);
    }));

  test('is quiet as long as something is heard', () =>
    withQuarters((dog, quarter, barks) => {
      dog.start();

      for (let i = 0; i < 10; i++) {
        [1, 2, 3].forEach(quarter);
        dog.hear();
      }
      assert.is(barks(), 0);
      [1, 2, 3, 4].forEach(quarter);

      assert.is(barks(), 1);
    }));

  test('does not begin anew with each thing that is waited for', () =>
    withQuarters((dog, quarter, barks) => {
      for (let i = 0; i < 4; i++) {
        dog.start();
        quarter();
      }

      assert.is(barks(), 1);
    }));

  test('is quiet while nothing is waited for, and then begins anew', () =>
    withQuarters((dog, quarter, barks) => {
      dog.start();
      [1, 2, 3].forEach(quarter);

      dog.stop();
      [1, 2, 3, 4].forEach(quarter);
      dog.start();
      [1, 2, 3].forEach(quarter);
      assert.is(barks(), 0);
      quarter();

      assert.is(barks(), 1);
    }));
});
