import type { Tensors } from '../session.ts';
import type { ModelInfo } from '../../core/types.ts';
import { Cache } from '../decode/cache.ts';
import type { StepRunner, StepResult } from '../decode/stepRunner.ts';
import type { Question } from './respondOptions.ts';

/**
 * Prompts that are read at the same time. Each has a cache of its own, all of which go into a call side by side:
 * more of them save little, and take memory.
 */
const SIDE_BY_SIDE = 16;

/** Where responses are read from. */
export interface ResponseSource {
  readonly graph: StepRunner; // borrowed
  readonly model: ModelInfo;
  /** What the encoder made of one frame; borrowed. */
  readonly memory: Tensors;
  readonly signal?: AbortSignal;
  /** Called after each run of the graph. */
  readonly onCall?: () => void;
}

/**
 * Reads the responses to the prompts of one frame: several in each call of the graph, over one memory.
 * @returns one a question, in order; cut short where the signal came
 * @throws PipelineError ERR_MODEL_RUN, ERR_MODEL_CONTRACT
 */
export async function readResponses(
  { graph, model, memory, signal, onCall }: ResponseSource,
  questions: readonly Question[],
): Promise<Int32Array[]> {
  const responses: Int32Array[] = [];
  for (let i = 0; i < questions.length; i += SIDE_BY_SIDE) {
    const some = questions
      .slice(i, i + SIDE_BY_SIDE)
      .map((each) => new ResponseReading(each, model));
    let open = some;
    const isWanted = (): boolean => signal?.aborted !== true; // asked anew each time: a call takes its time
    while (open.length > 0 && isWanted()) {
      const steps = open.map(({ tokens, cache }) => ({ memory, tokens, cache }));
      const results = await graph.run(steps, memory);
      open.forEach((reading, b) => reading.take(results[b] as StepResult));
      open = open.filter(({ isDone }) => !isDone);
      onCall?.();
    }
    responses.push(...some.map(({ response }) => Int32Array.from(response)));
  }
  return responses;
}

/** One response under way. */
class ResponseReading {
  readonly response: number[] = [];
  readonly cache: Cache;
  /** What is fed next: the prompt, then what was read last. */
  tokens: readonly number[];
  isDone = false;
  readonly #question: Question;
  readonly #numLogits: number;

  constructor(question: Question, model: ModelInfo) {
    const { prompt, maxTokens } = question.rule;
    this.#question = question;
    this.#numLogits = model.vocabulary.size;
    this.cache = new Cache(model.cacheWidth, prompt.length + maxTokens);
    this.tokens = prompt;
  }

  /** Reads one token. @param result of a call with `tokens`; views */
  take({ logits, rows }: StepResult): void {
    const { rule, sampler } = this.#question;
    this.cache.append(rows);
    const last = logits.subarray(logits.length - this.#numLogits); // behind a prompt, what follows its last token
    const token = sampler(last, rule.allowed(this.response), this.cache.length);
    if (token !== rule.end) {
      this.response.push(token);
    }
    this.tokens = [token];
    this.isDone = token === rule.end || this.response.length >= rule.maxTokens;
  }
}
