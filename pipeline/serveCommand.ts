import { once } from 'node:events';
import type { WorkerState } from '../models/index.ts';
import { accountLine } from './accounts.ts';
import { applySources, changedSettings } from './applyConfig.ts';
import { followConfig } from './configFile.ts';
import { createPipeline } from './createPipeline.ts';
import type { Pipeline } from './createPipeline.ts';
import type { SourceReport } from './runningSource.ts';
import { EXIT, errorLine } from './exitCodes.ts';
import { DEMO_CLIP } from './openSource.ts';
import type { ServeArguments, ServedConfig } from './serveOptions.ts';

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
  const say = (line: string): void => {
    if (!options.quiet) {
      process.stderr.write(`${line}\n`);
    }
  };
  const pipeline = await start(options, say);
  const { config } = options;
  const unfollow = config && follow(config, pipeline, say);
  if (!interrupt.aborted) {
    await once(interrupt, 'abort');
  }
  unfollow?.();
  await pipeline.close();
  for (const { name, counts } of pipeline.sources.list()) {
    say(`${name}: ${accountLine(counts)}`);
  }
  return EXIT.done;
}

async function start(options: ServeArguments, say: (line: string) => void): Promise<Pipeline> {
  const { sources, config, manage, maxSources, server, host, port, detector, detect, decoder } =
    options;
  // who names a file or opens the door for requests means to say what is played
  const isDemo = sources.length === 0 && config === undefined && !manage;
  const pipeline = await createPipeline({
    sources: isDemo ? [{ name: DEMO_NAME, source: DEMO_CLIP, loop: true }] : sources,
    detector: {
      ...detector,
      onState: (worker) => say(workerLine(worker)),
    },
    detect,
    decoder,
    stride: options.vidStride,
    maxFrames: options.maxFrames,
    maxSources,
    manage,
    onState(report) {
      if (report.state !== 'connecting') {
        say(stateLine(report));
      }
    },
    onRemoved: ({ name, counts }) => say(`${name}, removed: ${accountLine(counts)}`),
    server: { ...server, host, port, onNotice: say },
  });
  const { url } = pipeline.server;
  const { model, device } = pipeline.detector;
  const names = pipeline.sources.list().map(({ name }) => name);
  say(`Look at ${url}, or subscribe at ${url.replace('http', 'ws')}v1`);
  say(
    `model ${model.name} on ${device}; sources: ${names.join(', ') || 'none yet'}; Ctrl-C ends it`,
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
function follow(
  file: ServedConfig,
  { sources }: Pipeline,
  say: (line: string) => void,
): () => void {
  const { path, sourcesOf } = file;
  let { config } = file;
  const complain = (error: Error): void => void process.stderr.write(errorLine(error, false));
  return followConfig(file, {
    onChange(now) {
      const { done, faults } = applySources(sources, sourcesOf(config), sourcesOf(now));
      const late = changedSettings(file.config, now);
      config = now;
      const news = [
        ...done,
        ...(late.length === 0 ? [] : [`${late.join(', ')}: as before until a restart`]),
      ];
      say(`${path}: ${news.join('; ') || 'nothing to do'}`);
      for (const fault of faults) {
        complain(new Error(`${path}: ${fault}`));
      }
    },
    onFault(error) {
      complain(new Error(`${error.message}; what runs goes on as it is`));
    },
  });
}
