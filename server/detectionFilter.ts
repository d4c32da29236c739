import type { Demand, Detection } from '../models/index.ts';

/** What a client wants to see of a frame. */
export interface DetectionFilter {
  /** Equal for filters that do the same. */
  readonly key: string;
  /** The same as its sources are told it; what is not asked for is absent. */
  readonly demand: Demand;
  /** At most so many detections of a frame; Infinity for all that pass. */
  readonly limit: number;
  passes(detection: Detection): boolean;
  /** @returns the first `limit` detections that pass, in their order */
  select(detections: readonly Detection[]): readonly Detection[];
}

/**
 * Makes a filter by label, score and number.
 * @param demand what is wanted; everything where its fields are absent
 */
export function createDetectionFilter({
  classes,
  minScore = 0,
  limit,
}: Demand = {}): DetectionFilter {
  const wanted = classes === undefined ? undefined : new Set(classes);
  const demand: Demand = {
    ...(wanted === undefined ? {} : { classes: [...wanted].sort() }),
    ...(minScore > 0 ? { minScore } : {}),
    ...(limit === undefined ? {} : { limit }),
  };
  const passes = ({ label, score }: Detection): boolean =>
    score >= minScore && (wanted?.has(label) ?? true);
  return {
    key: JSON.stringify(demand),
    demand,
    limit: limit ?? Infinity,
    passes,
    select: (detections) => detections.filter(passes).slice(0, limit),
  };
}
