import type {
  CaptionPrompt,
  ModelInfo,
  PosePrompt,
  Prompt,
  SegmentPrompt,
} from '../../core/types.ts';
import { promptOf } from '../../format/promptOf.ts';
import type { Allowed } from '../decode/sampler.ts';

/** How the response to one prompt is read. */
export interface ResponseRule {
  /** What is fed first. */
  readonly prompt: readonly number[];
  /** Tokens of the response at the most. */
  readonly maxTokens: number;
  /** Ends the response, of which it is no part; without it the number of tokens does. */
  readonly end?: number;
  /** What may follow. @param response what was read so far */
  readonly allowed: (response: readonly number[]) => Allowed;
}

/**
 * Makes the rule of a prompt's task.
 * @throws PipelineError ERR_MODEL_LOAD where the model knows no such task
 * Source: google-research/pix2seq `tasks/`; y comes first.
 */
export function responseRule(prompt: Prompt, model: ModelInfo): ResponseRule {
  switch (prompt.task) {
    case 'segment':
      return segmentRule(promptOf('segment', model), prompt.tokens, model);
    case 'pose':
      return poseRule(promptOf('pose', model), prompt.tokens, model);
    case 'caption':
      return captionRule(promptOf('caption', model), model);
  }
}

/** Points, then a separator in both places of one, then points; the end where a point might begin. */
function segmentRule(
  { token, separator, maxPoints }: SegmentPrompt,
  object: readonly number[],
  { vocabulary }: ModelInfo,
): ResponseRule {
  const coordinates = coordinateRange(vocabulary);
  const eos = { token: vocabulary.eos, offset: 0 };
  return {
    prompt: [token, ...object],
    maxTokens: 2 * maxPoints,
    end: eos.token,
    allowed: (response) => {
      const last = response.at(-1);
      if (response.length % 2 === 1) {
        return last === separator ? only(separator) : coordinates;
      }
      const isWithin = last !== undefined && last !== separator;
      return { ...coordinates, eos, ...(isWithin && { marks: [separator] }) };
    },
  };
}

/** Two coordinates a name, or the token that says that there are none. */
function poseRule(
  { token, invisible, names }: PosePrompt,
  object: readonly number[],
  { vocabulary }: ModelInfo,
): ResponseRule {
  const coordinates = coordinateRange(vocabulary);
  return {
    prompt: [token, ...object],
    maxTokens: 2 * names.length,
    allowed: (response) => {
      if (response.length % 2 === 1) {
        return response.at(-1) === invisible ? only(invisible) : coordinates;
      }
      return { ...coordinates, marks: [invisible] };
    },
  };
}

/** Text, and the end that is one of its tokens. */
function captionRule(
  { token, textBase, eos, maxTokens }: CaptionPrompt,
  { vocabulary }: ModelInfo,
): ResponseRule {
  const text = { from: textBase, to: vocabulary.size, eos: { token: eos, offset: 0 } };
  return { prompt: [token], maxTokens, end: eos, allowed: () => text };
}

function coordinateRange({ coordinateBase, bins }: ModelInfo['vocabulary']): Allowed {
  return { from: coordinateBase, to: coordinateBase + bins };
}

function only(token: number): Allowed {
  return { from: token, to: token + 1 };
}
