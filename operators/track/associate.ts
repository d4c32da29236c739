import { iou } from '../../models/index.ts';
import type { Box, Detection } from '../../models/core/types.ts';

/** An object that is followed. */
export interface Track {
  readonly id: number;
  readonly classId: number;
  /** Its number among the tokens of the source, where it has one. */
  readonly slot: number | undefined;
  /** Where it was seen last. */
  readonly box: Box;
  /** Results since then. */
  readonly missed: number;
}

/** Above every IoU: that the tokens go on says more than how much boxes overlap. */
const SAME_OBJECT = 2;

/**
 * Pairs tracks with detections: those whose tokens go on, then those of one class, best agreement first.
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
        agreement: agreementOf(one, detection),
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

function agreementOf(one: Track, { slot, classId, box }: Detection): number {
  if (slot !== undefined && slot === one.slot) {
    return SAME_OBJECT;
  }
  return one.classId === classId ? iou(one.box, box) : 0;
}
