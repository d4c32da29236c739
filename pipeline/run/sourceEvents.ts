import { Observable, connect, filter, map, merge, pipe, tap } from 'rxjs';
import type { MonoTypeOperatorFunction, Subject } from 'rxjs';
import type { Demand, Detector, Frame, FrameDetections } from '../../models/index.ts';
import { detect, fromLive, isLiveSource, pace, track } from '../../operators/index.ts';
import type { DetectConfig, FrameTask, FairScheduler } from '../../operators/index.ts';
import type { SourceEvent } from '../../server/index.ts';
import type { FrameLedger, RunLedger } from './frameLedger.ts';
import type { Attention } from './attention.ts';
import type { ReadingConfig, SourcesSettings } from '../options/settings.ts';
import { openSource } from './openSource.ts';
import type { Pictures } from '../sinks/pictures.ts';
import { isFrameSource } from './pipelineSource.ts';
import type { PipelineSource } from './pipelineSource.ts';
import { rounded, roundedDetection } from '../sinks/rounded.ts';
import { takeFrames } from './takeFrames.ts';

/** Longest side of the viewer's pictures, pixels. */
const DISPLAY_PIXELS = 640;
/** Why a frame was left out that waited, or was being read, when its source ended. */
const STOPPED = 'stopped';

/** Frames of a live source that are of use at a time: two in the model, one that waits, the one that replaces it. */
const OPEN_FRAMES = 4;

/** How the frame before is used: what is nearly as probable stays, which is fast and still. */
const LIVE_REUSE = 'tolerant';

/** Settings that the sources of a pipeline share. */
export interface SourceDefaults extends Partial<
  Pick<SourcesSettings, 'decoder' | 'stride' | 'maxFrames'>
> {
  readonly followLinks?: boolean;
  readonly detect?: ReadingConfig;
  readonly tasks?: readonly FrameTask[];
}

/** What a source of a pipeline is connected with. */
export interface Connections {
  readonly detector: Detector;
  /** Of the detector, shared by all sources. */
  readonly turns: FairScheduler;
  readonly pictures: Pictures;
  readonly attention: Attention;
  readonly ledger: FrameLedger;
  /** What is wanted of the source now. */
  readonly demand: () => readonly Demand[];
  readonly results$: Subject<FrameDetections>;
}

/**
 * Runs one source: what the server is told of it, that a frame is there, its objects as they are found,
 * then its result; and of a live source its states.
 * Cold: each subscription opens the source anew. Every frame is accounted for when it ends, however.
 * @returns events; **errors:** those of the source and of the model
 */
export function sourceEvents(
  given: PipelineSource,
  defaults: SourceDefaults,
  connections: Connections,
): Observable<SourceEvent> {
  return new Observable((subscriber) => {
    const ledger = connections.ledger.open();
    // The news that a live source has ended, which waits for the results of its last frames.
    let ending: SourceEvent | undefined;
    const tell = (event: SourceEvent): void => {
      if (event.type === 'status' && event.state === 'ended') {
        ending = event;
      } else {
        subscriber.next(event);
      }
    };
    // Whether the source is at fault, where it ends with an error, rather than the reading of a frame.
    let isLost = false;
    const frames$ = openFrames(given, defaults, { ...connections, ledger, tell }).pipe(
      tap({
        next: ({ width, height }) => tell({ type: 'arrival', width, height }),
        error: () => (isLost = true),
      }),
    );
    const running = frames$
      .pipe(
        read(defaults, { ...connections, ledger, tell }),
        track(),
        map((result) => {
          const { skipped: _, ...found } = result; // the ledger has more: what the source itself dropped
          const skipped = ledger.deliver();
          return rounded({ ...found, source: given.name, ...(skipped && { skipped }) });
        }),
        tap((result) => connections.results$.next(result)),
      )
      .subscribe({
        next: tell,
        complete() {
          if (ending !== undefined) {
            subscriber.next(ending);
          }
          subscriber.complete();
        },
        error(error: unknown) {
          ledger.close({ isFault: !isLost, cause: STOPPED });
          subscriber.error(error);
        },
      });
    return () => {
      running.unsubscribe(); // first: what it lets go of is counted
      ledger.close({ isFault: false, cause: STOPPED });
    };
  });
}

/** The ends of one run. */
interface Run extends Omit<Connections, 'ledger'> {
  readonly ledger: RunLedger;
  readonly tell: (event: SourceEvent) => void;
}

/** Opens a source, whatever it is; each frame that comes out has arrived, and is counted. */
function openFrames(
  { name, source, ...own }: PipelineSource,
  defaults: SourceDefaults,
  { detector, ledger, tell }: Run,
): Observable<Frame> {
  const arrived = tap<Frame>(() => ledger.arrive());
  if (isFrameSource(source)) {
    return takeFrames(source).pipe(arrived);
  }
  const stride = own.stride ?? defaults.stride ?? 1;
  const maxFrames = own.maxFrames ?? defaults.maxFrames ?? 0;
  const common = { image: detector.model.image, stride, maxFrames, display: DISPLAY_PIXELS };
  const isTyped = typeof source === 'object' && !(source instanceof URL);
  if (isTyped || isLiveSource(source)) {
    const { stallSeconds } = own;
    let isFile = false;
    const frames$ = fromLive(source, {
      ...common,
      source: name,
      followLinks: defaults.followLinks ?? true,
      maxOpenFrames: OPEN_FRAMES,
      ...(stallSeconds === undefined ? {} : { stallSeconds }),
      onOpen: (facts) => ({ isFile } = facts),
      onState: (state, reason) => tell({ type: 'status', source: name, state, reason }),
      onDropped: (cause) => ledger.miss(cause),
    }).pipe(arrived);
    return frames$.pipe(
      connect((shared$) =>
        merge(
          shared$.pipe(filter(() => !isFile)),
          shared$.pipe(
            filter(() => isFile), // a recording on the web
            atItsSpeed(ledger),
          ),
        ),
      ),
    );
  }
  const { decoder, followLinks } = defaults;
  const { loop } = own;
  const onFault = (): void => {
    ledger.arrive();
    ledger.fail(); // a picture that cannot be read; the others are
  };
  return openSource(String(source), { ...common, name, decoder, followLinks, loop, onFault }).pipe(
    arrived,
    atItsSpeed(ledger),
  );
}

/** Plays a file as a camera would have delivered it. */
function atItsSpeed(ledger: RunLedger): MonoTypeOperatorFunction<Frame> {
  return pipe(
    pace<Frame>({
      onDropped(frame) {
        frame.close();
        ledger.drop(STOPPED);
      },
    }),
    tap((frame) => frame.arrive()), // its latency counts from when it was due
  );
}

/**
 * `detect` as all sources of a pipeline have it: the newest frame wins.
 * @throws TypeError, RangeError for wrong options
 */
export function detectLatest(
  detector: Detector,
  config: Omit<DetectConfig, 'policy'> | undefined,
): ReturnType<typeof detect> {
  return detect(detector, { reuse: LIVE_REUSE, ...config, policy: 'latest' });
}

/** Reads the newest frame as far as somebody wants it. */
function read(
  { detect: config, tasks = [] }: SourceDefaults,
  { detector, turns, pictures, attention, demand, ledger, tell }: Run,
): ReturnType<typeof detect> {
  return detectLatest(detector, {
    ...config,
    tasks,
    turns,
    demand,
    onFrame(frame) {
      pictures.take(frame);
      attention.take(frame);
    },
    onObject: (found) => tell({ ...found, detection: roundedDetection(found.detection) }),
    onFault: () => ledger.fail(),
    onDropped: (_, cause) => ledger.drop(cause),
  });
}
