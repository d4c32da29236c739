import { PipelineError } from '../core/errors.ts';
import type { ModelInfo, ModelPrompts, PromptTask } from '../core/types.ts';

/**
 * What a model says of one of its tasks.
 * @throws PipelineError ERR_MODEL_LOAD where it was not trained for it, with those that it was trained for
 */
export function promptOf<T extends PromptTask>(
  task: T,
  { name, prompts }: ModelInfo,
): NonNullable<ModelPrompts[T]> {
  const found = prompts[task];
  if (found === undefined) {
    throw new PipelineError(
      'ERR_MODEL_LOAD',
      `The model \`${name}\` was not trained for the task \`${task}\`; ` +
        `it knows ${['detect', ...Object.keys(prompts)].join(', ')}`,
    );
  }
  return found;
}
