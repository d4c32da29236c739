import { SAMPLING_OPTIONS } from '../../core/decodeOptions.ts';
import type { OptionTable } from '../../core/options.ts';
import { MAX_RESPONSE, PROMPT_TASKS } from '../../core/prompts.ts';
import { resolveOptions } from '../../core/resolveOptions.ts';
import type {
  ModelInfo,
  ModelPrompts,
  Prompt,
  PromptTask,
  RespondOptions,
} from '../../core/types.ts';
import { expectInteger, expectKnownKeys, expectOneOf, expectThat } from '../../core/validate.ts';
import { promptOf } from '../../format/promptOf.ts';
import { responseRule } from './responseRule.ts';
import type { ResponseRule } from './responseRule.ts';
import { createSampler } from '../decode/sampler.ts';
import type { Sampler } from '../decode/sampler.ts';

/** The most prompts of one call: as many as a frame has objects. */
export const MAX_PROMPTS = 100;

const OPTIONS: OptionTable<RespondOptions> = {
  ...SAMPLING_OPTIONS,
  maxTokens: { type: 'integer', min: 1, max: MAX_RESPONSE },
};

/** One prompt, and how its response is read. */
export interface Question {
  readonly rule: ResponseRule;
  readonly sampler: Sampler;
}

/**
 * Checks what is asked, and settles how each response is read.
 * @returns one question a prompt, in order
 * @throws TypeError, RangeError that name the option, the rule and the value; PipelineError ERR_MODEL_LOAD where
 * the model was not trained for a task
 */
export function resolveQuestions(
  prompts: readonly Prompt[],
  options: RespondOptions = {},
  model: ModelInfo,
): Question[] {
  const { maxTokens, typeMask, ...sampling } = resolveOptions('respond', OPTIONS, options);
  expectInteger('prompts.length', prompts.length, { max: MAX_PROMPTS });
  return prompts.map((prompt, i) => {
    expectPrompt(prompt, model);
    const rule = responseRule(prompt, model);
    // without the end token a response is of one length
    const longest = rule.end === undefined ? rule.maxTokens : MAX_RESPONSE;
    const limited = { ...rule, maxTokens: Math.min(maxTokens ?? rule.maxTokens, longest) };
    const sampler = createSampler({ ...sampling, seed: sampling.seed + i });
    return { rule: typeMask ? limited : free(limited, model), sampler };
  });
}

/**
 * Checks that a model can be asked for a task in this way.
 * @returns what the model says of the task
 * @throws TypeError, RangeError; PipelineError ERR_MODEL_LOAD where it was not trained for it
 */
export function expectTask<T extends PromptTask>(
  task: T,
  options: RespondOptions,
  model: ModelInfo,
): NonNullable<ModelPrompts[T]> {
  resolveQuestions([], options, model);
  return promptOf(task, model);
}

/** A prompt of each task that a model was trained for, to try them with. */
export function promptsOfEachTask({ prompts, vocabulary }: ModelInfo): Prompt[] {
  const corner = vocabulary.coordinateBase;
  const tokens = [corner, corner, corner, corner, vocabulary.classBase];
  return [
    ...(prompts.segment === undefined ? [] : [{ task: 'segment' as const, tokens }]),
    ...(prompts.pose === undefined ? [] : [{ task: 'pose' as const, tokens }]),
    ...(prompts.caption === undefined ? [] : [{ task: 'caption' as const }]),
  ];
}

function expectPrompt(prompt: Prompt, { vocabulary }: ModelInfo): void {
  expectOneOf('task', prompt.task, PROMPT_TASKS);
  expectKnownKeys('prompt', prompt, prompt.task === 'caption' ? ['task'] : ['task', 'tokens']);
  if (prompt.task !== 'caption') {
    const { tokens }: { readonly tokens?: ArrayLike<number> } = prompt; // whoever writes JavaScript may leave them out
    expectThat(
      tokens?.length === 5,
      `a prompt for \`${prompt.task}\` has the five \`tokens\` of an object`,
    );
    for (const token of prompt.tokens) {
      expectInteger('tokens', token, { min: 0, max: vocabulary.size - 1 });
    }
  }
}

/** Anything may follow anything, as the reference samples. */
function free(rule: ResponseRule, { vocabulary }: ModelInfo): ResponseRule {
  const all = { from: 0, to: vocabulary.size };
  return { ...rule, allowed: () => all };
}
