/** What a soak must not exceed, and why just that. */
import type { SoakReport } from './report.ts';

/** Shorter runs are still warming up: code is compiled, buffers find their size. Memory is judged from then on, minutes. */
const WARM_MINUTES = 10;
/** In shorter runs than this faults come as much faster, and times may be as much longer, minutes. */
const ORDINARY_MINUTES = 2;
/** Growth of resident memory from early to late: between two collections an idle server differs by half of that, bytes. */
const MAX_GROWTH_BYTES = 64e6;
/** Resident memory of the server's process at any sample: twice what eight cameras took in an hour, bytes. */
const MAX_RSS_BYTES = 850e6;
/** More open files late than early: all decoders and guests may be there at the one moment and none at the other. */
const MAX_MORE_FILES = 64;
/** Event loop late by, worst p99 of a sample, ms: nobody may hold it longer, see the readme of the server. */
const MAX_LOOP_P99_MS = 100;
/** The latest single time, ms: starting eight decoders at once on two full cores took 570. */
const MAX_LOOP_MS = 1_000;
/** Between two frames of a camera that never fails, ms: the model's process is killed, and starts anew in about 5 s. */
const MAX_SILENCE_MS = 15_000;
/** Age of healthy cameras' detections, p95, ms: three times what eight cameras on two full cores had. */
const MAX_AGE_P95_MS = 1_000;

/** What is judged of a report. */
export type Judged = Pick<
  SoakReport,
  'minutes' | 'early' | 'late' | 'samples' | 'loopDelayP99Ms' | 'loopDelayMaxMs' | 'readers' | 'age'
>;

/**
 * Holds a report against the limits.
 * @param judgesTimes false where other programs share the machine, whose doing late times may be
 * @returns what exceeds them, a line each
 */
export function exceeded(report: Judged, judgesTimes: boolean): string[] {
  const { early, late, samples, minutes, readers, age } = report;
  const rss = Math.max(...samples.map(({ rssBytes }) => rssBytes));
  const silence = Math.max(0, ...readers.map(({ longestSilenceMs }) => longestSilenceMs));
  const factor = Math.max(1, ORDINARY_MINUTES / minutes);
  const isWarm = minutes >= WARM_MINUTES;
  const growth = isWarm ? late.rssBytes - early.rssBytes : 0;
  const figures: readonly (readonly [string, number, number, string])[] = [
    ['resident memory', rss / 1e6, MAX_RSS_BYTES / 1e6, 'MB'],
    ['resident memory grew by', growth / 1e6, MAX_GROWTH_BYTES / 1e6, 'MB'],
    ['open files grew by', late.openFiles - early.openFiles, MAX_MORE_FILES, ''],
  ];
  const times: typeof figures = [
    ['event loop late by, p99,', report.loopDelayP99Ms, factor * MAX_LOOP_P99_MS, 'ms'],
    ['event loop late by, at most,', report.loopDelayMaxMs, factor * MAX_LOOP_MS, 'ms'],
    ['longest silence of a healthy camera', silence, factor * MAX_SILENCE_MS, 'ms'],
    ['age of healthy cameras’ detections, p95,', age.p95, factor * MAX_AGE_P95_MS, 'ms'],
  ];
  return [...figures, ...(judgesTimes ? times : [])]
    .filter(([, value, limit]) => !(value <= limit)) // NaN is no good either
    .map(([what, value, limit, unit]) =>
      `${what} ${value.toFixed(0)} ${unit}, more than ${limit.toFixed(0)} ${unit}`
        .replaceAll(' ,', ',')
        .trim(),
    );
}
