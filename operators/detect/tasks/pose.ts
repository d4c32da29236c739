import { expectTask, toKeypoints, toObjectTokens } from '../../../models/index.ts';
import type {
  Box,
  Detection,
  Detector,
  Frame,
  Keypoint,
  Letterbox,
  RespondOptions,
} from '../../../models/core/types.ts';
import type { FrameTask, SeenFrame } from './runTasks.ts';
import { cropFrame, regionAround } from '../../media/pictures/cropFrame.ts';
import type { Region } from '../../media/pictures/cropFrame.ts';

/**
 * Finds the keypoints of each detection whose label has some, for `tasks` of `detect`.
 *
 * ```ts
 * frames$.pipe(detect(detector, { tasks: [pose(detector)] }));
 * ```
 *
 * Each object is cut out with its surroundings and looked at anew: an encoder run an object. It is cut out of the
 * picture that the model sees, so that small objects are less sharp than in the source. Objects that nobody wants
 * are not looked at, and no further one once nobody waits any more.
 * @param detector the one that detects; borrowed   @param options see `RespondOptions`
 * @throws TypeError, RangeError for wrong options; PipelineError ERR_MODEL_LOAD where the model was not trained for it
 */
export function pose(detector: Detector, options: RespondOptions = {}): FrameTask {
  const { model } = detector;
  const { labels, margin } = expectTask('pose', options, model);
  const readKeypoints = async (
    { box, classId }: Detection,
    { info, image }: SeenFrame,
    signal: AbortSignal,
  ): Promise<readonly Keypoint[]> => {
    const region = regionAround(box, margin, info);
    using crop: Frame = await cropFrame(image, region, model.image, info.source);
    using features = await detector.encode(crop.image);
    const within = { box: boxWithin(box, region, info.letterbox), classId };
    const prompts = [{ task: 'pose', tokens: toObjectTokens(within, crop, model) }] as const;
    const [response] = await detector.respond(features, prompts, options, { signal });
    return toKeypoints(response ?? new Int32Array(), crop, model).map((point) =>
      point.visible ? { ...point, ...toSource(point, region, info.letterbox) } : point,
    );
  };
  return async (seen, signal) => {
    const detections: Detection[] = [];
    for (const detection of seen.result.detections) {
      const isWanted = labels.includes(detection.label) && seen.isWanted(detection);
      const keypoints =
        isWanted && !signal.aborted && (await readKeypoints(detection, seen, signal));
      detections.push(keypoints ? { ...detection, keypoints } : detection);
    }
    return { ...seen.result, detections };
  };
}

function boxWithin(box: Box, { left, top }: Region, { scaleX, scaleY }: Letterbox): Box {
  return {
    xmin: box.xmin * scaleX - left,
    ymin: box.ymin * scaleY - top,
    xmax: box.xmax * scaleX - left,
    ymax: box.ymax * scaleY - top,
  };
}

function toSource(
  { x, y }: Keypoint,
  { left, top }: Region,
  { scaleX, scaleY }: Letterbox,
): Pick<Keypoint, 'x' | 'y'> {
  return { x: (left + x) / scaleX, y: (top + y) / scaleY };
}
