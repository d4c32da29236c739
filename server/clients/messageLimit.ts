/** A message counts once for every so many bytes that it has. */
const BYTES_PER_MESSAGE = 16_384;

/** Counts a client's messages by the second, long ones as several, and says when there are too many. */
export class MessageLimit {
  readonly #maxPerSecond: number;
  /** Beginning of the second being counted. */
  #beganMs = -Infinity;
  #count = 0;

  constructor(maxPerSecond: number) {
    this.#maxPerSecond = maxPerSecond;
  }

  /**
   * Counts one message, when it arrives.
   * @param nowMs monotonic time
   * @returns whether it is still within the limit; the first one of a second always is
   */
  admit(nowMs: number, numBytes: number = 0): boolean {
    if (nowMs - this.#beganMs >= 1000) {
      this.#beganMs = nowMs;
      this.#count = 0;
    }
    const isFirst = this.#count === 0;
    this.#count += Math.max(1, Math.ceil(numBytes / BYTES_PER_MESSAGE));
    return isFirst || this.#count <= this.#maxPerSecond;
  }
}
