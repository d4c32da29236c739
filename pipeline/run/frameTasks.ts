import { readPieces } from '../../models/index.ts';
import type { Detector } from '../../models/index.ts';
import { caption, pose, segment } from '../../operators/index.ts';
import type { FrameTask } from '../../operators/index.ts';
import type { TaskName } from '../options/settings.ts';

/**
 * Makes what `detect` and `serve` do for `--task`.
 * @param model as the detector was opened with
 * @throws PipelineError ERR_MODEL_LOAD where the model was not trained for one, or has no text for captions
 */
export async function frameTasks(
  wanted: readonly TaskName[],
  detector: Detector,
  model: string | undefined,
): Promise<FrameTask[]> {
  return [
    ...(wanted.includes('segment') ? [segment(detector)] : []),
    ...(wanted.includes('pose') ? [pose(detector)] : []),
    ...(wanted.includes('caption') ? [caption(detector, await readPieces(model))] : []),
  ];
}
