/** Checks within the time of silence that is allowed. */
const NUM_CHECKS = 4;

/**
 * Tells when nothing was heard for too long while something is waited for. Counts its own checks, not
 * the clock: a computer that slept, or a thread that was busy itself, is no silence of the other.
 */
export class HangWatch {
  readonly #checkMs: number;
  readonly #onSilence: () => void;
  /** Checks in a row at which nothing had been heard. */
  #numSilent = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param seconds of silence, above 0   @param onSilence called once a silence; the watch has then ended */
  constructor(seconds: number, onSilence: () => void) {
    this.#checkMs = (seconds * 1_000) / NUM_CHECKS;
    this.#onSilence = onSilence;
  }

  /** Something is waited for from now on, if nothing was. */
  start(): void {
    if (this.#timer === undefined) {
      this.#numSilent = 0;
      this.#timer = setInterval(() => this.#check(), this.#checkMs);
    }
  }

  /** A sign of life. */
  onHeartbeat(): void {
    this.#numSilent = 0;
  }

  /** Nothing is waited for any more. */
  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #check(): void {
    this.#numSilent += 1;
    if (this.#numSilent >= NUM_CHECKS) {
      this.stop();
      this.#onSilence();
    }
  }
}
