import { EMPTY, Observable, filter } from 'rxjs';
import type { OperatorFunction } from 'rxjs';
import { resolveDecodeOptions, toDetection } from '../models/index.ts';
import type {
  DecodeOptions,
  Demand,
  Detector,
  FoundObject,
  Frame,
  FrameDetections,
  ObjectTokens,
} from '../models/types.ts';
import { expectOneOf } from '../models/validate.ts';
import { abortable, decodeFrame } from './decode.ts';
import { encodeFrame } from './encode.ts';
import { operatorDefaults } from './defaults.ts';
import { DraftKeeper } from './draftKeeper.ts';
import { inferEvery } from './inferEvery.ts';
import { inferLatest } from './inferLatest.ts';
import { toFrameDetections, wantedBy } from './objects.ts';
import type { ObjectsConfig, Wanted } from './objects.ts';

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
  /** Told of each object before its frame is finished. */
  readonly onObject?: (object: FoundObject) => void;
  /** Told of each frame just before its encoder run, while its pixels are there; must not close it. */
  readonly onFrame?: (frame: Frame) => void;
  /** Told of each frame that was dropped; it is closed already, its facts can still be read. */
  readonly onDropped?: (frame: Frame) => void;
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
 * frame are the draft of the next (see `Reuse`), except after a cut, a seek, or a change of
 * size or source. A frame's pixels are given back as soon as the encoder has seen
 * them. When the consumer leaves, the reading under way ends
 * between two decoder calls.
 * @param detector borrowed   @param config see `DetectConfig`, `DecodeOptions`, `ObjectsConfig`
 * @returns one result a frame that was not dropped; **errors:** ERR_MODEL_RUN, ERR_WORKER_EXIT,
 * ERR_BUFFER_FULL, and the source's own
 * @throws TypeError, RangeError for wrong options
 * **Owns:** takes each frame and closes it, in all cases.
 */
export function detect(
  detector: Detector,
  config: DetectConfig = {},
): OperatorFunction<Frame, FrameDetections> {
  const { policy = 'every', demand, onObject, onFrame, onDropped, ...rest } = config;
  const { minScore, classes, ...options } = rest;
  expectOneOf('policy', policy, ['every', 'latest']);
  resolveDecodeOptions(options, detector.model); // here, so that a mistake shows at the call
  const wanted = wantedBy({ minScore, classes }, detector.model);

  return (source) =>
    new Observable((subscriber) => {
      // Frames dropped since the last result, by cause.
      let skipped: Record<string, number> = {};
      const drafts = new DraftKeeper(options);
      const drop = (frame: Frame, cause: 'busy' | 'idle'): void => {
        skipped = { ...skipped, [cause]: (skipped[cause] ?? 0) + 1 };
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
        return abortable(async (signal) => {
          const report = onObject && reporter(frame, detector, wanted, onObject);
          const { draft, reuse, keep } = drafts.open(frame);
          const asked = withinConfig(wishes ?? [], rest);
          const encoded = await encodeFrame(detector, frame, onFrame);
          const hooks = { signal, ...(report && { onObject: report }) };
          const result = await decodeFrame(
            detector,
            encoded,
            { ...options, draft, reuse, demand: asked },
            hooks,
          );
          const slots = keep(result.sequence);
          const losses = Object.keys(skipped).length > 0 ? { skipped } : {};
          skipped = {};
          return { ...toFrameDetections({ ...result, slots }, detector.model, wanted), ...losses };
        });
      };
      const infer = policy === 'latest' ? inferLatest : inferEvery;
      const onBusy = (frame: Frame): void => drop(frame, 'busy');
      return source

        .pipe(
          filter((frame) => wishesFor(frame)?.length !== 0),
          infer(read, { onDropped: onBusy }),
        )
        .subscribe(subscriber);
    });
}

/** What is asked for, of that only which is kept at all. */
function withinConfig(
  demand: readonly Demand[],
  { minScore = operatorDefaults.minScore, classes }: ObjectsConfig,
): Demand[] {
  return demand.map((one) => {
    const ofThese = one.classes?.filter((label) => classes?.includes(label) ?? true) ?? classes;
    return {
      limit: ofThese?.length === 0 ? 0 : one.limit, // nothing that it could get
      minScore: Math.max(minScore, one.minScore ?? 0),
      classes: ofThese,
    };
  });
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
