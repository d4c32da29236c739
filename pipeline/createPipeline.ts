import { Subject, finalize, map, merge, tap } from 'rxjs';
import type { Observable } from 'rxjs';
import { expectKnownKeys, openDetector } from '../models/index.ts';
import type { Demand, Detector, DetectorOptions, FrameDetections } from '../models/index.ts';
import { detect, pace, track } from '../operators/index.ts';
import type { DecoderChoice, DetectConfig } from '../operators/index.ts';
import { createDetectionServer } from '../server/index.ts';
import type { DetectionServer, ServerOptions, SourceEvent } from '../server/index.ts';
import { openSource } from './openSource.ts';
import { createPictures } from './pictures.ts';
import type { Pictures } from './pictures.ts';
import { rounded, roundedDetection } from './rounded.ts';

/** Longest side of the viewer's pictures, pixels. */
const DISPLAY_PIXELS = 640;
/** What somebody wants who takes whatever comes. */
const EVERYTHING: readonly Demand[] = [{}];

/** How frames of live sources use the one before: what is nearly as probable stays, which is fast and still. */
const LIVE_REUSE = 'tolerant';

/** One video source of a pipeline. */
export interface PipelineSource {
  /** Name under which subscribers know it. */
  readonly name: string;
  /** A video, a URL, a picture, a folder or a glob of pictures; files play at their own speed. */
  readonly source: string;
  /** Start again at the end, for ever. Videos only. Default false. */
  readonly loop?: boolean;
}

/** Options of `createPipeline`. */
export interface PipelineOptions {
  readonly sources: readonly PipelineSource[];
  /** Which model, and where it runs. */
  readonly detector?: DetectorOptions;
  /** How frames are read, and which objects are kept. `reuse` is `tolerant` by default. */
  readonly detect?: Omit<DetectConfig, 'policy' | 'demand' | 'onObject' | 'onFrame' | 'onDropped'>;
  /** Which FFmpeg decodes. Default `auto`. */
  readonly decoder?: DecoderChoice;
  /** Look at every n-th frame only. Default 1. */
  readonly stride?: number;
  /** End each source after so many frames; 0 for all. Default 0. */
  readonly maxFrames?: number;
  readonly server?: Omit<ServerOptions, 'isReady'>;
}

/** Sources, a model and a server, running. */
export interface Pipeline extends AsyncDisposable {
  readonly server: DetectionServer;
  readonly detector: Detector;
  /**
   * The results of all sources as they come; hot, never errors, completes at `close()`. While it is
   * observed every frame is read to its end, whatever the clients of the server want.
   */
  readonly results$: Observable<FrameDetections>;
  /** Ends the sources, closes every client with 1001, frees the model. Idempotent. */
  close(): Promise<void>;
}

/**
 * Runs sources through one model and serves the results.
 * The whole of `pix2seq-stream serve` as a function. Of each source the newest frame wins; sources
 * share the model frame by frame. A frame is read only as far as somebody wants to know of it: not at
 * all while a source has no subscriber, no picture viewer, and `results$` no observer. A source that
 * fails goes offline, and the others go on.
 * @throws TypeError, RangeError for wrong options; PipelineError ERR_SERVER_LISTEN, ERR_MODEL_LOAD,
 * ERR_MODEL_CONTRACT
 * **Owns:** everything it starts, until `close()`.
 */
export async function createPipeline(options: PipelineOptions): Promise<Pipeline> {
  expectKnownKeys('createPipeline', options, [
    'sources',
    'detector',
    'detect',
    'decoder',
    'stride',
    'maxFrames',
    'server',
  ]);
  let isReady = false;
  // the server first: a port in use is known at once, a model takes a while
  const server = await createDetectionServer({ ...options.server, isReady: () => isReady });
  let detector: Detector | undefined;
  try {
    detector = await openDetector(options.detector);
    isReady = true;
    const results$ = new Subject<FrameDetections>();
    for (const source of options.sources) {
      const { name } = source;
      const pictures = createPictures();
      const demand = (): readonly Demand[] =>
        results$.observed ? EVERYTHING : server.demand(name);
      const events$ = sourceEvents(source, options, { detector, pictures, demand, results$ });
      server.attach({ name, events$, pictures$: pictures.pictures$ });
    }
    const opened = detector;
    let closing: Promise<void> | undefined;
    const close = (): Promise<void> => {
      closing ??= server
        .close()
        .then(() => opened.close())
        .finally(() => results$.complete());
      return closing;
    };
    return { server, detector, results$, close, [Symbol.asyncDispose]: close };
  } catch (thrown) {
    await server.close();
    await detector?.close();
    throw thrown;
  }
}

/** What a source of a pipeline is connected with. */
interface Connections {
  readonly detector: Detector;
  readonly pictures: Pictures;
  /** What is wanted of the source now. */
  readonly demand: () => readonly Demand[];
  readonly results$: Subject<FrameDetections>;
}

/** What the server is told of one source: that a frame is there, its objects as they are found, then its result. */
function sourceEvents(
  { name, source, loop = false }: PipelineSource,
  options: PipelineOptions,
  { detector, pictures, demand, results$ }: Connections,
): Observable<SourceEvent> {
  const news$ = new Subject<SourceEvent>();
  const frames$ = openSource(source, {
    image: detector.model.image,
    name,
    loop,
    decoder: options.decoder,
    stride: options.stride,
    maxFrames: options.maxFrames,
    display: DISPLAY_PIXELS,
  });
  const detections$ = frames$.pipe(
    pace({ onDropped: (frame) => frame.close() }),
    tap((frame) => {
      frame.arrive(); // its latency counts from when it was due
      news$.next({ type: 'arrival', width: frame.width, height: frame.height });
    }),
    detect(detector, {
      reuse: LIVE_REUSE,
      ...options.detect,
      policy: 'latest',
      demand,
      onFrame: (frame) => pictures.take(frame),
      onObject: (found) => news$.next({ ...found, detection: roundedDetection(found.detection) }),
    }),
    track(),
    map(rounded),
    tap((result) => results$.next(result)),
    finalize(() => news$.complete()),
  );
  return merge(news$, detections$);
}
