import { match, overlap } from './match.ts';
import type { ScoredBox } from './match.ts';

/** How much of one reading is in another, of the same frames. */
export interface FoundAgain {
  /** Share of the objects that were found again, 0 to 1; undefined where there are none. */
  readonly recall: number | undefined;
  /** Mean overlap of those with their finds, 0 to 1. */
  readonly overlap: number | undefined;
}

/** Two readings of one frame. */
export interface TwoReadings {
  /** Objects to be found again. */
  readonly reference: readonly ScoredBox[];
  readonly found: readonly ScoredBox[];
}

/** Lowest score of an object that should be found again. */
const MIN_SCORE = 0.3;
/** Least overlap with the same class that counts as found. */
const MIN_OVERLAP = 0.5;

/**
 * Tells how many of a reference's objects another reading found again: same class, overlap of 0.5
 * or more, each find for one object only, matched as COCO does.
 * @param frames objects of the reference below a score of 0.3 are not asked for
 */
export function foundAgain(frames: readonly TwoReadings[]): FoundAgain {
  let numWanted = 0;
  const overlaps: number[] = [];
  for (const { reference, found } of frames) {
    const wanted = reference.filter(({ score }) => score >= MIN_SCORE);
    const table = [...found]
      .sort((a, b) => b.score - a.score)
      .map(({ categoryId, xywh }) =>
        wanted.map((one) => (one.categoryId === categoryId ? overlap(xywh, one.xywh, false) : 0)),
      );
    const none = wanted.map(() => false);
    const question = { isIgnored: none, isCrowd: none, minOverlap: MIN_OVERLAP };
    for (const [index, partner] of match({ ...question, overlaps: table }).entries()) {
      if (partner >= 0) {
        overlaps.push(table[index]?.[partner] ?? 0);
      }
    }
    numWanted += wanted.length;
  }
  const sum = overlaps.reduce((total, one) => total + one, 0);
  return {
    recall: numWanted === 0 ? undefined : overlaps.length / numWanted,
    overlap: overlaps.length === 0 ? undefined : sum / overlaps.length,
  };
}
