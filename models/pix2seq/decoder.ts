import type { Session, Tensors } from '../session.ts';
import type { ModelInfo, ObjectTokens, StopReason, TokenSequence } from '../types.ts';
import type { ResolvedDecodeOptions } from './decodeOptions.ts';
import { certainLookahead, draftLookahead, slotOf } from './lookahead.ts';
import type { Lookahead, Pick } from './lookahead.ts';
import { argMax, createSampler, probabilities } from './sampler.ts';
import type { Allowed } from './sampler.ts';
import { StopChecks } from './stopping.ts';
import type { StopRule } from './stopping.ts';
import { TokenReader } from './tokenReader.ts';

/** How one frame is read out. */
export interface Reading {
  readonly options: ResolvedDecodeOptions;
  /** All of them, those of the options included. */
  readonly rules: readonly StopRule[];
  readonly onObject?: ((object: ObjectTokens) => void) | undefined;
}

interface ClassifiedObject {
  readonly read: ObjectTokens;
  readonly score: number;
  readonly noise: number;
}

/** The decoder graph: reads one frame's objects out, token by token. */
export class Decoder {
  readonly #model: ModelInfo;
  readonly #reader: TokenReader;

  /** @param session borrowed */
  constructor(session: Session, model: ModelInfo) {
    this.#model = model;
    this.#reader = new TokenReader(session, model);
  }

  /**
   * Reads objects until the model ends the sequence or a rule does. One frame at a time.
   * @param memory what the encoder made of the frame; borrowed
   * @throws PipelineError ERR_MODEL_RUN, ERR_MODEL_CONTRACT
   */
  async decode(memory: Tensors, reading: Reading): Promise<TokenSequence> {
    const started = performance.now();
    const draft = this.#usableDraft(reading.options);
    const pick = this.#pickBy(reading.options, draft);
    this.#reader.start(memory, this.#lookahead(reading.options, draft, pick));
    const found: ObjectTokens[] = [];
    const stop = await this.#readObjects(reading, { pick, draft }, found);
    const tokens = Int32Array.from(found.flatMap((object) => object.tokens));
    const accepted = tokens.filter((token, i) => token === draft[i]).length;
    return {
      tokens,
      scores: Float32Array.from(found, ({ score }) => score),
      reused: Uint8Array.from(found, ({ reused }) => Number(reused)),
      stop,
      final: stop !== 'budget' && stop !== 'abort',
      counts: {
        drafted: draft.length,
        accepted,
        decoded: tokens.length - accepted,
        passes: this.#reader.numCalls,
      },
      tokensMs: performance.now() - started,
    };
  }

  async #readObjects(
    { rules, onObject }: Reading,
    { pick, draft }: { readonly pick: Pick; readonly draft: Int32Array },
    found: ObjectTokens[],
  ): Promise<StopReason> {
    const { vocabulary, fusedClassStep } = this.#model;
    const checks = new StopChecks(rules);
    let token = vocabulary.prompt[0] ?? 0;
    let box: number[] = [];
    for (;;) {
      const stopped = this.#reader.needsCall(token) ? checks.beforeCall() : undefined;
      if (stopped !== undefined) {
        return stopped;
      }
      const logits = await this.#reader.feed(token); // [V]
      const { position } = this.#reader;
      const slot = slotOf(position, vocabulary);
      if (position < vocabulary.prompt.length) {
        token = vocabulary.prompt[position] ?? 0;
      } else if (slot < 4) {
        token = pick(logits, position);
        if (slot === 0 && token === vocabulary.eos) {
          return 'eos';
        }
        box = slot === 0 ? [token] : [...box, token];
      } else {
        const object = this.#classify(logits, box, { index: found.length, draft });
        found.push(object.read);
        onObject?.(object.read);
        const reason = checks.afterObject({ ...object, numObjects: found.length });
        if (reason !== undefined) {
          return reason;
        }
        token = fusedClassStep ? vocabulary.noise : object.read.tokens[4];
      }
    }
  }

  /** @param row [V], the logits at the class position */
  #classify(
    row: Float32Array,
    box: readonly number[],
    { index, draft }: { readonly index: number; readonly draft: Int32Array },
  ): ClassifiedObject {
    const { vocabulary, labels } = this.#model;
    const classToken = argMax(row, vocabulary.classBase, vocabulary.classBase + labels.length);
    const [score = 0, noise = 0] = probabilities(row, [classToken, vocabulary.noise]);
    const [ymin = 0, xmin = 0, ymax = 0, xmax = 0] = box;
    const tokens = [ymin, xmin, ymax, xmax, classToken] as const;
    const reused = tokens.every((token, i) => token === draft[5 * index + i]);
    return { read: { index, tokens, score, reused }, score, noise };
  }

  /**
   * The draft, where it can serve: drawing at random would have to accept by chance to keep the
   * distribution, and a model whose class inputs matter would have to guess those too. It ends before
   * an object that no frame of this model can hold, since graphs need not bear every token.
   */
  #usableDraft({ draft, reuse, topP, maxObjects }: ResolvedDecodeOptions): Int32Array {
    if (reuse === 'off' || topP > 0 || !this.#model.fusedClassStep) {
      return new Int32Array();
    }
    const { coordinateBase, bins } = this.#model.vocabulary;
    const isCoordinate = (token: number): boolean =>
      token >= coordinateBase && token < coordinateBase + bins;
    const misfit = draft.findIndex((token, i) => i % 5 < 4 && !isCoordinate(token));
    const length = Math.min(misfit < 0 ? draft.length : misfit, 5 * maxObjects);
    return draft.subarray(0, length - (length % 5));
  }

  #lookahead(options: ResolvedDecodeOptions, draft: Int32Array, pick: Pick): Lookahead {
    const { vocabulary, fusedClassStep } = this.#model;
    if (draft.length === 0) {
      return certainLookahead(vocabulary, fusedClassStep);
    }
    const feed = Array.from(draft, (token, i) => (i % 5 === 4 ? vocabulary.noise : token));
    return draftLookahead(vocabulary, feed, pick, options.reuse !== 'exact');
  }

  /**
   * The decoding rule: what the sampler draws; under `sticky` the previous frame's token instead,
   * while it has at least `stickiness` times that one's probability.
   */
  #pickBy(options: ResolvedDecodeOptions, draft: Int32Array): Pick {
    const { vocabulary } = this.#model;
    const sampler = createSampler(options);
    const leastRatio = Math.log(options.stickiness);
    return (logits, position) => {
      const allowed = this.#allowed(slotOf(position, vocabulary), options);
      const token = sampler(logits, allowed);
      const earlier = draft[position - vocabulary.prompt.length];
      if (options.reuse !== 'sticky' || earlier === undefined || earlier === token) {
        return token;
      }
      const offset = token === allowed.eos?.token ? allowed.eos.offset : 0;
      const ratio = (logits[earlier] ?? -Infinity) - ((logits[token] ?? -Infinity) - offset);
      return ratio >= leastRatio ? earlier : token;
    };
  }

  #allowed(slot: number, { eosOffset, typeMask }: ResolvedDecodeOptions): Allowed {
    const { size, eos, coordinateBase, bins } = this.#model.vocabulary;
    const range = typeMask
      ? { from: coordinateBase, to: coordinateBase + bins }
      : { from: 0, to: size };
    return slot === 0 ? { ...range, eos: { token: eos, offset: eosOffset } } : range;
  }
}
