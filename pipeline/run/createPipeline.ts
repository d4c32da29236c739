import { Subject } from 'rxjs';
import type { Observable } from 'rxjs';
import { openSupervisedDetector } from '../../models/index.ts';
import type { Detector, FrameDetections, SupervisedDetectorOptions } from '../../models/index.ts';
import type { OptionTable } from '../../models/core/options.ts';
import { resolveOptions } from '../../models/core/resolveOptions.ts';
import { FairScheduler } from '../../operators/index.ts';
import type { FrameTask } from '../../operators/index.ts';
import { createDetectionServer } from '../../server/index.ts';
import type { DetectionServer, ServerOptions, SourceManager } from '../../server/index.ts';
import { SERVING_SETTINGS, SOURCES_SETTINGS } from '../options/settings.ts';
import type { ReadingConfig, ServingSettings, SourcesSettings } from '../options/settings.ts';
import { checkSource } from './pipelineSource.ts';
import type { PipelineSource } from './pipelineSource.ts';
import type { SourceReport } from './runningSource.ts';
import { Sources } from './sources.ts';
import type { PipelineSources } from './sources.ts';

/** Options of `createPipeline`. */
export interface PipelineOptions
  extends SourcesSettings, Pick<ServingSettings, 'manage' | 'followLinks'> {
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
  /** Told of each change of a source's state or of its reason; must not throw. */
  readonly onState?: ((report: SourceReport) => void) | undefined;
  /** Told of each source that was removed, with its last counts; must not throw. */
  readonly onRemoved?: ((report: SourceReport) => void) | undefined;
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

const OPTIONS: OptionTable<PipelineOptions> = {
  ...SOURCES_SETTINGS,
  manage: SERVING_SETTINGS.manage,
  followLinks: SERVING_SETTINGS.followLinks,
  sources: { type: 'value', required: true },
  detector: { type: 'value', default: {} }, // checked where it is used, as the three below
  detect: { type: 'value', default: {} },
  tasks: { type: 'hook', default: () => [] },
  server: { type: 'value', default: {} },
  onState: { type: 'hook' },
  onRemoved: { type: 'hook' },
};

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
  const resolved = resolveOptions('createPipeline', OPTIONS, options);
  const { maxSources, manage, sources: given, onState, onRemoved, ...defaults } = resolved;
  given.forEach((source) => checkSource(source));
  let sources: Sources | undefined;
  // the server first: a port in use is known at once, a model takes a while
  const server = await createDetectionServer({
    ...defaults.server,
    isReady: () => sources !== undefined,
    manager: manage ? managerOf(() => sources) : undefined,
  });
  let detector: Detector | undefined;
  try {
    detector = await openSupervisedDetector(defaults.detector);
    const opened = detector;
    const results$ = new Subject<FrameDetections>();
    const turns = new FairScheduler(defaults.detector.batch);
    const tasks = await defaults.tasks(detector);
    const running = new Sources({
      defaults: { ...defaults, tasks },
      maxSources,
      detector,
      turns,
      server,
      results$,
      onState,
      onRemoved,
    });
    sources = running;
    for (const source of given) {
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
