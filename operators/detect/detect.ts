import { EMPTY, Observable, catchError, filter, of } from 'rxjs';
import type { OperatorFunction } from 'rxjs';
import { PipelineError, resolveDecodeOptions, toDetection } from '../../models/index.ts';
import type {
  DecodeOptions,
  Demand,
  Detection,
  Detector,
  FoundObject,
  Frame,
  FrameDetections,
  ObjectTokens,
} from '../../models/core/types.ts';
import { expectOneOf, expectThat } from '../../models/core/validate.ts';
import { abortable, readFrame } from './decode.ts';
import { encodeFrame } from './encode.ts';
import { DraftKeeper } from './draftKeeper.ts';
import { runTasks } from './tasks/runTasks.ts';
import type { FrameTask } from './tasks/runTasks.ts';
import { inferEvery } from '../flow/inferEvery.ts';
import { inferLatest } from '../flow/inferLatest.ts';
import { MotionGate } from './motionFilter.ts';
import type { MotionConfig } from './motionFilter.ts';
import { toFrameDetections, wantedBy } from './objects.ts';
import type { ObjectsConfig, Wanted } from './objects.ts';
import { expectReadingOptions } from './readingOptions.ts';
import type { Turns } from '../flow/fairScheduler.ts';
import { asksFor, createWishes } from './wishes.ts';
import { withFrame } from '../flow/withFrame.ts';

const KEYS = 'policy demand motion turns tasks attention onObject onFrame onDropped onFault'.split(
  ' ',
);

/** What happens to frames that come while one is being read. */
export type DetectPolicy = 'every' | 'latest';

/** Options of `detect`: how frames are read, which objects are kept, what happens under load. */
export interface DetectConfig extends Omit<DecodeOptions, 'draft' | 'demand'>, ObjectsConfig {
  /** `every` for files: nothing is dropped; `latest` for live sources: the newest frame wins. Default `every`. */
  readonly policy?: DetectPolicy;
  /**
   * Asked before each frame what is wanted of it. Where nobody wants anything (an empty list) the
   * frame is dropped unread, with the cause `idle`; where all want a limited number, reading stops
   * when all have it. Default: everything is wanted.
   */
  readonly demand?: () => readonly Demand[];
  /**
   * Lets frames of a still scene pass without a look: they repeat the last result, marked `still`. See
   * `MotionConfig`; `{}` for its defaults. Default: each frame is looked at.
   */
  readonly motion?: MotionConfig;
  /**
   * For `latest`: shared by all that use the detector, so that each takes its newest frame when its turn
   * comes, and none is late because of the others. Default: frames wait inside the detector.
   */
  readonly turns?: Turns | undefined;
  /**
   * What else is to be found in each frame that is looked at, in order: `segment`, `pose`, `caption`, or a function
   * of your own. They end once `demand` is empty, and when `budgetMs` is spent: the result is then not `final`, and
   * lacks what unfinished ones found. Default: nothing.
   */
  readonly tasks?: readonly FrameTask[];
  /** Told of each object before its frame is finished; not of those that a still frame repeats. */
  readonly onObject?: (object: FoundObject) => void;
  /**
   * Told of each frame just before its encoder run, or its repeated result, while its pixels are there; must not close
   * it.
   */
  readonly onFrame?: (frame: Frame) => void;
  /** Told of each frame that was dropped; it is closed already, its facts can still be read. */
  readonly onDropped?: (frame: Frame) => void;
  /**
   * Told of each frame that the detector failed at (ERR_WORKER_EXIT, ERR_MODEL_RUN); it is closed
   * already, its facts can still be read. The frame counts as `error` in `skipped`, and the stream goes
   * on without a draft. Default: the failure ends the stream.
   */
  readonly onFault?: (error: PipelineError, frame: Frame) => void;
}

/**
 * Finds the objects of each frame: frames in, detections out.
 *
 * ```text
 *  source             -f-f-f-------|
 *  policy 'every'     ---d---d---d-|
 *  policy 'latest'    ---d---d-----|     the second f dropped, counted in `skipped` of the next d
 * ```
 *
 * `encode`, `decode` and `objects` in one, one frame at a time, in order. The tokens of the previous
 * frame are the draft of the next (see `Reuse`), except after a cut, a seek, a fault, or a change of
 * size or source. A frame's pixels are given back as soon as the encoder has seen
 * them. When the consumer leaves, the reading under way ends
 * between two decoder calls.
 *
 * Each frame that comes ends in one way: as a result, at `onDropped` (`busy` or `idle`), or at `onFault`;
 * but for the one that is being read when the consumer leaves or the stream fails.
 * @param detector borrowed   @param config see `DetectConfig`, `DecodeOptions`, `ObjectsConfig`
 * @returns one result a frame that was not dropped and did not fail; **errors:** ERR_MODEL_RUN and
 * ERR_WORKER_EXIT where there is no `onFault`, ERR_BUFFER_FULL, and the source's own
 * @throws TypeError, RangeError for wrong options
 * **Owns:** takes each frame and closes it, in all cases.
 */
export function detect(
  detector: Detector,
  config: DetectConfig = {},
): OperatorFunction<Frame, FrameDetections> {
  expectReadingOptions('detect', config, KEYS);
  const { policy = 'every', demand, motion, turns, tasks = [], ...others } = config;
  const { onObject, onFrame, onDropped, onFault, ...rest } = others;
  const { minScore, classes, ...options } = rest;
  expectOneOf('policy', policy, ['every', 'latest']);
  expectThat(turns === undefined || policy === 'latest', '`turns` go with the policy `latest`');
  resolveDecodeOptions(options, detector.model); // here, so that a mistake shows at the call
  const wanted = wantedBy({ minScore, classes }, detector.model);
  const sumUp = createWishes({ minScore, classes }, detector.model);
  const newGate = (): MotionGate | undefined => motion && new MotionGate(motion);
  newGate(); // likewise

  return (source) =>
    new Observable((subscriber) => {
      // Frames dropped since the last result, by cause.
      let skipped: Record<string, number> = {};
      const drafts = new DraftKeeper(options);
      const gate = newGate();
      const skip = (cause: 'busy' | 'idle' | 'error'): void => {
        skipped = { ...skipped, [cause]: (skipped[cause] ?? 0) + 1 };
      };
      const withLosses = (result: FrameDetections): FrameDetections => {
        const losses = Object.keys(skipped).length > 0 ? { skipped } : {};
        skipped = {};
        return { ...result, ...losses };
      };
      const drop = (frame: Frame, cause: 'busy' | 'idle'): void => {
        skip(cause);
        frame.close();
        onDropped?.(frame);
      };
      /** Asks what is wanted of a frame; one of which nobody wants anything is dropped. */
      const wishesFor = (frame: Frame): readonly Demand[] | undefined => {
        let wishes: readonly Demand[] | undefined;
        try {
          wishes = demand?.();
        } catch (thrown) {
          frame.close();
          throw thrown;
        }
        if (wishes?.length === 0) {
          drafts.forget();
          drop(frame, 'idle');
        }
        return wishes;
      };
      const read = (frame: Frame): Observable<FrameDetections> => {
        const wishes = wishesFor(frame); // again: while it waited everybody may have left
        if (wishes?.length === 0) {
          return EMPTY;
        }
        const asked = wishes && sumUp(wishes);
        const gated = gate?.open(frame, asked);
        const repeated = gated?.repeated;
        if (repeated !== undefined) {
          return withFrame(frame, () => {
            onFrame?.(frame);
            return of(withLosses(repeated));
          });
        }
        return abortable(async (signal) => {
          const report = onObject && reporter(frame, detector, wanted, onObject);
          const { draft, reuse, keep } = drafts.open(frame);
          const image = tasks.length > 0 ? frame.image.slice() : new Uint8Array();
          using encoded = await encodeFrame(detector, frame, onFrame);
          const hooks = { signal, ...(report && { onObject: report }) };
          const reading = { ...options, draft, reuse, demand: asked?.demand ?? [] };
          const readOut = await readFrame(detector, encoded, reading, hooks);
          const slots = keep(readOut.sequence);
          const result = toFrameDetections({ ...readOut, slots }, detector.model, wanted);
          const { budgetMs = 0 } = options;
          const isIdle = (): boolean => demand?.().length === 0;
          const isAsked = (one: Detection): boolean => asked === undefined || asksFor(asked, one);
          const limits = { signal, budgetMs, isAsked, isIdle };
          const found = await runTasks(tasks, { ...encoded, image, result }, limits);
          gated?.keep(found);
          return withLosses(found);
        });
      };
      const survive = (error: unknown, frame: Frame): Observable<never> => {
        if (onFault === undefined || !isFault(error)) {
          throw error;
        }
        drafts.forget();
        skip('error');
        onFault(error, frame);
        return EMPTY;
      };
      const onBusy = (frame: Frame): void => drop(frame, 'busy');
      const attempt = (frame: Frame): Observable<FrameDetections> =>
        read(frame).pipe(catchError((error: unknown) => survive(error, frame)));
      return source
        .pipe(
          filter((frame) => wishesFor(frame)?.length !== 0),
          policy === 'latest'
            ? inferLatest(attempt, { onDropped: onBusy, turns })
            : inferEvery(attempt, { onDropped: onBusy }),
        )
        .subscribe(subscriber);
    });
}

/** Whether an error is one frame's, and the next may go well. */
function isFault(error: unknown): error is PipelineError {
  return (
    error instanceof PipelineError &&
    (error.code === 'ERR_WORKER_EXIT' || error.code === 'ERR_MODEL_RUN')
  );
}

/** Makes the hook that tells of a frame's objects as they are found. */
function reporter(
  { source, index: frame, width, height, letterbox }: Frame,
  { model }: Detector,
  wanted: Wanted,
  onObject: (object: FoundObject) => void,
): (object: ObjectTokens) => void {
  let index = 0;
  return (object) => {
    const score = Math.fround(object.score); // as the finished sequence holds it
    const detection = toDetection({ ...object, score }, { width, height, letterbox }, model);
    if (wanted(detection)) {
      onObject({ type: 'object', source, frame, index, detection });
      index += 1;
    }
  };
}
