import { EMPTY, Observable, catchError, filter, of } from 'rxjs';
import type { OperatorFunction } from 'rxjs';
import { PipelineError, modelDefaults, toDetection } from '../../models/index.ts';
import type {
  Demand,
  Detection,
  Detector,
  FoundObject,
  Frame,
  FrameDetections,
  ObjectTokens,
} from '../../models/core/types.ts';
import { DECODE_OPTIONS } from '../../models/core/decodeOptions.ts';
import { pickOptions, resolveOptions } from '../../models/core/resolveOptions.ts';
import { expectThat } from '../../models/core/validate.ts';
import { abortable, readFrame } from './decode.ts';
import { encodeFrame } from './encode.ts';
import { DETECT_OPTIONS } from './detectOptions.ts';
import type { DetectConfig } from './detectOptions.ts';
import { DraftKeeper } from './draftKeeper.ts';
import { runTasks } from './tasks/runTasks.ts';
import { inferEvery } from '../flow/inferEvery.ts';
import { inferLatest } from '../flow/inferLatest.ts';
import { MotionGate } from './motionFilter.ts';
import { toFrameDetections, wantedBy } from './objects.ts';
import type { Wanted } from './objects.ts';
import { asksFor, createWishes } from './wishes.ts';
import { withFrame } from '../flow/withFrame.ts';

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
  const ofModel = modelDefaults(detector.model);
  const resolved = resolveOptions('detect', DETECT_OPTIONS, config, ofModel);
  const { policy, demand, motion, turns, tasks, onObject, onFrame, onDropped, onFault } = resolved;
  const { minScore, classes } = resolved;
  const options = pickOptions(DECODE_OPTIONS, resolved);
  expectThat(turns === undefined || policy === 'latest', '`turns` go with the policy `latest`');
  const wanted = wantedBy({ minScore, classes }, detector.model);
  const sumUp = createWishes({ minScore, classes }, detector.model);
  const newGate = (): MotionGate | undefined => motion && new MotionGate(motion);

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
          const isIdle = (): boolean => demand?.().length === 0;
          const isAsked = (one: Detection): boolean => asked === undefined || asksFor(asked, one);
          const limits = { signal, budgetMs: resolved.budgetMs, isAsked, isIdle };
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
