import type { Vocabulary } from '../../core/types.ts';

/** Share of the bins within which a coordinate is that of the same object. */
const NEAR_SHARE = 1 / 40;

/** How far a coordinate may be from the drafted one to be the same object's, bins. */
export function nearBins({ bins }: Vocabulary): number {
  return Math.round(bins * NEAR_SHARE);
}

/** The drafted objects that were not read yet, in their order. */
export class DraftObjects {
  readonly #draft: Int32Array; // [5n]
  /** Mean difference of the coordinates up to which an object is the drafted one, bins. */
  readonly #near: number;
  /** Indices of those left. */
  readonly #remaining: number[];
  /** Index of the one that was read last. */
  #last = -1;

  /** @param draft five tokens an object; borrowed */
  constructor(draft: Int32Array, vocabulary: Vocabulary) {
    this.#draft = draft;
    this.#near = nearBins(vocabulary);
    this.#remaining = Array.from({ length: draft.length / 5 }, (_, index) => index);
  }

  /**
   * Expects the next coordinate of an object: that of the nearest one left, or where nothing is known
   * of it yet, that of the next one left behind the one read last, in a circle.
   * @param known its coordinate tokens so far, 0 to 3
   */
  expect(known: readonly number[]): number | undefined {
    const index = known.length === 0 ? this.#next() : this.#nearest(known);
    return index === undefined ? undefined : this.#draft[5 * index + known.length];
  }

  /**
   * Takes out the one that was read.
   * @param coordinates four tokens   @returns its index in the draft, or -1 where none is near enough
   */
  take(coordinates: readonly number[]): number {
    const nearest = this.#nearest(coordinates);
    if (nearest === undefined) {
      return -1;
    }
    this.#remaining.splice(this.#remaining.indexOf(nearest), 1);
    this.#last = nearest;
    return nearest;
  }

  #next(): number | undefined {
    return this.#remaining.find((index) => index > this.#last) ?? this.#remaining[0];
  }

  #nearest(known: readonly number[]): number | undefined {
    let nearest: number | undefined;
    let least = this.#near * known.length;
    for (const index of this.#remaining) {
      const apart = known.reduce(
        (sum, token, i) => sum + Math.abs(token - (this.#draft[5 * index + i] ?? 0)),
        0,
      );
      if (apart < least || (apart === least && nearest === undefined)) {
        nearest = index;
        least = apart;
      }
    }
    return nearest;
  }
}
