import type { FrameCounts, ServerStats } from '../../server/index.ts';
import type { BadFindings } from './badSubscribers.ts';
import type { FaultKind } from './faults.ts';
import type { ReaderFindings } from './reader.ts';
import type { Level, Sample } from './samples.ts';

/** Percentiles of some numbers. */
export interface Spread {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

/** Everything a soak has found. */
export interface SoakReport {
  readonly machine: string;
  readonly date: string;
  readonly seed: number;
  readonly minutes: number;
  readonly cameras: number;
  readonly flapping: number;
  readonly framesPerSecond: number;
  /** Of all sources, at the end. */
  readonly counts: FrameCounts;
  /** Of the healthy cameras' frames, milliseconds. */
  readonly age: Spread;
  readonly queue: Spread;
  readonly compute: Spread;
  /** What is left of the age: the wait for other sources' frames in the detector, and the way to the client. */
  readonly rest: Spread;
  /** Seconds from a camera's return to the delivery of its first frame. */
  readonly recovery: Spread;
  readonly recoveries: Readonly<Record<FaultKind, Spread & { readonly count: number }>>;
  readonly recoveriesMissed: number;
  readonly readers: readonly ReaderFindings[];
  readonly bad: BadFindings;
  readonly sourceChanges: number;
  readonly detectorKills: number;
  readonly earlySeconds: number;
  readonly early: Level;
  readonly late: Level;
  /** Processes of decoders that were seen. */
  readonly decoders: number;
  /** Processes of the detector that were seen. */
  readonly workers: number;
  readonly loopDelayP99Ms: number;
  readonly loopDelayMaxMs: number;
  readonly stats: ServerStats;
  readonly samples: readonly Sample[];
  /** What must not be; the soak fails where there is anything. */
  readonly faults: readonly string[];
}

/** What has happened to a camera, in words. */
const FAULTS: Readonly<Record<string, string>> = {
  cut: 'connection cut',
  freeze: 'frozen',
  refuse: 'away',
  kill: 'decoder killed',
};

/** Writes a report as a Markdown table. */
export function soakTable(report: SoakReport): string {
  const { counts, early, late, age, compute, queue, recovery, bad, readers, stats } = report;
  const interval = 1_000 / report.framesPerSecond;
  const aim = compute.p50 + interval;
  const at = `after ${time(report.earlySeconds)} / at the end`;
  const rows: readonly (readonly [string, string])[] = [
    ['cameras, of which flap', `${report.cameras}, ${report.flapping}`],
    [
      'frames a second of each, frame interval',
      `${report.framesPerSecond}, ${interval.toFixed(0)} ms`,
    ],
    ['minutes', report.minutes.toFixed(1)],
    ['frames in', whole(counts.frames)],
    ['= delivered', whole(counts.delivered)],
    ...Object.entries(counts.dropped)
      .toSorted(([, a], [, b]) => b - a)
      .map(([cause, count]) => [`+ dropped, ${cause}`, whole(count)] as const),
    ['+ errors', whole(counts.errors)],
    ['+ in flight at the end', whole(counts.inFlight)],
    ['age of healthy cameras’ detections, ms, p50 / p95 / p99 / max', spread(age, 0)],
    ['of it, before the detector was asked (`queueMs`), ms', spread(queue, 0)],
    ['of it, in no timing: the turn of other frames, delivery, ms', spread(report.rest, 0)],
    ['own computation of a frame (encoder and tokens), ms', spread(compute, 0)],
    [
      'p95 of the age within one computation (p50) + one interval',
      `${age.p95.toFixed(0)} of ${aim.toFixed(0)} ms: ${age.p95 <= aim ? 'yes' : 'no'}`,
    ],
    ['longest time between two frames of a healthy camera, s', seconds(longest(readers))],
    ['camera’s return to first detections, s, p50 / p95 / p99 / max', spread(recovery, 2)],
    ...Object.entries(report.recoveries)
      .filter(([, { count }]) => count > 0)
      .map(
        ([kind, one]) => [`of it, ${FAULTS[kind]}: ${one.count} times`, spread(one, 2)] as const,
      ),
    ['returns without a frame', whole(report.recoveriesMissed)],
    ['times a source came online again', whole(readers[0]?.numReturns ?? 0)],
    [
      'decoder processes seen; detector processes seen, killed',
      `${report.decoders}; ${report.workers}, ${report.detectorKills}`,
    ],
    ['sources added, paused, resumed, removed', whole(report.sourceChanges)],
    ['subscribers stalled, given up by the server', `${bad.numStalled}, ${bad.numGivenUp}`],
    ['subscribers that came and went', whole(bad.numVisits)],
    [
      'frames read by the steady subscribers, announced as missing, missing',
      readers
        .map((one) => `${whole(one.numFrames)}, ${one.numAnnounced}, ${one.numUnannounced}`)
        .join('; '),
    ],
    [`resident memory, MB, ${at}`, change(megabytes(early.rssBytes), megabytes(late.rssBytes))],
    [`heap, MB, ${at}`, pair(megabytes(early.heapBytes), megabytes(late.heapBytes))],
    [
      `memory of the children, MB, ${at}`,
      pair(megabytes(early.childrenRssBytes), megabytes(late.childrenRssBytes)),
    ],
    [`active resources, ${at}`, pair(early.resources, late.resources)],
    [`open files, ${at}`, pair(early.openFiles, late.openFiles)],
    [`decoders, detector processes, ${at}`, children(early, late)],
    [
      'event loop of the server late by, ms, p99 (worst sample) / max',
      pair(report.loopDelayP99Ms, report.loopDelayMaxMs),
    ],
    ['messages sent, replaced by newer ones', `${whole(stats.sent)}, ${whole(stats.coalesced)}`],
    ['faults found', report.faults.length === 0 ? 'none' : report.faults.join('; ')],
  ];
  return [
    `${report.machine}, ${report.date}, seed ${report.seed}`,
    '',
    '| figure | value |',
    '| --- | ---: |',
    ...rows.map(([what, value]) => `| ${what} | ${value.replaceAll('|', '\\|')} |`),
    '',
  ].join('\n');
}

function children(early: Level, late: Level): string {
  return `${early.decoders}, ${early.workers} / ${late.decoders}, ${late.workers}`;
}

function longest(readers: readonly ReaderFindings[]): number {
  return Math.max(0, ...readers.map(({ longestSilenceMs }) => longestSilenceMs));
}

function spread({ p50, p95, p99, max }: Spread, digits: number): string {
  return [p50, p95, p99, max].map((value) => value.toFixed(digits)).join(' / ');
}

function pair(a: number, b: number): string {
  return `${a.toFixed(0)} / ${b.toFixed(0)}`;
}

function change(a: number, b: number): string {
  const percent = a === 0 ? 0 : (b / a - 1) * 100;
  return `${pair(a, b)} (${percent < 0 ? '−' : '+'}${Math.abs(percent).toFixed(1)} %)`;
}

function megabytes(bytes: number): number {
  return bytes / 1e6;
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(2);
}

function time(s: number): string {
  return s < 60 ? `${s.toFixed(0)} s` : `${(s / 60).toFixed(1)} min`;
}

function whole(count: number): string {
  return count.toLocaleString('en');
}
