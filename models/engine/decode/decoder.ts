import type { Tensors } from '../session.ts';
import type {
  AttentionMap,
  ModelInfo,
  ObjectTokens,
  StopReason,
  TokenSequence,
} from '../../core/types.ts';
import type { ResolvedDecodeOptions } from './decodeOptions.ts';
import { usableDraft } from './draft.ts';
import { certainLookahead, draftLookahead } from './lookahead.ts';
import type { DraftLookaheadConfig, Lookahead } from './lookahead.ts';
import { ObjectCollector } from './objectCollector.ts';
import { Proposals } from './proposals.ts';
import { createRule, prefersDraft } from './rule.ts';
import type { Choice, Rule } from './rule.ts';
import { StopChecks } from './stopping.ts';
import type { StopRule } from './stopping.ts';
import type { StepBatcher } from './stepBatcher.ts';
import { TokenReader } from './tokenReader.ts';
import { tokenIndexOf } from './vocabulary.ts';

/** How one frame is read out. */
export interface DecodeRequest {
  readonly options: ResolvedDecodeOptions;
  /** All of them, those of the options included. */
  readonly rules: readonly StopRule[];
  readonly onObject?: ((object: ObjectTokens) => void) | undefined;
}

/**
 * Tokens ahead, where the draft is but a guess and where the rule prefers it; measured: more saves calls, but
 * no time where scenes move.
 */
const GUESS_WINDOW = 12;
const KEPT_WINDOW = 32;

/** The decoder graph: reads one frame's objects out, token by token. */
export class Decoder {
  readonly #model: ModelInfo;
  readonly #steps: StepBatcher;
  readonly #reader: TokenReader;

  /** @param steps whose graph is read with; borrowed */
  constructor(steps: StepBatcher, model: ModelInfo) {
    this.#model = model;
    this.#steps = steps;
    this.#reader = new TokenReader(steps, model);
  }

  /**
   * Reads objects until the model ends the sequence or a rule does. One frame at a time.
   * @param memory what the encoder made of the frame; borrowed
   * @throws PipelineError ERR_MODEL_RUN, ERR_MODEL_CONTRACT
   */
  async decode(memory: Tensors, request: DecodeRequest): Promise<TokenSequence> {
    const started = performance.now();
    const draft = usableDraft(request.options, this.#model);
    const rule = createRule(request.options, this.#model);
    const proposals = new Proposals(memory, this.#model.vocabulary);
    this.#reader.start(memory, this.#lookahead(request.options, { draft, proposals, rule }));
    const collector = new ObjectCollector(this.#model, { ...request, draft });
    const stop = await this.#steps.reading(() => this.#readObjects(request.rules, rule, collector));
    const { found } = collector;
    const objects = found.map(({ object }) => object);
    const tokens = Int32Array.from(objects.flatMap((object) => object.tokens));
    const attention = found.flatMap((read) => read.attention);
    const accepted = found.reduce((sum, { numAccepted }) => sum + numAccepted, 0);
    return {
      tokens,
      scores: Float32Array.from(objects, ({ score }) => score),
      reused: Uint8Array.from(objects, ({ reused }) => Number(reused)),
      noises: Float32Array.from(found, ({ noise }) => noise),
      continues: Int32Array.from(objects, ({ continues }) => continues),
      ...(request.options.attention && { attention }),
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
    rules: readonly StopRule[],
    rule: Rule,
    collector: ObjectCollector,
  ): Promise<StopReason> {
    const { vocabulary, fusedClassStep } = this.#model;
    const checks = new StopChecks(rules);
    let next = vocabulary.prompt[0] ?? 0;
    let box: Choice[] = [];
    let attentions: AttentionMap[] = [];
    for (;;) {
      const stopped = this.#reader.needsCall(next) ? checks.beforeCall() : undefined;
      if (stopped !== undefined) {
        return stopped;
      }
      const { logits, attention } = await this.#reader.feed(next);
      const { position } = this.#reader;
      const tokenIndex = tokenIndexOf(position, vocabulary);
      attentions = [
        ...(tokenIndex === 0 ? [] : attentions),
        ...(attention === undefined ? [] : [attention]),
      ];
      if (position < vocabulary.prompt.length) {
        next = vocabulary.prompt[position] ?? 0;
      } else if (tokenIndex < 4) {
        const fed = box.map((choice) => choice.fed);
        const choice = rule(logits, position, collector.remaining.expect(fed));
        if (tokenIndex === 0 && choice.token === vocabulary.eos) {
          return 'eos';
        }
        box = [...box, choice];
        next = choice.fed;
      } else {
        const object = collector.add(logits, box, attentions);
        const reason = checks.afterObject(object);
        if (reason !== undefined) {
          return reason;
        }
        box = [];
        next = fusedClassStep ? vocabulary.noise : object.classToken;
      }
    }
  }

  #lookahead(
    options: ResolvedDecodeOptions,
    guesses: Pick<DraftLookaheadConfig, 'draft' | 'proposals' | 'rule'>,
  ): Lookahead {
    const { vocabulary, fusedClassStep } = this.#model;
    const { draft, proposals } = guesses;
    const isGuessed = draft.length > 0 || proposals.count > 0;
    if (options.reuse === 'off' || !fusedClassStep || !isGuessed) {
      return certainLookahead(vocabulary, fusedClassStep);
    }
    const window = prefersDraft(options) ? KEPT_WINDOW : GUESS_WINDOW;
    const refine = options.reuse !== 'exact';
    const { maxObjects } = options;
    return draftLookahead({ ...guesses, vocabulary, refine, window, maxObjects });
  }
}
