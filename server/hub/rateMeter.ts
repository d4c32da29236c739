/** Events older than this say nothing about the rate now, ms. */
const WINDOW_MS = 5_000;
/** So many of the last events are looked at. */
const MAX_EVENTS = 64;

/** Measures how often something happens, over the last five seconds or 64 events. */
export class RateMeter {
  readonly #timesMs: number[] = [];

  /** @param nowMs monotonic time */
  count(nowMs: number): void {
    this.#timesMs.push(nowMs);
    if (this.#timesMs.length > MAX_EVENTS) {
      this.#timesMs.shift();
    }
  }

  /** @returns events per second to two decimals; undefined where fewer than two are recent */
  perSecond(nowMs: number): number | undefined {
    const recent = this.#timesMs.filter((timeMs) => nowMs - timeMs <= WINDOW_MS);
    const spanMs = (recent.at(-1) ?? 0) - (recent[0] ?? 0);
    return spanMs > 0 ? Math.round((100_000 * (recent.length - 1)) / spanMs) / 100 : undefined;
  }
}
