/** Counts a client's messages by the second and says when there are too many. */
export class MessageLimit {
  readonly #maxPerSecond: number;
  /** Beginning of the second being counted. */
  #beganMs = -Infinity;
  #count = 0;

  constructor(maxPerSecond: number) {
    this.#maxPerSecond = maxPerSecond;
  }

  /**
   * Counts one message.
   * @param nowMs monotonic time
   * @returns whether it is still within the limit
   */
  admit(nowMs: number): boolean {
    if (nowMs - this.#beganMs >= 1000) {
      this.#beganMs = nowMs;
      this.#count = 0;
    }
    this.#count += 1;
    return this.#count <= this.#maxPerSecond;
  }
}
