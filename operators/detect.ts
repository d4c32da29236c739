import { Observable } from 'rxjs';
import type { OperatorFunction } from 'rxjs';
import { resolveDecodeOptions, toDetection } from '../models/index.ts';
import type {
  DecodeOptions,
  Detector,
  FoundObject,
  Frame,
  FrameDetections,
  ObjectTokens,
} from '../models/types.ts';
import { expectOneOf } from '../models/validate.ts';
import { abortable, decodeFrame } from './decode.ts';
import { encodeFrame } from './encode.ts';
import { DraftKeeper } from './draftKeeper.ts';
import { inferEvery } from './inferEvery.ts';
import { inferLatest } from './inferLatest.ts';
import { toFrameDetections, wantedBy } from './objects.ts';
import type { ObjectsConfig, Wanted } from './objects.ts';

/** What happens to frames that come while one is being read. */
export type DetectPolicy = 'every' | 'latest';

/** Options of `detect`: how frames are read, which objects are kept, what happens under load. */
export interface DetectConfig extends Omit<DecodeOptions, 'draft'>, ObjectsConfig {
  /** `every` for files: nothing is dropped; `latest` for live sources: the newest frame wins. Default `every`. */
  readonly policy?: DetectPolicy;
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
  const { policy = 'every', onObject, onFrame, onDropped, minScore, classes, ...options } = config;
  expectOneOf('policy', policy, ['every', 'latest']);
  resolveDecodeOptions(options, detector.model); // here, so that a mistake shows at the call
  const wanted = wantedBy({ minScore, classes }, detector.model);
  const { reuse } = options;

  return (source) =>
    new Observable((subscriber) => {
      // Frames dropped since the last result.
      let numDropped = 0;
      const drafts = new DraftKeeper(reuse === 'sticky');
      const drop = (frame: Frame): void => {
        numDropped += 1;
        frame.close();
        onDropped?.(frame);
      };
      const read = (frame: Frame): Observable<FrameDetections> =>
        abortable(async (signal) => {
          const report = onObject && reporter(frame, detector, wanted, onObject);
          const { draft, keep } = drafts.open(frame);
          const encoded = await encodeFrame(detector, frame, onFrame);
          const hooks = { signal, ...(report && { onObject: report }) };
          const result = await decodeFrame(detector, encoded, { ...options, draft }, hooks);
          keep(result.info, result.sequence);
          const skipped = numDropped > 0 ? { skipped: { busy: numDropped } } : {};
          numDropped = 0;
          return { ...toFrameDetections(result, detector.model, wanted), ...skipped };
        });
      const infer = policy === 'latest' ? inferLatest : inferEvery;
      return source.pipe(infer(read, { onDropped: drop })).subscribe(subscriber);
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
