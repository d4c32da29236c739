import type { Demand, ModelInfo } from '../../models/core/types.ts';
import type { ObjectsConfig } from './detectOptions.ts';
import type { Wanted } from './objects.ts';

/** With more different wishes than this a frame is read to its end: to count for each of them would cost more. */
const MAX_WISHES = 32;

/** What all wishes together come to, for a model that finds certain labels. */
export interface Wishes {
  /** For the model: those that can end a frame early; none where it has to be read to its end. */
  readonly demand: readonly Demand[];
  /** Least score that somebody asks for, by label; labels that nobody asks for are absent. */
  readonly scores: ReadonlyMap<string, number>;
}

/** A wish of which only that is left which the model can find and the configuration keeps. */
interface Narrowed {
  /** Equal for wishes that are the same. */
  readonly key: string;
  readonly demand: Demand;
  readonly labels: readonly string[];
}

/** Whether somebody asks for an object. */
export function asksFor({ scores }: Wishes, { label, score }: Parameters<Wanted>[0]): boolean {
  return score >= (scores.get(label) ?? Infinity);
}

/**
 * Makes the function that sums up wishes, of which there may be thousands with hundreds of labels each.
 * Its work is in proportion to what has changed: the same list has the same sum, and each wish is looked at once.
 */
export function createWishes(
  { minScore, classes }: ObjectsConfig & { readonly minScore: number },
  { labels }: Pick<ModelInfo, 'labels'>,
): (wishes: readonly Demand[]) => Wishes {
  const names = labels.map(({ name }) => name).filter((name) => classes?.includes(name) ?? true);
  const findable = new Set(names);
  const seen = new WeakMap<Demand, Narrowed>();
  const narrow = (wish: Demand): Narrowed => {
    const known = seen.get(wish);
    if (known !== undefined) {
      return known;
    }
    const ofThese = wish.classes && [...new Set(wish.classes.filter((name) => findable.has(name)))];
    // Where nothing is left it has all that it could get.
    const isNothing = ofThese?.length === 0;
    const demand: Demand = {
      limit: isNothing ? 0 : wish.limit,
      minScore: isNothing ? 0 : Math.max(minScore, wish.minScore ?? 0),
      classes: ofThese ?? classes,
    };
    const narrowed = { key: JSON.stringify(demand), demand, labels: ofThese ?? names };
    seen.set(wish, narrowed);
    return narrowed;
  };
  let last: { readonly of: readonly Demand[]; readonly sum: Wishes } | undefined;
  return (wishes) => {
    if (last?.of !== wishes) {
      const all = wishes.map(narrow);
      last = { of: wishes, sum: { demand: endingOf(all), scores: scoresOf(all, names, minScore) } };
    }
    return last.sum;
  };
}

/** Those of the wishes that tell when a frame has been read far enough. */
function endingOf(all: readonly Narrowed[]): readonly Demand[] {
  const different = new Map<string, Demand>();
  for (const { key, demand } of all) {
    different.set(key, demand);
    if (demand.limit === undefined || different.size > MAX_WISHES) {
      return [];
    }
  }
  return [...different.values()];
}

function scoresOf(
  all: readonly Narrowed[],
  names: readonly string[],
  least: number,
): ReadonlyMap<string, number> {
  const scores = new Map<string, number>();
  for (const { demand, labels } of all) {
    for (const label of labels) {
      scores.set(label, Math.min(scores.get(label) ?? Infinity, demand.minScore ?? 0));
    }
    if (labels === names && demand.minScore === least) {
      break; // somebody asks for everything
    }
  }
  return scores;
}
