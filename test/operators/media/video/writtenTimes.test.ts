import { WrittenTimes } from '../../../../operators/media/video/writtenTimes.ts';
import * as assert from '../../../support/assert.ts';
import { suite } from '../../../support/suite.ts';

const HOUR = 3600;

/** What becomes of times at 10 pictures a second, in seconds: of each picture, and of those that come again. */
function written(...times: readonly number[]): { at: number[]; repeats: number[] } {
  const clock = new WrittenTimes(10);
  const taken = times.map((seconds) => clock.next(seconds));
  return {
    at: taken.map(({ at }) => at / 1e6),
    repeats: taken.flatMap(({ repeats }) => repeats.map((micros) => micros / 1e6)),
  };
}

suite('WrittenTimes', (test) => {
  test('keeps times as they are, holes of hours too', () => {
    const times = [0, 0.033367, 0.1, 0.7, 2 * HOUR, 2 * HOUR + 0.04];

    assert.equal(written(...times), { at: times, repeats: [] });
  });

  test('shows the first picture from the beginning on', () => {
    assert.equal(written(0.4, 0.5).at, [0, 0.5]);
    assert.equal(written(50_000 * HOUR, 50_000 * HOUR + 0.1).at.length, 2);
  });

  test('shows a picture again before a hole is longer than a file can have it', () => {
    assert.equal(written(0, 1, 20 * HOUR), {
      at: [0, 1, 20 * HOUR],
      repeats: [6 * HOUR + 1, 12 * HOUR + 1, 18 * HOUR + 1],
    });
    assert.equal(written(0, 6 * HOUR).repeats, []);
  });

  test('puts a picture that is a little early right behind the last one', () => {
    assert.equal(written(0.4, 0.5, 0.2, 0.6).at, [0, 0.5, 0.500012, 0.6]);
    assert.equal(written(0, 0, 0).at, [0, 0.000012, 0.000024]);
  });

  test('goes on in step where the clock of the source begins anew, or jumps out of all reason', () => {
    assert.equal(written(0, 5, 5.04, 0, 0.04, 0.08).at, [0, 5, 5.04, 5.08, 5.12, 5.16]);
    assert.equal(written(0, 0.1, 1e9, 1e9 + 0.5, 0.3).at, [0, 0.1, 0.2, 0.7, 1.2]);
    assert.equal(written(0, 0.1, 1e9).repeats, []);
  });
});
