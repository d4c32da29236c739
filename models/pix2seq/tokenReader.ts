import { PipelineError, invariant } from '../errors.ts';
import { float32Data, float32Tensor, int64Tensor } from '../session.ts';
import type { Session, Tensors } from '../session.ts';
import type { ModelInfo } from '../types.ts';
import { Cache } from './cache.ts';
import { MAX_OBJECTS } from './decodeOptions.ts';
import type { Lookahead } from './lookahead.ts';

/**
 * Feeds tokens to the decoder graph one by one and tells the logits that follow each. Looks ahead:
 * where the next tokens can be guessed, they go into the same call, and those that prove right are
 * answered without another one.
 */
export class TokenReader {
  readonly #session: Session;
  readonly #model: ModelInfo;
  readonly #cache: Cache;
  /** Every token in the cache, those fed ahead included. */
  #fed: number[] = [];
  /** Tokens that were asked for; the next one's position. */
  #position = 0;
  /** Logits of the last call, and the position of its first token. */
  #logits: Float32Array = new Float32Array(); // [T, V]
  #firstPosition = 0;
  #memory: Tensors = {};
  #lookahead: Lookahead = () => [];
  #numCalls = 0;

  /** @param session borrowed */
  constructor(session: Session, model: ModelInfo) {
    this.#session = session;
    this.#model = model;
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
    this.#logits = new Float32Array();
    this.#firstPosition = 0;
  }

  /** Whether feeding this token takes a call. */
  needsCall(token: number): boolean {
    return this.#fed[this.#position] !== token;
  }

  /**
   * Feeds the next token.
   * @returns float32 [V], the logits of the token after it; a view, valid until the next call
   * @throws PipelineError ERR_MODEL_RUN
   */
  async feed(token: number): Promise<Float32Array> {
    if (this.needsCall(token)) {
      const ahead = this.#lookahead(this.#position, (position) => this.#row(position));
      await this.#call([token, ...ahead]);
    }
    const row = this.#row(this.#position);
    invariant(row !== undefined, 'a token that was fed has its logits');
    this.#position += 1;
    return row;
  }

  async #call(tokens: readonly number[]): Promise<void> {
    const P = this.#position;
    const T = tokens.length;
    this.#cache.cut(P); // what was fed ahead and proved wrong
    const outputs = await this.#session.run({
      ...this.#memory,
      tokens: int64Tensor(tokens, [1, T]),
      position: int64Tensor([P], [1]),
      past: float32Tensor(this.#cache.view(), [1, P, this.#cache.width]),
    });
    this.#numCalls += 1;
    this.#cache.append(this.#output(outputs, 'rows', T, this.#cache.width)); // [1, T, C]
    this.#logits = this.#output(outputs, 'logits', T, this.#model.vocabulary.size); // [1, T, V]
    this.#firstPosition = P;
    this.#fed.splice(P, Infinity, ...tokens);
  }

  #row(position: number): Float32Array | undefined {
    const { size } = this.#model.vocabulary;
    const from = (position - this.#firstPosition) * size;
    return from >= 0 && from < this.#logits.length
      ? this.#logits.subarray(from, from + size)
      : undefined;
  }

  /** Checks what symbolic axes hide until a run. */
  #output(outputs: Tensors, name: string, T: number, width: number): Float32Array {
    const data = float32Data(outputs, name);
    if (data.length !== T * width) {
      throw new PipelineError(
        'ERR_MODEL_CONTRACT',
        `Expected output \`${name}\` of ${this.#session.file} to hold ${T} x ${width} numbers, ` +
          `got ${data.length}`,
      );
    }
    return data;
  }
}
