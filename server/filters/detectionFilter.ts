import { createHash } from 'node:crypto';
import type { Demand, Detection } from '../../models/index.ts';
import type { FrameSize, Zone } from './zones.ts';

/** A key that would be longer is a hash, characters. */
const MAX_KEY = 200;

/** What is wanted of a source's detections; everything where fields are absent. */
export interface FilterOptions extends Demand {
  /** Only objects with one of these track numbers. */
  readonly tracks?: readonly number[] | undefined;
  /** Only objects in one of these. */
  readonly zones?: readonly Zone[] | undefined;
}

/** What a client wants to see of a frame. */
export interface DetectionFilter {
  /** Equal for filters that do the same, and short however much they name. */
  readonly key: string;
  /** Whether there is nothing that it leaves out. */
  readonly passesAll: boolean;
  /** The same as its sources are told it; what is not asked for is absent. */
  readonly demand: Demand;
  /** At most so many detections of a frame; Infinity for all that pass. */
  readonly limit: number;
  passes(source: string, detection: Detection, size: FrameSize): boolean;
  /** @returns the first `limit` detections that pass, in their order */
  select(source: string, detections: readonly Detection[], size: FrameSize): readonly Detection[];
}

/** Makes a filter by label, score, track, zone and number. */
export function createDetectionFilter({
  classes,
  minScore = 0,
  limit,
  tracks,
  zones,
}: FilterOptions = {}): DetectionFilter {
  const labels = classes && new Set(classes);
  const numbers = tracks && new Set(tracks);
  const wanted: Demand = {
    ...(labels === undefined ? {} : { classes: [...labels].sort() }),
    ...(minScore > 0 ? { minScore } : {}),
  };
  const limited = limit === undefined ? {} : { limit };
  // Whoever reads tokens knows neither tracks nor zones: it must not stop at the first `limit` objects.
  const isOfTokens = tracks === undefined && zones === undefined;
  const passes: DetectionFilter['passes'] = (source, detection, size) =>
    detection.score >= minScore &&
    (labels?.has(detection.label) ?? true) &&
    (numbers === undefined ||
      (detection.trackId !== undefined && numbers.has(detection.trackId))) &&
    (zones?.some((zone) => zone.contains(source, detection, size)) ?? true);
  const all = JSON.stringify({
    ...{ ...wanted, ...limited },
    ...(numbers && { tracks: [...numbers].sort((a, b) => a - b) }),
    ...(zones && { zones: zones.map(({ name }) => name).sort() }),
  });
  return {
    key: all.length > MAX_KEY ? createHash('sha256').update(all).digest('base64') : all,
    passesAll: all === '{}',
    demand: isOfTokens ? { ...wanted, ...limited } : wanted,
    limit: limit ?? Infinity,
    passes,
    select: (source, detections, size) =>
      detections.filter((detection) => passes(source, detection, size)).slice(0, limit),
  };
}
