import { Subject } from 'rxjs';
import type { Observable } from 'rxjs';
import { expectInteger, expectKnownKeys, openSupervisedDetector } from '../../models/index.ts';
import type { Detector, FrameDetections, SupervisedDetectorOptions } from '../../models/index.ts';
import { Turns } from '../../operators/index.ts';
import type { DecoderChoice, FrameTask } from '../../operators/index.ts';
import { createDetectionServer } from '../../server/index.ts';
import type { DetectionServer, ServerOptions, SourceManager } from '../../server/index.ts';
import { MAX_SOURCES } from './maxSources.ts';
import { checkSource } from './pipelineSource.ts';
import type { PipelineSource } from './pipelineSource.ts';
import type { SourceReport } from './runningSource.ts';
import type { ReadingConfig } from './sourceEvents.ts';
import { Sources } from './sources.ts';
import type { PipelineSources } from './sources.ts';

/** Options of `createPipeline`. */
export interface PipelineOptions {
  /** Sources to begin with; see `Pipeline.sources` for later ones. */
  readonly sources: readonly PipelineSource[];
  /** Which model, where it runs, and when it counts as hung; it is replaced when it fails. */
  readonly detector?: SupervisedDetectorOptions;
  /** How frames are read, and which objects are kept. `reuse` is `tolerant` by default. */
  readonly detect?: ReadingConfig;
  /**
   * Makes what else is found in each frame that is looked at, `tasks` of `detect`, for the pipeline's own detector;
   * asked once, before any source opens. What it throws, `createPipeline` does. Default: nothing.
   */
  readonly tasks?: (detector: Detector) => readonly FrameTask[] | Promise<readonly FrameTask[]>;
  /** Which FFmpeg decodes files. Default `auto`. */
  readonly decoder?: DecoderChoice;
  /** Look at every n-th frame only, where the source says nothing else. Default 1. */
  readonly stride?: number;
  /** End each source after so many frames, where it says nothing else; 0 for all. Default 0. */
  readonly maxFrames?: number;
  /** Whether web servers may send FFmpeg to other addresses; see `fromLive`. Default true. */
  readonly followLinks?: boolean;
  /** Sources there may be at a time, 1 or more; each takes a decoder and memory for its frames. Default 64. */
  readonly maxSources?: number;
  /**
   * Also let HTTP requests add, remove, pause and resume sources, text only. Default false: whoever can
   * reach the port could have any file played that this process can read.
   */
  readonly manage?: boolean;
  /** Told of each change of a source's state or of its reason; must not throw. */
  readonly onState?: (report: SourceReport) => void;
  /** Told of each source that was removed, with its last counts; must not throw. */
  readonly onRemoved?: (report: SourceReport) => void;
  readonly server?: Omit<ServerOptions, 'isReady' | 'manager'>;
}

/** Sources, a model and a server, running. */
export interface Pipeline extends AsyncDisposable {
  readonly server: DetectionServer;
  readonly detector: Detector;
  /** Adds, removes, pauses, resumes and lists the sources. */
  readonly sources: PipelineSources;
  /**
   * The results of all sources as they come; hot, never errors, completes at `close()`. While it is
   * observed every frame is read to its end, whatever the clients of the server want.
   */
  readonly results$: Observable<FrameDetections>;
  /** Ends the sources, closes every client with 1001, frees the model. Idempotent. */
  close(): Promise<void>;
}

const KEYS =
  'sources detector detect tasks decoder stride maxFrames followLinks maxSources manage onState onRemoved server'.split(
    ' ',
  );

/**
 * Runs sources through one model and serves the results.
 * The whole of `pix2seq-stream serve` as a function. Of each source the newest frame wins; sources
 * share the model frame by frame. A frame is read only as far as somebody wants to know of it: not at
 * all while a source has no subscriber, no picture viewer, and `results$` no observer. A source that
 * fails goes offline, and the others go on; live sources are connected anew. What becomes of every frame
 * is counted, see `FrameCounts`.
 * @throws TypeError, RangeError for wrong options; PipelineError ERR_SERVER_LISTEN, ERR_MODEL_LOAD,
 * ERR_MODEL_CONTRACT
 * **Owns:** everything it starts, until `close()`.
 */
export async function createPipeline(options: PipelineOptions): Promise<Pipeline> {
  expectKnownKeys('createPipeline', options, KEYS);
  const { detect, decoder, stride, maxFrames, followLinks, onState, onRemoved } = options;
  const maxSources = expectInteger('maxSources', options.maxSources ?? MAX_SOURCES, { min: 1 });
  options.sources.forEach((source) => checkSource(source));
  let sources: Sources | undefined;
  // the server first: a port in use is known at once, a model takes a while
  const server = await createDetectionServer({
    ...options.server,
    isReady: () => sources !== undefined,
    manager: options.manage === true ? managerOf(() => sources) : undefined,
  });
  let detector: Detector | undefined;
  try {
    detector = await openSupervisedDetector(options.detector);
    const opened = detector;
    const results$ = new Subject<FrameDetections>();
    const turns = new Turns(options.detector?.batch);
    const tasks = await options.tasks?.(detector);
    const defaults = { detect, tasks, decoder, stride, maxFrames, followLinks };
    const running = new Sources({
      defaults,
      maxSources,
      detector,
      turns,
      server,
      results$,
      onState,
      onRemoved,
    });
    sources = running;
    for (const source of options.sources) {
      running.add(source);
    }
    let closing: Promise<void> | undefined;
    const close = (): Promise<void> => {
      if (closing === undefined) {
        const served = server.close(); // first: clients hear of the end of the server, not of each source
        running.close();
        closing = served.then(() => opened.close()).finally(() => results$.complete());
      }
      return closing;
    };
    return { server, detector, sources: running, results$, close, [Symbol.asyncDispose]: close };
  } catch (thrown) {
    sources?.close();
    await server.close();
    await detector?.close();
    throw thrown;
  }
}

/** Takes requests as soon as there are sources to work on. */
function managerOf(sources: () => Sources | undefined): SourceManager {
  const manager = (): SourceManager => {
    const running = sources();
    if (running === undefined) {
      throw new Error('The model is not loaded yet; try again');
    }
    return running.manager();
  };
  return {
    add: (source) => manager().add(source),
    remove: (name) => manager().remove(name),
    pause: (name) => manager().pause(name),
    resume: (name) => manager().resume(name),
  };
}
