import { Budget } from '../access/budget.ts';

/** What one token, or address without one, may ask over HTTP: many viewers behind one proxy, at 0.2 requests a second each. */
const ALLOWANCE = { atOnce: 500, perSecond: 50 };
/** Who is remembered; who has asked longest ago is forgotten first. */
const MAX_ASKERS = 1_024;

/** What requests cost, by the end of their path; others cost 1. */
const COSTS: readonly (readonly [RegExp, number])[] = [
  [/^\/metrics$/, 50], // all series of all sources, written anew
  [/\/attention$/, 25], // a run of the model
  [/^\/v1\/(?:schema|asyncapi)\.json$/, 5],
];

/** Counts what each asks for over HTTP by what it costs. */
export class RequestBudgets {
  readonly #byAsker = new Map<string, Budget>();

  /**
   * @param asker the token that was right, or the address
   * @param nowMs monotonic time
   * @returns time until it may ask again, ms; 0 where it may now
   */
  ask(asker: string, path: string, nowMs: number): number {
    const budget = this.#byAsker.get(asker) ?? new Budget(ALLOWANCE);
    this.#byAsker.delete(asker);
    this.#byAsker.set(asker, budget);
    if (this.#byAsker.size > MAX_ASKERS) {
      const [longest = ''] = this.#byAsker.keys();
      this.#byAsker.delete(longest);
    }
    const waitMs = budget.waitMs(nowMs);
    if (waitMs === 0) {
      budget.spend(COSTS.find(([paths]) => paths.test(path))?.[1] ?? 1, nowMs);
    }
    return waitMs;
  }
}
