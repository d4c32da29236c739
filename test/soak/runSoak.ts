import { toError } from '../../models/core/errors.ts';
import { percentile } from '../../pipeline/cli/bench/numbers.ts';
import { DEMO_CLIP } from '../../pipeline/run/openSource.ts';
import { keepStalling, keepVisiting } from './badSubscribers.ts';
import { openCameras, playClip } from './cameras.ts';
import type { SoakCamera } from './cameras.ts';
import { keepChanging } from './churn.ts';
import { keepFlapping, keepKillingDetector } from './faults.ts';
import type { FaultConfig } from './faults.ts';
import { Findings } from './findings.ts';
import type { SoakOptions } from './findings.ts';
import { createRandom } from './random.ts';
import { openReader } from './reader.ts';
import type { SoakReport } from './report.ts';
import { Sampler } from './samples.ts';
import type { SoakServer } from './soakServer.ts';
import { startServer } from './soakServer.ts';
import { sumUp } from './sumUp.ts';
import { wait } from './wait.ts';

/** Runs of this length and longer have the ordinary times; in shorter ones everything happens faster. */
const ORDINARY_SECONDS = 120;
/** Least part of the ordinary times. */
const MIN_SCALE = 0.1;
/** Between two samples, at most. */
const SAMPLE_MS = 10_000;
/** Between two changes of the sources. */
const CHURN_MS = 15_000;
/** Of the bundled clip, which is played over and over. */
const MAX_CLIP_SECONDS = 20;

/**
 * Lets a pipeline run with cameras that fail, subscribers that do not read and sources that come and go.
 * @param interrupt ends it early; what was found until then is reported
 * @param note told of its progress, a line each
 * @returns what was found; nothing that was started is left, or the report says so
 */
export async function runSoak(
  options: SoakOptions,
  interrupt: AbortSignal,
  note: (line: string) => void,
): Promise<SoakReport> {
  const { minutes, framesPerSecond } = options;
  const scale = Math.max(MIN_SCALE, Math.min(1, (minutes * 60) / ORDINARY_SECONDS));
  note('starting the cameras and the server');
  await using pictures = await playClip(framesPerSecond, Math.ceil(MAX_CLIP_SECONDS * scale));
  await using cameras = await openCameras(options.cameras, pictures);
  const sources = cameras.list.map(({ name, url }) => ({ name, source: url }));
  await using server = await startServer({ sources });
  const findings = new Findings(options, cameras.list);
  const sampler = new Sampler(server);
  using time = runTime(minutes, [interrupt, server.lost]);
  const { over } = time;
  const readers = openReaders(server, findings);

  await Promise.all(
    tasks({ server, cameras: cameras.list, findings, sampler, scale, over, note }).map((task) =>
      task.catch((thrown: unknown) => findings.fail(toError(thrown).message)),
    ),
  );

  readers.forEach((reader) => reader.close());
  if (server.lost.aborted) {
    findings.fail('the server process ended by itself');
  } else {
    note('closing the pipeline');
    const { figures, hasEnded } = await server.close();
    findings.end(figures, hasEnded);
  }
  for (const process of await sampler.left()) {
    findings.fail(`left running: ${process}`);
  }
  return sumUp(findings, sampler);
}

/** The time of a run. By hand: Node 20 forgets an `AbortSignal.any` of a timeout that is held by nothing else. */
function runTime(
  minutes: number,
  earlier: readonly AbortSignal[],
): Disposable & { readonly over: AbortSignal } {
  const controller = new AbortController();
  const end = (): void => controller.abort();
  const timer = setTimeout(end, minutes * 60_000);
  for (const signal of earlier) {
    signal.addEventListener('abort', end);
    if (signal.aborted) {
      end();
    }
  }
  return {
    over: controller.signal,
    [Symbol.dispose]() {
      clearTimeout(timer);
      earlier.forEach((signal) => signal.removeEventListener('abort', end));
    },
  };
}

/** What the things that go on side by side share. */
interface Run {
  readonly server: SoakServer;
  readonly cameras: readonly SoakCamera[];
  readonly findings: Findings;
  readonly sampler: Sampler;
  readonly scale: number;
  readonly over: AbortSignal;
  readonly note: (line: string) => void;
}

/** Everything that goes on until the run is over. */
function tasks(run: Run): Promise<unknown>[] {
  const { server, cameras, findings, scale, over, note } = run;
  const { seed } = findings.options;
  const { bad, churn, recoveries } = findings;
  const { url, pid: serverPid } = server;
  const faults = (n: number): FaultConfig => {
    const random = createRandom(seed * 1_000 + n);
    return { serverPid, random, scale, over, recoveries, note };
  };
  const badly = (n: number): Parameters<typeof keepVisiting>[0] => {
    const random = createRandom(seed * 1_000 + 500 + n);
    return { url, random, scale, over, findings: bad };
  };
  const names = cameras.map(({ name }) => name);
  const addresses = ['test:320x180@5', cameras[0]?.url ?? 'test:', DEMO_CLIP];
  return [
    ...cameras.filter(({ isFlapping }) => isFlapping).map((one, n) => keepFlapping(one, faults(n))),
    keepKillingDetector(faults(100)).then((numKills) => (findings.numDetectorKills = numKills)),
    keepStalling(badly(0)),
    keepStalling(badly(1), names[0]),
    ...[2, 3].map((n) => keepVisiting(badly(n), names)),
    keepChanging({
      ...{ url, random: createRandom(seed * 1_000 + 900), addresses },
      ...{ everyMs: CHURN_MS * scale, over, findings: churn },
    }),
    keepSampling(run),
  ];
}

function openReaders({ url }: SoakServer, findings: Findings): { close(): void }[] {
  const isHealthy = (source: string): boolean => findings.healthy.has(source);
  const first = openReader({
    ...{ url, policy: 'latest', isHealthy },
    onFrame(frame, seen) {
      findings.recoveries.seen(frame.source, frame.capturedAt);
      if (isHealthy(frame.source)) {
        findings.frames.push(seen);
      }
    },
  });
  const second = openReader({ url, policy: 'all', isHealthy });
  findings.readers.push(first.findings, second.findings);
  return [first, second];
}

async function keepSampling(run: Run): Promise<void> {
  const { minutes } = run.findings.options;
  const everyMs = Math.min(SAMPLE_MS, (minutes * 60_000) / 12);
  let numFrames = 0;
  let goesOn = true;
  while (goesOn) {
    goesOn = await wait(everyMs, run.over); // the last one is taken at the end
    if (!run.server.lost.aborted) {
      numFrames = await takeSample(run, numFrames);
    }
  }
}

/** @param numBefore frames that were told of @returns frames now */
async function takeSample({ findings, sampler, note }: Run, numBefore: number): Promise<number> {
  const { sample, figures } = await sampler.take();
  findings.figures = figures;
  const { frames, delivered, errors } = figures.counts;
  const ages = findings.frames.slice(numBefore).map(({ ageMs }) => ageMs);
  note(
    [
      `${(sample.seconds / 60).toFixed(1)} of ${findings.options.minutes} min`,
      `${(sample.rssBytes / 1e6).toFixed(0)} MB + ${(sample.childrenRssBytes / 1e6).toFixed(0)} MB`,
      `${sample.resources} resources, ${sample.openFiles ?? '?'} files`,
      `${sample.decoders} + ${sample.workers} children`,
      `${frames} frames, ${delivered} delivered, ${errors} errors`,
      `age p95 ${percentile(ages, 0.95)} ms`,
      `loop p99 ${sample.loopDelayP99Ms.toFixed(0)} ms`,
    ].join(' | '),
  );
  return findings.frames.length;
}
