import { invariant } from '../../core/errors.ts';
import type { Tensors } from '../session.ts';
import type { AttentionMap, ModelInfo } from '../../core/types.ts';
import { Cache } from './cache.ts';
import { MAX_OBJECTS } from '../../core/decodeOptions.ts';
import type { StepResult } from './stepRunner.ts';
import type { Lookahead } from './lookahead.ts';
import type { StepBatcher } from './stepBatcher.ts';

/** What the decoder says after a token; views, valid until the next call. */
export interface TokenOutput {
  readonly logits: Float32Array; // [V], of the token that follows
  readonly attention: AttentionMap | undefined; // where it looked to say so
}

/**
 * Feeds tokens to the decoder graph one by one and tells what it says after each. Looks ahead: where
 * the next tokens can be guessed, they go into the same call, and those that prove right are answered
 * without another one.
 */
export class TokenReader {
  readonly #steps: Pick<StepBatcher, 'run'>;
  readonly #cache: Cache;
  /** Every token in the cache, those fed ahead included. */
  #fed: number[] = [];
  /** Tokens that were asked for; the next one's position. */
  #position = 0;
  /** What the last call said, and the position of its first token. */
  #lastResult: StepResult | undefined;
  #firstPosition = 0;
  #memory: Tensors = {};
  #lookahead: Lookahead = () => [];
  #numCalls = 0;

  /** @param steps borrowed */
  constructor(steps: Pick<StepBatcher, 'run'>, model: ModelInfo) {
    this.#steps = steps;
    this.#cache = new Cache(model.cacheWidth, model.vocabulary.prompt.length + 5 * MAX_OBJECTS);
  }

  /** Calls of the decoder graph since `start`. */
  get numCalls(): number {
    return this.#numCalls;
  }

  /** Position of the next token. */
  get position(): number {
    return this.#position;
  }

  /** Begins a frame. @param memory what the encoder made of it, borrowed until the next `start` */
  start(memory: Tensors, lookahead: Lookahead): void {
    this.#memory = memory;
    this.#lookahead = lookahead;
    this.#numCalls = 0;
    this.#cache.cut(0);
    this.#fed = [];
    this.#position = 0;
    this.#lastResult = undefined;
    this.#firstPosition = 0;
  }

  /** Whether feeding this token takes a call. */
  needsCall(token: number): boolean {
    return this.#fed[this.#position] !== token;
  }

  /**
   * Feeds the next token.
   * @throws PipelineError ERR_MODEL_RUN
   */
  async feed(token: number): Promise<TokenOutput> {
    if (this.needsCall(token)) {
      const tokens = this.#fed.slice(0, this.#position);
      const logitsAt = (position: number): Float32Array | undefined =>
        this.#outputAt(position)?.logits;
      await this.#call([token, ...this.#lookahead(token, { tokens, logitsAt })]);
    }
    const output = this.#outputAt(this.#position);
    invariant(output !== undefined, 'a token that was fed has its output');
    this.#position += 1;
    return output;
  }

  async #call(tokens: readonly number[]): Promise<void> {
    this.#cache.cut(this.#position); // what was fed ahead and proved wrong
    this.#lastResult = await this.#steps.run({ memory: this.#memory, tokens, cache: this.#cache });
    this.#numCalls += 1;
    this.#cache.append(this.#lastResult.rows);
    this.#firstPosition = this.#position;
    this.#fed.splice(this.#position, Infinity, ...tokens);
  }

  #outputAt(position: number): TokenOutput | undefined {
    const result = this.#lastResult;
    const numRows = this.#cache.length - this.#firstPosition;
    const at = position - this.#firstPosition;
    if (result === undefined || at < 0 || at >= numRows) {
      return undefined;
    }
    const width = result.logits.length / numRows;
    const logits = result.logits.subarray(at * width, (at + 1) * width);
    return { logits, attention: result.attention?.[at] };
  }
}
