import { invariant } from '../../core/errors.ts';

/**
 * The decoder's memory of the tokens it was fed: one row of width C a token, side by side in one
 * buffer, so that the past is a view and appending is one copy.
 */
export class Cache {
  readonly width: number;
  #rows: Float32Array; // [capacity, C]
  #length = 0;

  /** @param width C, numbers a row   @param capacity rows that fit; more is a broken invariant */
  constructor(width: number, capacity: number) {
    this.width = width;
    this.#rows = new Float32Array(width * capacity);
  }

  /** Rows held, which is the position of the next token. */
  get length(): number {
    return this.#length;
  }

  /** The rows held, as a view that is valid until the next `append` or `cut`. */
  view(): Float32Array {
    return this.#rows.subarray(0, this.#length * this.width); // [P, C]
  }

  /** @param rows [T, C], copied */
  append(rows: Float32Array): void {
    const offset = this.#length * this.width;
    invariant(offset + rows.length <= this.#rows.length, 'the cache holds a whole sequence');
    this.#rows.set(rows, offset);
    this.#length += rows.length / this.width;
  }

  /** Forgets every row from `length` on. */
  cut(length: number): void {
    invariant(length <= this.#length, 'a cut only shortens the cache');
    this.#length = length;
  }
}
