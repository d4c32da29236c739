import type { Demand, StopReason } from '../../core/types.ts';
import type { ResolvedDecodeOptions } from './decodeOptions.ts';

/** What a rule may look at when an object has just been read. */
export interface ReadObject {
  /** Objects read so far, this one and repeats included. */
  readonly numObjects: number;
  /** Name of the object's class. */
  readonly label: string;
  /** Probability of the object's class over the whole vocabulary. */
  readonly score: number;
  /** Probability that the object is noise. */
  readonly noise: number;
  /** Whether it is one of the frame's objects once more, which `sticky` and `tolerant` leave out. */
  readonly isRepeat: boolean;
}

/** One frame's check, made by a rule; it may count from object to object. */
export interface StopCheck {
  /** True ends the reading after this object. */
  afterObject?(object: ReadObject): boolean;
  /** True ends the reading before the next decoder call; an unfinished object is dropped. */
  beforeCall?(): boolean;
}

/** A reason to end a frame's reading early. Rules combine: the first that fires is reported. */
export interface StopRule {
  readonly reason: StopReason;
  /** Begins a frame. */
  start(): StopCheck;
}

/** Stops at a number of objects. */
export function maxObjects(limit: number): StopRule {
  return {
    reason: 'maxObjects',
    start: () => ({ afterObject: ({ numObjects }) => numObjects >= limit }),
  };
}

/**
 * Stops when objects turn into noise, or into those that were read already: the model puts real objects first.
 * @param threshold probability of noise above which an object counts, 0 to 1; one that is a repeat always does
 * @param patience such objects in a row that end the reading, 1 or more
 * Source: spec of the training sequences, Pix2seq section 2.3: noise objects come last.
 */
export function noise(threshold: number, patience: number): StopRule {
  return {
    reason: 'noise',
    start() {
      let inARow = 0;
      return {
        afterObject(object) {
          inARow = object.noise > threshold || object.isRepeat ? inARow + 1 : 0;
          return inARow >= patience;
        },
      };
    },
  };
}

/**
 * Stops when a frame's time is used up.
 * @param limitMs milliseconds from the first decoder call
 * @param now a clock in milliseconds
 */
export function budget(limitMs: number, now: () => number): StopRule {
  return {
    reason: 'budget',
    start() {
      const deadline = now() + limitMs;
      return { beforeCall: () => now() >= deadline };
    },
  };
}

/**
 * Stops when everybody has what they asked for. Somebody who named no limit wants the whole frame,
 * so that the rule never fires.
 * @param demand what each asks for; one or more
 */
export function satisfied(demand: readonly Demand[]): StopRule {
  return {
    reason: 'filter',
    start() {
      const wishes = demand.map(({ classes, minScore = 0, limit = Infinity }) => ({
        classes: classes && new Set(classes),
        minScore,
        missing: limit,
      }));
      return {
        afterObject({ label, score, isRepeat }) {
          for (const wish of wishes) {
            const fits = score >= wish.minScore && (wish.classes?.has(label) ?? true);
            wish.missing -= Number(fits && !isRepeat);
          }
          return wishes.every(({ missing }) => missing <= 0);
        },
      };
    },
  };
}

/** Stops when nobody wants the result any more. */
export function aborted(signal: AbortSignal): StopRule {
  return { reason: 'abort', start: () => ({ beforeCall: () => signal.aborted }) };
}

/** The rules that the options ask for. The end token is the sampler's business, not a rule's. */
export function rulesFor(options: ResolvedDecodeOptions, signal?: AbortSignal): StopRule[] {
  const { noiseThreshold, noisePatience, budgetMs, demand } = options;
  const isLimited = demand.length > 0 && demand.every(({ limit }) => limit !== undefined);
  return [
    ...(signal === undefined ? [] : [aborted(signal)]),
    ...(budgetMs > 0 ? [budget(budgetMs, () => performance.now())] : []),
    ...(noiseThreshold < 1 ? [noise(noiseThreshold, noisePatience)] : []),
    ...(isLimited ? [satisfied(demand)] : []),
    maxObjects(options.maxObjects),
  ];
}

/** All rules of one frame under way. */
export class StopChecks {
  readonly #checks: readonly (readonly [StopReason, StopCheck])[];

  constructor(rules: readonly StopRule[]) {
    this.#checks = rules.map((rule) => [rule.reason, rule.start()]);
  }

  /** Asks every rule, so that each keeps its count. @returns the first reason, or nothing */
  afterObject(object: ReadObject): StopReason | undefined {
    const fired = this.#checks.filter(([, check]) => check.afterObject?.(object) ?? false);
    return fired[0]?.[0];
  }

  /** @returns the first reason, or nothing */
  beforeCall(): StopReason | undefined {
    return this.#checks.find(([, check]) => check.beforeCall?.() ?? false)?.[0];
  }
}
