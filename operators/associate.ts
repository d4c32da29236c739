import type { Box, Detection } from '../models/types.ts';
import { iou } from './iou.ts';

/** An object that is followed. */
export interface Track {
  readonly id: number;
  readonly classId: number;
  /** Where it was seen last. */
  readonly box: Box;
  /** Results since then. */
  readonly missed: number;
}

/**
 * Pairs tracks with detections of their class, best agreement first.
 * Of equal pairs the lower track number comes first, then the earlier detection; none is in two pairs.
 *
 * @param tracks the live tracks, in any order
 * @param detections the detections of one result
 * @param minIou least IoU of a pair, above 0 to 1
 * @returns the tracks that go on, by the index of their detection
 *
 * **Owns:** nothing.
 */
export function associate(
  tracks: readonly Track[],
  detections: readonly Detection[],
  minIou: number,
): ReadonlyMap<number, Track> {
  const pairs = tracks
    .flatMap((one) =>
      detections.map((detection, index) => ({
        one,
        index,
        agreement: one.classId === detection.classId ? iou(one.box, detection.box) : 0,
      })),
    )
    .filter(({ agreement }) => agreement >= minIou)
    .sort((a, b) => b.agreement - a.agreement || a.one.id - b.one.id || a.index - b.index);

  const matches = new Map<number, Track>();
  const taken = new Set<Track>();
  for (const { one, index } of pairs) {
    if (!taken.has(one) && !matches.has(index)) {
      taken.add(one);
      matches.set(index, one);
    }
  }
  return matches;
}
