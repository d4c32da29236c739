import { expectTask, toObjectTokens, toPolygons } from '../../../models/index.ts';
import type { Detector, RespondOptions } from '../../../models/core/types.ts';
import type { FrameTask } from './runTasks.ts';

/**
 * Outlines each detection: instance segmentation, for `tasks` of `detect`.
 *
 * ```ts
 * frames$.pipe(detect(detector, { tasks: [segment(detector)] }));
 * ```
 *
 * All objects of a frame that somebody wants are read side by side. Each gets `polygons`, none where nothing was
 * outlined.
 * @param detector the one that detects; borrowed   @param options see `RespondOptions`
 * @throws TypeError, RangeError for wrong options; PipelineError ERR_MODEL_LOAD where the model was not trained for it
 */
export function segment(detector: Detector, options: RespondOptions = {}): FrameTask {
  const { model } = detector;
  expectTask('segment', options, model); // here, so that a mistake shows at the call
  return async ({ info, features, result, isWanted }, signal) => {
    const wanted = result.detections.filter(isWanted);
    const prompts = wanted.map((detection) => {
      const tokens = toObjectTokens(detection, info, model);
      return { task: 'segment', tokens } as const;
    });
    const responses = await detector.respond(features, prompts, options, { signal });
    const detections = result.detections.map((detection) => {
      const response = responses[wanted.indexOf(detection)];
      return response ? { ...detection, polygons: toPolygons(response, info, model) } : detection;
    });
    return { ...result, detections };
  };
}
