/** How much there is to spend. */
export interface BudgetConfig {
  /** At once, after a time without spending. */
  readonly atOnce: number;
  readonly perSecond: number;
}

/** Something of which so much may be used at once, and then so much a second. */
export class Budget {
  readonly #config: BudgetConfig;
  #left: number;
  #atMs = -Infinity;

  constructor(config: BudgetConfig) {
    this.#config = config;
    this.#left = config.atOnce;
  }

  /**
   * Spends, also what is not there: it has to come in before the next time.
   * @param nowMs monotonic time
   */
  spend(amount: number, nowMs: number): void {
    this.#refill(nowMs);
    this.#left -= amount;
  }

  /** Time until there is something to spend, ms; 0 where there is. @param nowMs monotonic time */
  waitMs(nowMs: number): number {
    this.#refill(nowMs);
    return this.#left > 0 ? 0 : (1_000 * (1 - this.#left)) / this.#config.perSecond;
  }

  #refill(nowMs: number): void {
    const { atOnce, perSecond } = this.#config;
    this.#left = Math.min(atOnce, this.#left + ((nowMs - this.#atMs) / 1_000) * perSecond);
    this.#atMs = nowMs;
  }
}
