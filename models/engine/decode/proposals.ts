import { float32Data } from '../session.ts';
import type { Tensors } from '../session.ts';
import type { Vocabulary } from '../../core/types.ts';
import { nearBins } from './draftObjects.ts';

/**
 * Boxes that the encoder itself proposes, where it has a head of its own: guesses for the rest of an
 * object that no draft knows of. They never change what is read, only in how many calls.
 */
export class Proposals {
  readonly #boxes: Int32Array; // [4N] coordinate tokens, best first
  readonly #near: number;

  /** @param memory of one frame; borrowed */
  constructor(memory: Tensors, vocabulary: Vocabulary) {
    const { coordinateBase, bins } = vocabulary;
    const boxes = 'proposals' in memory ? float32Data(memory, 'proposals') : [];
    this.#boxes = Int32Array.from(
      boxes,
      (bin) => coordinateBase + Math.min(bins - 1, Math.max(0, Math.round(bin))),
    );
    this.#near = nearBins(vocabulary);
  }

  /** How many there are. */
  get count(): number {
    return this.#boxes.length / 4;
  }

  /**
   * Guesses the next coordinate of an object: that of the nearest box; of equals the best.
   * @param known its coordinate tokens so far, 0 to 3   @returns nothing where none is near, or nothing is known
   */
  expect(known: readonly number[]): number | undefined {
    let nearest: number | undefined;
    let least = this.#near * known.length;
    for (let at = 0; at < this.#boxes.length && known.length > 0; at += 4) {
      const apart = known.reduce(
        (sum, token, i) => sum + Math.abs(token - (this.#boxes[at + i] ?? 0)),
        0,
      );
      if (apart < least) {
        nearest = at;
        least = apart;
      }
    }
    return nearest === undefined ? undefined : this.#boxes[nearest + known.length];
  }
}
