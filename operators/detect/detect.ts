import { Observable, filter } from 'rxjs';
import type { OperatorFunction } from 'rxjs';
import { DECODE_OPTIONS } from '../../models/core/decodeOptions.ts';
import { pickOptions, resolveOptions } from '../../models/core/resolveOptions.ts';
import type { Detector, Frame, FrameDetections } from '../../models/core/types.ts';
import { expectThat } from '../../models/core/validate.ts';
import { modelDefaults } from '../../models/index.ts';
import { inferEvery } from '../flow/inferEvery.ts';
import { inferLatest } from '../flow/inferLatest.ts';
import { DETECT_OPTIONS } from './detectOptions.ts';
import type { DetectConfig } from './detectOptions.ts';
import { DetectRun } from './detectRun.ts';
import type { DetectRunConfig } from './detectRun.ts';
import { wantedBy } from './objects.ts';
import { createWishes } from './wishes.ts';

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
 * Each frame that comes ends in one way: as a result, at `onDropped`, or at `onFault`;
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
  const shared = resolve(detector, config);
  const { policy, turns } = shared;
  const newRun = (): DetectRun => new DetectRun(shared);
  newRun(); // here, so that a mistake in an option shows at the call

  return (source) =>
    new Observable((subscriber) => {
      const run = newRun();
      const read = (frame: Frame): Observable<FrameDetections> => run.read(frame);
      return source
        .pipe(
          filter((frame) => run.admit(frame)),
          policy === 'latest'
            ? inferLatest(read, {
                turns,
                onDropped: (frame, cause) =>
                  run.drop(frame, cause === 'replaced' ? 'busy' : 'stopped'),
              })
            : inferEvery(read, { onDropped: (frame) => run.drop(frame, 'stopped') }),
        )
        .subscribe(subscriber);
    });
}

/** @throws TypeError, RangeError for wrong options */
function resolve(
  detector: Detector,
  config: DetectConfig,
): DetectRunConfig & Pick<Required<DetectConfig>, 'policy' | 'turns'> {
  const ofModel = modelDefaults(detector.model);
  const resolved = resolveOptions('detect', DETECT_OPTIONS, config, ofModel);
  const { policy, turns } = resolved;
  expectThat(turns === undefined || policy === 'latest', '`turns` go with the policy `latest`');
  return {
    ...resolved,
    detector,
    decoding: pickOptions(DECODE_OPTIONS, resolved),
    wanted: wantedBy(resolved, detector.model),
    sumUp: createWishes(resolved, detector.model),
  };
}
