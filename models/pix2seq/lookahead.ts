import type { Vocabulary } from '../types.ts';

/** Chooses the token at a position from the logits before it. */
export type Pick = (logits: Float32Array, position: number) => number;

/** The logits of the last call by position, where it had them. */
export type RowAt = (position: number) => Float32Array | undefined;

/**
 * Guesses the tokens behind one that must be fed, so that they go into the same call. A wrong guess
 * costs time, never correctness: what is read is always what the rule picks.
 * @param position of the token that must be fed
 * @param rowAt what was read before `position` holds; of the rest it is the last guess's logits
 */
export type Lookahead = (position: number, rowAt: RowAt) => readonly number[];

/** Tokens a first call looks ahead; measured: more costs more than it saves where scenes move. */
const FIRST_WINDOW = 10;
const LEAST_WINDOW = 2;

/** Where in an object a position stands: 0 ymin, 1 xmin, 2 ymax, 3 xmax, 4 class. */
export function slotOf(position: number, { prompt }: Vocabulary): number {
  return (position - prompt.length) % 5;
}

/**
 * Knows what is certain: the rest of the prompt, and, where a class input carries no information, the
 * noise that is fed for every class. It saves one call in five.
 */
export function certainLookahead(vocabulary: Vocabulary, fusedClassStep: boolean): Lookahead {
  const { prompt, noise } = vocabulary;
  return (position) => {
    if (position < prompt.length) {
      return prompt.slice(position + 1);
    }
    return fusedClassStep && slotOf(position, vocabulary) === 3 ? [noise] : [];
  };
}

/**
 * Guesses the previous frame's tokens, and how far to guess: the window doubles while all are right
 * and shrinks towards what was right. Once a token proves wrong, `refine` guesses the later ones
 * anew from the last call's own logits (a Jacobi iteration, whose fixed point is what the rule picks
 * token by token); without it the draft is given up.
 * @param draft what is fed for the previous frame's objects, five tokens each, noise for classes
 */
export function draftLookahead(
  vocabulary: Vocabulary,
  draft: readonly number[],
  pick: Pick,
  refine: boolean,
): Lookahead {
  const certain = certainLookahead(vocabulary, true);
  const { prompt, eos, noise } = vocabulary;
  const end = prompt.length + draft.length;
  let window = FIRST_WINDOW;
  let lastPosition = 0;
  let isHolding = true; // every guess so far was right
  return (position, rowAt) => {
    const numRight = position - lastPosition;
    lastPosition = position;
    if (position >= prompt.length) {
      const allRight = numRight > window;
      window = allRight ? 2 * window : Math.max(LEAST_WINDOW, Math.round((window + numRight) / 2));
      isHolding &&= allRight;
    }
    const guess = [...certain(position, rowAt)];
    if (!refine && !isHolding) {
      return guess;
    }
    while (guess.length < window && position + guess.length + 1 < end) {
      const next = position + guess.length + 1;
      const row = rowAt(next - 1);
      const drafted = draft[next - prompt.length] ?? noise;
      const isClass = slotOf(next, vocabulary) === 4;
      const token = isClass || row === undefined ? drafted : pick(row, next);
      if (token === eos) {
        break;
      }
      guess.push(token);
    }
    const endsAtXmax = guess.length > 0 && slotOf(position + guess.length, vocabulary) === 3;
    return endsAtXmax ? [...guess, noise] : guess;
  };
}
