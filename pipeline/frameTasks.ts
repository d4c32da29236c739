import { PipelineError, readPieces } from '../models/index.ts';
import type { Detector, PromptTask } from '../models/index.ts';
import { caption, outline, pose } from '../operators/index.ts';
import type { FrameTask } from '../operators/index.ts';
import { TASKS } from './taskNames.ts';
import type { TaskName } from './taskNames.ts';

/** What the model calls them; objects are found in any case. */
const PROMPTS: Readonly<Record<Exclude<TaskName, 'detect'>, PromptTask>> = {
  segment: 'segmentation',
  pose: 'keypoints',
  caption: 'caption',
};

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
  const knows = (task: TaskName): boolean =>
    task === 'detect' || detector.model.prompts[PROMPTS[task]] !== undefined;
  const unknown = wanted.find((task) => !knows(task));
  if (unknown !== undefined) {
    throw new PipelineError(
      'ERR_MODEL_LOAD',
      `The model \`${detector.model.name}\` was not trained for the task \`${unknown}\`; ` +
        `it knows ${TASKS.filter(knows).join(', ')}`,
    );
  }
  return [
    ...(wanted.includes('segment') ? [outline(detector)] : []),
    ...(wanted.includes('pose') ? [pose(detector)] : []),
    ...(wanted.includes('caption') ? [caption(detector, await readPieces(model))] : []),
  ];
}
