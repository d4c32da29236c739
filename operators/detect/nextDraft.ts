import type { TokenSequence } from '../../models/core/types.ts';

/** What one frame leaves to the next. */
export interface Draft {
  /** Five tokens an object. */
  readonly tokens: Int32Array; // [5n]
  /** Which object of the source each is, by its number. */
  readonly objectIds: Int32Array; // [n]
  /** For how many frames in a row each was not looked at, since they were cut short before it. */
  readonly ages: Int32Array; // [n]
}

/** How a draft is made of what was read. */
export interface NextDraftConfig {
  /** Whether the draft is but a guess, so that nothing that was read may be left out or moved. */
  readonly isGuess: boolean;
  /** Whether the most certain objects go first; not for a guess. */
  readonly sorts: boolean;
}

/** A frame without a past. */
export const NO_DRAFT: Draft = {
  tokens: new Int32Array(),
  objectIds: new Int32Array(),
  ages: new Int32Array(),
};

/** More than any frame is read for. */
const MAX_OBJECTS = 100;
/**
 * Probability of noise above which an object is left out. Below it the next frame would most often read
 * it again, from nothing; above it the reading would halt at it, and never reach what is behind.
 */
const NOISE = 0.9;
/** Frames that an object which nobody looks at is kept for. */
const MAX_AGE = 10;

/**
 * Numbers the objects of a frame: one that goes on from the draft keeps its number, a new one gets the next.
 * @param before the draft that the frame was read with   @param lastObjectId highest number so far
 */
export function objectIdsOf(
  { continues }: Pick<TokenSequence, 'continues'>,
  before: Draft,
  lastObjectId: number,
): Int32Array {
  let last = lastObjectId;
  return continues.map((index) => before.objectIds[index] ?? ++last);
}

/**
 * Makes the next frame's draft: what was read, and for some frames what was not looked at any more
 * because the reading was cut short. Unless it is but a guess, noise goes, except at the end, where it
 * tells the model that nothing follows.
 * @param before the draft that the frame was read with   @param objectIds of the frame's objects
 */
export function nextDraft(
  sequence: TokenSequence,
  before: Draft,
  objectIds: Int32Array,
  { isGuess, sorts }: NextDraftConfig,
): Draft {
  const { tokens, scores, noises, continues, stop } = sequence;
  const isCut = stop === 'budget' || stop === 'abort' || stop === 'filter';
  const isNoise = (i: number): boolean => (noises[i] ?? 0) > NOISE;
  const lastReal = scores.findLastIndex((_, i) => !isNoise(i));
  const read = Array.from(objectIds, (objectId, i) => ({
    objectId,
    tokens: tokens.subarray(5 * i, 5 * i + 5),
    age: 0,
    score: i > lastReal ? 0 : (scores[i] ?? 0),
    isLeftOut: !isGuess && isNoise(i) && (i < lastReal || isCut),
  })).filter(({ isLeftOut }) => !isLeftOut);
  if (sorts && !isGuess) {
    read.sort((a, b) => b.score - a.score);
  }
  const seen = new Set(continues);
  const unread = Array.from(before.objectIds, (objectId, i) => ({
    objectId,
    tokens: before.tokens.subarray(5 * i, 5 * i + 5),
    age: (before.ages[i] ?? 0) + 1,
    isLeftOut: !isCut || seen.has(i) || (before.ages[i] ?? 0) >= MAX_AGE,
  })).filter(({ isLeftOut }) => !isLeftOut);
  const objects = [...read, ...unread].slice(0, MAX_OBJECTS);
  return {
    tokens: Int32Array.from(objects.flatMap((object) => [...object.tokens])),
    objectIds: Int32Array.from(objects, ({ objectId }) => objectId),
    ages: Int32Array.from(objects, ({ age }) => age),
  };
}
