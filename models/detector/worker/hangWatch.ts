/** Looks within the time of silence that is allowed. */
const NUM_LOOKS = 4;

/**
 * Tells when nothing was heard for too long while something is waited for. Counts its own looks, not
 * the clock: a computer that slept, or a thread that was busy itself, is no silence of the other.
 */
export class Watchdog {
  readonly #lookMs: number;
  readonly #onSilence: () => void;
  /** Looks in a row at which nothing had been heard. */
  #numSilent = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param seconds of silence, above 0   @param onSilence called once a silence; the watch has then ended */
  constructor(seconds: number, onSilence: () => void) {
    this.#lookMs = (seconds * 1_000) / NUM_LOOKS;
    this.#onSilence = onSilence;
  }

  /** Something is waited for from now on, if nothing was. */
  start(): void {
    if (this.#timer === undefined) {
      this.#numSilent = 0;
      this.#timer = setInterval(() => this.#look(), this.#lookMs);
    }
  }

  /** A sign of life. */
  hear(): void {
    this.#numSilent = 0;
  }

  /** Nothing is waited for any more. */
  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #look(): void {
    this.#numSilent += 1;
    if (this.#numSilent >= NUM_LOOKS) {
      this.stop();
      this.#onSilence();
    }
  }
}
