import * as assert from '../support/assert.ts';
import { suite } from '../support/suite.ts';
import { exceeded } from './limits.ts';
import type { Judged } from './limits.ts';
import type { Level, Sample } from './samples.ts';

const LEVEL: Level = {
  ...{ rssBytes: 400e6, heapBytes: 100e6, childrenRssBytes: 800e6 },
  ...{ resources: 50, decoders: 8, workers: 1, openFiles: 60 },
};
const SAMPLE: Sample = { ...LEVEL, seconds: 600, loopDelayP99Ms: 50, loopDelayMaxMs: 500 };
const READER = {
  ...{ numFrames: 9, numGaps: 0, numAnnounced: 0, numUnannounced: 0, numReturns: 0 },
  ...{ longestSilenceMs: 5_000, failure: undefined },
};
const WELL: Judged = {
  ...{ minutes: 60, early: LEVEL, late: LEVEL, samples: [SAMPLE], readers: [READER] },
  ...{ loopDelayP99Ms: 58, loopDelayMaxMs: 570, age: { p50: 155, p95: 286, p99: 338, max: 2_057 } },
};

suite('limits of a soak', (test) => {
  const cases: readonly (readonly [Partial<Judged>, string, boolean])[] = [
    [{ samples: [SAMPLE, { ...SAMPLE, rssBytes: 900e6 }] }, 'resident memory 900 MB', true],
    [{ late: { ...LEVEL, rssBytes: 480e6 } }, 'resident memory grew by 80 MB', true],
    [{ late: { ...LEVEL, openFiles: 140 } }, 'open files grew by 80', true],
    [{ loopDelayP99Ms: 120 }, 'event loop late by, p99, 120 ms, more than 100 ms', false],
    [{ loopDelayMaxMs: 7_000 }, 'event loop late by, at most, 7000 ms', false],
    [{ readers: [READER, { ...READER, longestSilenceMs: 20_000 }] }, 'silence of a healthy', false],
    [{ age: { p50: 1, p95: NaN, p99: 1, max: 1 } }, 'age of healthy cameras’ detections', false],
  ];
  for (const [change, expected, isAlways] of cases) {
    test(`are exceeded: ${expected}`, () => {
      const [line = '', ...more] = exceeded({ ...WELL, ...change }, true);

      assert.ok(line.includes(expected), line);
      assert.equal(more, []);
      assert.is(exceeded({ ...WELL, ...change }, false).length, isAlways ? 1 : 0);
    });
  }

  test('are kept by what an hour on two full cores gave, and growth is not judged while it warms up', () => {
    assert.equal(exceeded(WELL, true), []);
    assert.equal(exceeded({ ...WELL, minutes: 1, loopDelayP99Ms: 190 }, true), []);
    assert.equal(exceeded({ ...WELL, minutes: 1, loopDelayP99Ms: 210 }, true).length, 1);
    assert.equal(exceeded({ ...WELL, minutes: 1, late: { ...LEVEL, rssBytes: 600e6 } }, true), []);
  });
});
