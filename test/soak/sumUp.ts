import { cpus } from 'node:os';
import { percentile } from '../../pipeline/cli/bench/numbers.ts';
import type { Findings } from './findings.ts';
import { exceeded } from './limits.ts';
import { isDecoder, isNode } from './processes.ts';
import type { SoakReport, Spread } from './report.ts';
import type { Sampler } from './samples.ts';

/** When memory is looked at first, seconds; shorter runs take a tenth. */
const EARLY_SECONDS = 300;

/**
 * Makes the report of a soak.
 * @throws Error where nothing was measured
 */
export function sumUp(findings: Findings, sampler: Sampler): SoakReport {
  const { options, frames, recoveries, churn, readers, figures } = findings;
  const { samples, seen } = sampler;
  const last = samples.at(-1);
  if (last === undefined || figures === undefined) {
    throw new Error(['The soak has measured nothing', ...findings.faults].join('; '));
  }
  const earlySeconds = Math.min(EARLY_SECONDS, last.seconds / 10);
  const recoveriesByKind = Object.entries(recoveries.secondsByKind).map(([kind, seconds]) => [
    kind,
    { count: seconds.length, ...spreadOf(seconds) },
  ]);
  const commands = [...seen.values()];
  const measured = {
    machine: `${cpus()[0]?.model ?? 'unknown CPU'}, ${cpus().length} cores, Node ${process.version}`,
    date: new Date().toISOString().slice(0, 10),
    seed: options.seed,
    minutes: last.seconds / 60,
    cameras: options.cameras,
    flapping: options.cameras - findings.healthy.size,
    framesPerSecond: options.framesPerSecond,
    counts: figures.counts,
    age: spreadOf(frames.map(({ ageMs }) => ageMs)),
    queue: spreadOf(frames.map(({ queueMs }) => queueMs)),
    compute: spreadOf(frames.map(({ computeMs }) => computeMs)),
    rest: spreadOf(frames.map((one) => one.ageMs - one.queueMs - one.computeMs)),
    recovery: spreadOf(Object.values(recoveries.secondsByKind).flat()),
    recoveries: Object.fromEntries(recoveriesByKind) as SoakReport['recoveries'],
    recoveriesMissed: recoveries.numMissed,
    readers,
    bad: findings.bad,
    sourceChanges: churn.numDone,
    detectorKills: findings.numDetectorKills,
    earlySeconds,
    early: sampler.level(earlySeconds),
    late: sampler.level(last.seconds),
    decoders: commands.filter((command) => isDecoder({ command })).length,
    workers: commands.filter((command) => isNode({ command })).length,
    loopDelayP99Ms: Math.max(...samples.map(({ loopDelayP99Ms }) => loopDelayP99Ms)),
    loopDelayMaxMs: Math.max(...samples.map(({ loopDelayMaxMs }) => loopDelayMaxMs)),
    stats: figures.stats,
    samples,
  };
  const faults = [...faultsOf(findings, sampler), ...exceeded(measured, options.judgesTimes)];
  return { ...measured, faults };
}

function faultsOf({ faults, churn, readers, recoveries }: Findings, sampler: Sampler): string[] {
  return [
    ...faults,
    ...[...sampler.uneven].map(
      (name) => `the frames of ${name} were not the sum of what became of them`,
    ),
    ...churn.refusals,
    ...readers.flatMap(({ failure, numUnannounced }, i) => [
      ...(failure === undefined ? [] : [`steady subscriber ${i + 1}: ${failure}`]),
      ...(numUnannounced === 0
        ? []
        : [`steady subscriber ${i + 1}: ${numUnannounced} frames are missing without a gap`]),
    ]),
    ...(recoveries.numMissed === 0 ? [] : [`${recoveries.numMissed} returns without a frame`]),
  ];
}

function spreadOf(numbers: readonly number[]): Spread {
  return {
    p50: percentile(numbers, 0.5),
    p95: percentile(numbers, 0.95),
    p99: percentile(numbers, 0.99),
    max: percentile(numbers, 1),
  };
}
