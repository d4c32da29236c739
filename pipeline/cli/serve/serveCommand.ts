import { once } from 'node:events';
import type { WorkerState } from '../../../models/index.ts';
import { countsLine } from '../../run/frameLedger.ts';
import { applySources, changedSettings } from '../../config/applyConfig.ts';
import { followConfig } from '../../config/configFile.ts';
import { createPipeline } from '../../run/createPipeline.ts';
import type { Pipeline } from '../../run/createPipeline.ts';
import type { SourceReport } from '../../run/runningSource.ts';
import { EXIT } from '../output/exitCodes.ts';
import { frameTasks } from '../../run/frameTasks.ts';
import { createLog } from '../output/log.ts';
import type { Log } from '../output/log.ts';
import { DEMO_CLIP } from '../../run/openSource.ts';
import type { ServeArguments, ServedConfig } from '../options/serveOptions.ts';

/** Name of the bundled clip's source. */
const DEMO_NAME = 'campus';

/**
 * The `serve` command: runs until it is interrupted. It tells on standard error when a source comes, fails
 * or goes; at the end, and when a source is removed, what became of the frames.
 * @returns the exit code
 * @throws Error where the server or the model could not be started
 */
export async function serveCommand(
  options: ServeArguments,
  interrupt: AbortSignal,
): Promise<number> {
  const log = await createLog(options.log, options.quiet);
  const pipeline = await start(options, log);
  const { config, drainSeconds } = options;
  const unfollow = config && follow(config, pipeline, log);
  if (!interrupt.aborted) {
    await once(interrupt, 'abort');
  }
  unfollow?.();
  const { clients } = pipeline.server.stats();
  // who presses Ctrl-C does not want to wait
  if (interrupt.reason === 'SIGTERM' && drainSeconds > 0 && clients > 0) {
    log.info(
      `Closing when the clients (${clients}) have gone, at the latest in ${drainSeconds} s`,
      {
        clients,
        drainSeconds,
      },
    );
    await pipeline.server.drain(drainSeconds * 1_000);
  }
  await pipeline.close();
  for (const { name: source, counts } of pipeline.sources.list()) {
    log.info(`${source}: ${countsLine(counts)}`, { source, counts });
  }
  return EXIT.done;
}

async function start(options: ServeArguments, log: Log): Promise<Pipeline> {
  const { sources, config, manage, maxSources, server } = options;
  const { detector, detect, tasks, decoder } = options;
  // who names a file or opens the door for requests means to say what is played
  const isDemo = sources.length === 0 && config === undefined && !manage;
  const pipeline = await createPipeline({
    sources: isDemo ? [{ name: DEMO_NAME, source: DEMO_CLIP, loop: true }] : sources,
    detector: {
      ...detector,
      onState: ({ reason, ...worker }) =>
        log.info(workerLine({ reason, ...worker }), {
          worker: { ...worker, reason: reason.message },
        }),
    },
    detect,
    tasks: (opened) => frameTasks(tasks, opened, detector.model),
    decoder,
    stride: options.stride,
    maxFrames: options.maxFrames,
    followLinks: options.followLinks,
    maxSources,
    manage,
    onState(report) {
      if (report.state !== 'connecting') {
        const { name: source, state, reason } = report;
        log.info(stateLine(report), { source, state, reason });
      }
    },
    onRemoved: ({ name: source, counts }) =>
      log.info(`${source}, removed: ${countsLine(counts)}`, { source, counts }),
    server: { ...server, onNotice: (text) => log.info(text) },
  });
  const { url } = pipeline.server;
  const { model, device } = pipeline.detector;
  const names = pipeline.sources.list().map(({ name }) => name);
  log.info(`Look at ${url}, or subscribe at ${url.replace('http', 'ws')}v1`, { url });
  log.info(
    `model ${model.name} on ${device}; sources: ${names.join(', ') || 'none yet'}; Ctrl-C ends it`,
    { model: model.name, device, sources: names },
  );
  return pipeline;
}

function stateLine({ name, state, reason }: SourceReport): string {
  return reason === '' ? `${name}: ${state}` : `${name}: ${state}, ${reason}`;
}

function workerLine({ state, reason, restarts }: WorkerState): string {
  return state === 'ready'
    ? `There is a new inference worker (restart ${restarts})`
    : `${reason.message}; ${state === 'lost' ? 'another is on its way' : 'this is tried again'}`;
}

/** Makes the sources follow the file. @returns ends it */
function follow(file: ServedConfig, { sources }: Pipeline, log: Log): () => void {
  const { path, sourcesOf } = file;
  let { config } = file;
  return followConfig(file, {
    onChange(now) {
      const { done, faults } = applySources(sources, sourcesOf(config), sourcesOf(now));
      const late = changedSettings(file.config, now);
      config = now;
      const news = [
        ...done,
        ...(late.length === 0 ? [] : [`${late.join(', ')}: as before until a restart`]),
      ];
      log.info(`${path}: ${news.join('; ') || 'nothing to do'}`, { path, news });
      for (const fault of faults) {
        log.error(new Error(`${path}: ${fault}`));
      }
    },
    onFault(error) {
      log.error(new Error(`${error.message}; what runs goes on as it is`));
    },
  });
}
