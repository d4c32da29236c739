import { PipelineError } from '../core/errors.ts';
import type { ModelInfo } from '../core/types.ts';

/**
 * Checks that every token that a description names is one of the model's vocabulary: tables are made as long as
 * they say.
 * @param file the description's path, for messages
 * @throws PipelineError ERR_MODEL_CONTRACT that names the first that is not
 */
export function checkTokens(file: string, { vocabulary, labels, prompts }: ModelInfo): void {
  const { segment, pose, caption } = prompts;
  const { size, prompt, classBase, coordinateBase, bins } = vocabulary;
  const tokens = {
    'vocabulary.eos': vocabulary.eos,
    'vocabulary.noise': vocabulary.noise,
    'vocabulary.prompt': Math.max(...prompt),
    'vocabulary.classBase + number of labels - 1': classBase + labels.length - 1,
    'vocabulary.coordinateBase + bins - 1': coordinateBase + bins - 1,
    'prompts.segment.token': segment?.token,
    'prompts.segment.separator': segment?.separator,
    'prompts.pose.token': pose?.token,
    'prompts.pose.invisible': pose?.invisible,
    'prompts.caption.token': caption?.token,
    'prompts.caption.textBase': caption?.textBase,
    'prompts.caption.eos': caption?.eos,
  };
  for (const [name, token = 0] of Object.entries(tokens)) {
    if (token >= size) {
      throw new PipelineError(
        'ERR_MODEL_CONTRACT',
        `${file} is no model description: \`${name}\` must be a token below ${size}, got ${token}`,
      );
    }
  }
}
