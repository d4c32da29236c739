import { waitSeconds } from '../../../../operators/sources/live/backOff.ts';
import { LiveClock } from '../../../../operators/sources/live/liveClock.ts';
import * as assert from '../../../support/assert.ts';
import { suite } from '../../../support/suite.ts';
import { stepsBack } from '../../../support/media/liveWatch.ts';

/** Frames 40 ms apart. */
const NUM_FRAMES = 5_000;
const arrivals = Array.from({ length: NUM_FRAMES }, (_, i) => 7_000 + i * 40);

/** What the clock makes of a camera's times that arrive every 40 ms. */
function timed(media: (frame: number) => number | undefined): number[] {
  const clock = new LiveClock();
  return arrivals.map((arrivedAtMs, frame) => clock.next(media(frame), arrivedAtMs));
}

/** Largest distance from the wall clock, seconds. */
function furthest(times: readonly number[]): number {
  return Math.max(...times.map((time, frame) => Math.abs(time - frame * 0.04)));
}

suite('LiveClock', (test) => {
  const cameras: readonly (readonly [string, (frame: number) => number | undefined])[] = [
    ['keeps time', (frame) => 1_000 + frame * 0.04],
    ['gives no time', () => undefined],
    ['gives the same time always', () => 3],
    ['wraps around', (frame) => (95_000 + frame * 0.04) % 95_050],
    ['jumps back and forth', (frame) => (frame % 100 < 50 ? 0 : 1e6) + frame * 0.04],
    ['is a tenth too fast', (frame) => frame * 0.044],
    ['is a tenth too slow', (frame) => frame * 0.036],
    ['runs backwards', (frame) => -frame * 0.04],
    ['gives no time now and then', (frame) => (frame % 7 === 0 ? undefined : frame * 0.04)],
  ];
  for (const [title, media] of cameras) {
    test(`grows and stays with the wall clock where the camera ${title}`, () => {
      const times = timed(media);

      assert.is(times[0], 0);
      assert.equal(stepsBack(times), []);
      assert.ok(furthest(times) <= 1.05, `${furthest(times)} seconds off`);
    });
  }

  test("keeps the camera's own steps where arrivals tremble", () => {
    const clock = new LiveClock();
    const times = arrivals.map((at, i) => clock.next(i * 0.04, at + (i % 3) * 15));

    const steps = times.slice(1).map((time, i) => time - (times[i] ?? NaN));
    assert.close(
      steps,
      Array.from(steps, () => 0.04),
      { abs: 0.002 },
    );
  });

  test('goes on after a new connection, at the time of arrival', () => {
    const clock = new LiveClock();
    clock.next(100, 1_000);
    clock.next(100.04, 1_040);

    clock.restart();

    assert.close([clock.next(0, 9_000), clock.next(0.04, 9_040)], [8, 8.04], { abs: 1e-9 });
  });
});

suite('waitSeconds', (test) => {
  const backOff = { minSeconds: 0.25, maxSeconds: 1.5 };

  test('doubles the longest wait with each try, up to the limit, and never ends', () => {
    const longest = [1, 2, 3, 4, 1_000_000].map((tries) => waitSeconds(backOff, tries, 1));
    assert.equal(longest, [0.5, 1, 1.5, 1.5, 1.5]);
  });

  test('never waits less than the shortest wait', () => {
    const shortest = [1, 2, 3, 1_000_000].map((tries) => waitSeconds(backOff, tries, 0));
    assert.equal(shortest, [0.25, 0.25, 0.25, 0.25]);
  });

  test('spreads the tries of many', () => {
    const waits = Array.from({ length: 100 }, () => waitSeconds(backOff, 1));
    assert.ok(new Set(waits).size > 90);
    assert.ok(waits.every((wait) => wait >= 0.25 && wait <= 0.5));
  });

  test('waits as told where both limits are one', () => {
    assert.is(waitSeconds({ minSeconds: 3, maxSeconds: 3 }, 9), 3);
    assert.is(waitSeconds({ minSeconds: 0, maxSeconds: 0 }, 9), 0);
  });
});
