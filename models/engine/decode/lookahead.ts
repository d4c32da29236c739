import type { Vocabulary } from '../../core/types.ts';
import { DraftObjects, nearBins } from './draftObjects.ts';
import type { Proposals } from './proposals.ts';
import type { Rule } from './rule.ts';
import { tokenIndexOf } from './vocabulary.ts';

/** What was read before, and what the last call has told. */
export interface ReadSoFar {
  /** Tokens fed before the one that must be fed now. */
  readonly tokens: readonly number[];
  /** Logits of the last call by the position of their token, where it had them; they stand on its guesses. */
  logitsAt(position: number): Float32Array | undefined;
}

/**
 * Guesses the tokens behind one that must be fed, so that they go into the same call. A wrong guess
 * costs time, never correctness: what is read is always what the rule picks.
 * @param token that must be fed; its position is the number of tokens before it
 */
export type Lookahead = (token: number, read: ReadSoFar) => readonly number[];

/** How the draft is guessed with. */
export interface DraftLookaheadConfig {
  readonly vocabulary: Vocabulary;
  /** Five tokens an object. */
  readonly draft: Int32Array;
  /** Of the frame that is read; borrowed. */
  readonly proposals: Proposals;
  readonly rule: Rule;
  /** Whether to guess anew after a wrong guess. */
  readonly refine: boolean;
  /** At most so many tokens ahead, 1 or more. */
  readonly window: number;
  /** More are not read. */
  readonly maxObjects: number;
}

/**
 * Knows what is certain: the rest of the prompt, and, where a class input carries no information, the
 * noise that is fed for every class. It saves one call in five.
 */
export function certainLookahead(vocabulary: Vocabulary, fusedClassStep: boolean): Lookahead {
  const { prompt, noise } = vocabulary;
  return (_, { tokens: { length: position } }) => {
    if (position < prompt.length) {
      return prompt.slice(position + 1);
    }
    return fusedClassStep && tokenIndexOf(position, vocabulary) === 3 ? [noise] : [];
  };
}

/**
 * Guesses the previous frame's objects. What the last call has told of the later tokens is the guess
 * for them (a Jacobi iteration, whose fixed point is what the rule picks token by token), until a
 * token turns out to be of another object than was guessed: from there on the guess is the drafted
 * object nearest to what is read, or else the nearest that the encoder proposes, and behind it those
 * drafted ones that were not read yet.
 */
export function draftLookahead(config: DraftLookaheadConfig): Lookahead {
  const { vocabulary, refine, window, maxObjects } = config;
  const certain = certainLookahead(vocabulary, true);
  const longest = vocabulary.prompt.length + 5 * maxObjects;
  let plan: number[] = [];

  return (token, read) => {
    const position = read.tokens.length;
    const next = certain(token, read);
    const before = plan;
    plan = [...read.tokens, token, ...next];
    const isBegun = position >= vocabulary.prompt.length;
    if (isBegun && !refine && before.length > 0) {
      return next;
    }
    const end = Math.min(position + window + 1, longest);
    guessOn({ plan, before, position, isBegun, end }, read, config);
    return plan.slice(position + 1);
  };
}

/** A call that is being planned. */
interface PlannedCall {
  /** All tokens from the first of the prompt on; what is guessed is appended. */
  readonly plan: number[];
  /** The plan of the last call. */
  readonly before: readonly number[];
  /** Of the token that must be fed. */
  readonly position: number;
  /** Whether the prompt is behind it. */
  readonly isBegun: boolean;
  /** Where guessing ends; only the noise behind a whole box may stand there. */
  readonly end: number;
}

/** Appends guesses to a plan until there is none to make, or it is long enough. */
function guessOn(
  { plan, before, position, isBegun, end }: PlannedCall,
  read: ReadSoFar,
  { vocabulary, draft, proposals, rule }: DraftLookaheadConfig,
): void {
  const { eos, noise } = vocabulary;
  const near = nearBins(vocabulary);
  const tokenIndexAt = (at: number): number => tokenIndexOf(at, vocabulary);
  const isNear = (at: number): boolean =>
    tokenIndexAt(at) === 4 || Math.abs((plan[at] ?? 0) - (before[at] ?? Infinity)) <= near;
  const remaining = unread(plan, draft, vocabulary);
  let goesOn = isBegun && isNear(position);
  while (plan.length < end) {
    const at = plan.length;
    const tokenIndex = tokenIndexAt(at);
    if (tokenIndex === 4) {
      remaining.take(plan.slice(-4));
      plan.push(noise);
      continue;
    }
    const known = plan.slice(at - tokenIndex);
    const expected = remaining.expect(known);
    const row = goesOn ? read.logitsAt(at - 1) : undefined;
    const guess =
      row === undefined ? (expected ?? proposals.expect(known)) : rule(row, at, expected).fed;
    if (guess === undefined || guess === eos) {
      break;
    }
    plan.push(guess);
    goesOn &&= row === undefined || isNear(at);
  }
  if (plan.length > position + 1 && tokenIndexAt(plan.length - 1) === 3) {
    plan.push(noise);
  }
}

/** The drafted objects of which none of a plan's whole ones is the next version. */
function unread(plan: readonly number[], draft: Int32Array, vocabulary: Vocabulary): DraftObjects {
  const remaining = new DraftObjects(draft, vocabulary);
  for (let end = vocabulary.prompt.length + 5; end <= plan.length; end += 5) {
    remaining.take(plan.slice(end - 5, end - 1));
  }
  return remaining;
}
