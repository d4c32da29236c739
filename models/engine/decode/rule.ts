import type { ModelInfo } from '../../core/types.ts';
import type { ResolvedDecodeOptions } from './decodeOptions.ts';
import { createSampler } from './sampler.ts';
import type { Allowed } from './sampler.ts';
import { tokenIndexOf } from './vocabulary.ts';

/** The token that follows, as it is reported and as it is fed on. */
export interface Choice {
  readonly token: number;
  /** What stands for it in the decoder's cache; another than `token` under `tolerant` only. */
  readonly fed: number;
}

/**
 * The decoding rule: chooses a token from the logits before it.
 * @param position of the token, a coordinate's
 * @param expected what the draft has there, where it has something
 */
export type Rule = (logits: Float32Array, position: number, expected: number | undefined) => Choice;

/** Whether the rule itself prefers the draft. Where tokens are drawn it would change what is drawn from. */
export function prefersDraft({ reuse, topP }: ResolvedDecodeOptions): boolean {
  return (reuse === 'sticky' || reuse === 'tolerant') && topP === 0;
}

/**
 * Makes the decoding rule that the options ask for: what the sampler draws, or under `sticky` and
 * `tolerant` what is near the expected token, while that is nearly as probable. Near is the very
 * token under `sticky`; under `tolerant` it is the most probable one within `tolerance` bins, which
 * is reported, while the expected one stays as context.
 */
export function createRule(options: ResolvedDecodeOptions, model: ModelInfo): Rule {
  const { reuse } = options;
  const sampler = createSampler(options);
  const least = Math.log(options.stickiness);
  const tolerance = reuse === 'tolerant' ? options.tolerance : 0;
  const prefers = prefersDraft(options);
  return (logits, position, expected) => {
    const allowed = allowedAt(tokenIndexOf(position, model.vocabulary), options, model);
    const token = sampler(logits, allowed, position);
    if (expected === undefined || !prefers) {
      return { token, fed: token };
    }
    const near = bestNear(logits, expected, tolerance, allowed);
    const offset = token === allowed.eos?.token ? allowed.eos.offset : 0;
    const logRatio = (logits[near] ?? -Infinity) - ((logits[token] ?? -Infinity) - offset);
    return logRatio >= least ? { token: near, fed: expected } : { token, fed: token };
  };
}

/** The most probable token within `tolerance` of another; of equals that one, then the first. */
function bestNear(
  logits: Float32Array,
  token: number,
  tolerance: number,
  { from, to }: Allowed,
): number {
  let best = token;
  const last = Math.min(to - 1, token + tolerance);
  for (let near = Math.max(from, token - tolerance); near <= last; near++) {
    if ((logits[near] ?? -Infinity) > (logits[best] ?? -Infinity)) {
      best = near;
    }
  }
  return best;
}

function allowedAt(
  tokenIndex: number,
  { eosOffset, typeMask }: ResolvedDecodeOptions,
  { vocabulary }: ModelInfo,
): Allowed {
  const { size, eos, coordinateBase, bins } = vocabulary;
  const range = typeMask
    ? { from: coordinateBase, to: coordinateBase + bins }
    : { from: 0, to: size };
  return tokenIndex === 0 ? { ...range, eos: { token: eos, offset: eosOffset } } : range;
}
