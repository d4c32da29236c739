import type { Detection } from '../models/index.ts';

/** What a client wants to see of a frame. */
export interface DetectionFilter {
  /** Equal for filters that do the same; empty where everything passes. */
  readonly key: string;
  passes(detection: Detection): boolean;
}

/**
 * Makes a filter by label and score.
 * @param classes labels that pass; all where absent
 * @param minScore least score that passes, 0 to 1. Default 0
 */
export function createDetectionFilter(
  classes: readonly string[] | undefined,
  minScore: number = 0,
): DetectionFilter {
  const wanted = classes === undefined ? undefined : new Set(classes);
  const isOpen = wanted === undefined && minScore === 0;
  return {
    key: isOpen ? '' : JSON.stringify([minScore, wanted === undefined ? null : [...wanted].sort()]),
    passes: ({ label, score }) => score >= minScore && (wanted?.has(label) ?? true),
  };
}
