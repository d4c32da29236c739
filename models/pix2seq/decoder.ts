import { PipelineError } from '../errors.ts';
import { float32Data, float32Tensor, int64Tensor } from '../session.ts';
import type { Session, Tensors } from '../session.ts';
import type { ModelInfo, ObjectTokens, StopReason, TokenSequence } from '../types.ts';
import { Cache } from './cache.ts';
import { MAX_OBJECTS } from './decodeOptions.ts';
import { argMax, probabilities } from './sampler.ts';
import type { Allowed, Sampler } from './sampler.ts';
import { StopChecks } from './stopping.ts';
import type { StopRule } from './stopping.ts';

/** How one frame is read out. */
export interface Reading {
  readonly sampler: Sampler;
  readonly rules: readonly StopRule[];
  /** Subtracted from the EOS logit at the start of each object. */
  readonly eosOffset: number;
  /** Keeps each token to the kinds that may stand at its place. */
  readonly typeMask: boolean;
  readonly onObject?: ((object: ObjectTokens) => void) | undefined;
}

interface ClassifiedObject {
  readonly read: ObjectTokens;
  readonly score: number;
  readonly noise: number;
}

/** The decoder graph and its cache: reads one frame's objects out, token by token. */
export class Decoder {
  readonly #session: Session;
  readonly #model: ModelInfo;
  readonly #cache: Cache;
  #passes = 0;

  /** @param session borrowed */
  constructor(session: Session, model: ModelInfo) {
    this.#session = session;
    this.#model = model;
    const capacity = model.vocabulary.prompt.length + 5 * MAX_OBJECTS;
    this.#cache = new Cache(model.cacheWidth, capacity);
  }

  /**
   * Reads objects until the model ends the sequence or a rule does. One frame at a time.
   * @param memory what the encoder made of the frame; borrowed
   * @throws PipelineError ERR_MODEL_RUN
   */
  async decode(memory: Tensors, reading: Reading): Promise<TokenSequence> {
    const started = performance.now();
    this.#cache.cut(0);
    this.#passes = 0;
    const found: ObjectTokens[] = [];
    const stop = await this.#readObjects(memory, reading, found);
    const final = stop !== 'budget' && stop !== 'abort';
    return {
      tokens: Int32Array.from(found.flatMap(({ tokens }) => tokens)),
      scores: Float32Array.from(found, ({ score }) => score),
      stop,
      final,
      counts: { drafted: 0, accepted: 0, decoded: 5 * found.length, passes: this.#passes },
      tokensMs: performance.now() - started,
    };
  }

  async #readObjects(
    memory: Tensors,
    reading: Reading,
    found: ObjectTokens[],
  ): Promise<StopReason> {
    const { vocabulary, fusedClassStep } = this.#model;
    const checks = new StopChecks(reading.rules);
    let feed: readonly number[] = vocabulary.prompt; // what the next call is fed
    let row: Float32Array | undefined; // [V], logits of the next ymin where the class step gave them
    for (;;) {
      const box: number[] = [];
      while (box.length < 4) {
        const stopped = row === undefined ? checks.beforeCall() : undefined;
        if (stopped !== undefined) {
          return stopped;
        }
        row ??= this.#lastRow(await this.#step(memory, feed));
        const token = reading.sampler(row, this.#allowed(box.length, reading));
        if (box.length === 0 && token === vocabulary.eos) {
          return 'eos';
        }
        box.push(token);
        feed = [token];
        row = undefined;
      }
      const stopped = checks.beforeCall();
      if (stopped !== undefined) {
        return stopped;
      }
      // a class input carries no information, so noise goes in and the class call gives the next ymin too
      if (fusedClassStep) {
        feed = [...feed, vocabulary.noise];
      }
      const logits = await this.#step(memory, feed); // [1 or 2, V]
      const object = this.#classify(logits.subarray(0, vocabulary.size), box, found.length);
      found.push(object.read);
      reading.onObject?.(object.read);
      const reason = checks.afterObject({ ...object, numObjects: found.length });
      if (reason !== undefined) {
        return reason;
      }
      feed = [object.read.tokens[4]];
      row = fusedClassStep ? this.#lastRow(logits) : undefined;
    }
  }

  /** @param row [V], the logits at the class position */
  #classify(row: Float32Array, box: readonly number[], index: number): ClassifiedObject {
    const { vocabulary, labels } = this.#model;
    const classToken = argMax(row, vocabulary.classBase, vocabulary.classBase + labels.length);
    const [score = 0, noise = 0] = probabilities(row, [classToken, vocabulary.noise]);
    const [ymin = 0, xmin = 0, ymax = 0, xmax = 0] = box;
    return { read: { index, tokens: [ymin, xmin, ymax, xmax, classToken], score }, score, noise };
  }

  async #step(memory: Tensors, tokens: readonly number[]): Promise<Float32Array> {
    const P = this.#cache.length;
    const T = tokens.length;
    const outputs = await this.#session.run({
      ...memory,
      tokens: int64Tensor(tokens, [1, T]),
      position: int64Tensor([P], [1]),
      past: float32Tensor(this.#cache.view(), [1, P, this.#cache.width]),
    });
    this.#passes += 1;
    this.#cache.append(this.#output(outputs, 'rows', T, this.#cache.width)); // [1, T, C]
    return this.#output(outputs, 'logits', T, this.#model.vocabulary.size); // [1, T, V]
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

  #lastRow(logits: Float32Array): Float32Array {
    return logits.subarray(logits.length - this.#model.vocabulary.size); // [T, V] → [V]
  }

  #allowed(slot: number, { eosOffset, typeMask }: Reading): Allowed {
    const { size, eos, coordinateBase, bins } = this.#model.vocabulary;
    const range = typeMask
      ? { from: coordinateBase, to: coordinateBase + bins }
      : { from: 0, to: size };
    return slot === 0 ? { ...range, eos: { token: eos, offset: eosOffset } } : range;
  }
}
