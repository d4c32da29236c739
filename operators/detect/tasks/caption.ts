import { expectTask, toCaption } from '../../../models/index.ts';
import type { Detector, RespondOptions } from '../../../models/core/types.ts';
import type { FrameTask } from './runTasks.ts';

/**
 * Says in a sentence what a frame shows, for `tasks` of `detect`.
 *
 * ```ts
 * const pieces = await readPieces('my-model');
 * frames$.pipe(detect(detector, { tasks: [caption(detector, pieces)] }));
 * ```
 *
 * @param detector the one that detects; borrowed   @param pieces of text, see `readPieces`
 * @param options see `RespondOptions`
 * @throws TypeError, RangeError for wrong options; PipelineError ERR_MODEL_LOAD where the model was not trained for it
 */
export function caption(
  detector: Detector,
  pieces: readonly string[],
  options: RespondOptions = {},
): FrameTask {
  const { model } = detector;
  expectTask('caption', options, model); // here, so that a mistake shows at the call
  return async ({ features, result }, signal) => {
    const prompts = [{ task: 'caption' }] as const;
    const [response] = await detector.respond(features, prompts, options, { signal });
    return { ...result, caption: toCaption(response ?? new Int32Array(), model, pieces) };
  };
}
