import { map, Observable } from 'rxjs';
import type { MonoTypeOperatorFunction } from 'rxjs';
import type { FrameDetections } from '../../models/core/types.ts';
import type { OptionTable } from '../../models/core/options.ts';
import { resolveOptions } from '../../models/core/resolveOptions.ts';
import { associate } from './associate.ts';
import type { Track } from './associate.ts';

/** Options of `track`. */
export interface TrackConfig {
  /** Least agreement of a detection with a track's last box, IoU, above 0 to 1. Default 0.3. */
  readonly minIou?: number;
  /** Results in a row that a track survives without a detection, 0 or more. Default 10. */
  readonly maxMissedFrames?: number;
}

const OPTIONS: OptionTable<TrackConfig> = {
  minIou: { type: 'number', above: 0, max: 1, default: 0.3 },
  maxMissedFrames: { type: 'integer', min: 0, default: 10 },
};

/**
 * Gives every detection the number of the object it shows, the same from frame to frame.
 * The car of the last picture is still car 3 in this one.
 *
 * ```text
 *  source   -a-b-c-|
 *  track()  -A-B-C-|       the same results; each detection has a `trackId`
 * ```
 *
 * A detection goes on with the track whose tokens it goes on with (`slot`, which `detect` gives and
 * which is taken off here), or with a track of its class whose last box it agrees with by at least
 * `minIou`. All such pairs are taken greedily, those by tokens first, then the highest IoU; of equal ones
 * the lower `trackId`, then the earlier detection. A detection that is left begins a track; a track that is left for more than
 * `maxMissedFrames` results in a row ends. Numbers count from 1 and are never given twice in a
 * subscription; tracks are kept apart by `source`. A `trackId` that is there already is replaced. Results
 * are copied, never changed; order, completion and unsubscription pass straight through.
 * Memory: the live tracks of every source seen.
 *
 * @param config see `TrackConfig`; all fields are optional
 * @returns an operator that emits one result for each result, with a new `detections`
 * @throws TypeError or RangeError at the call for an unknown option or a wrong value
 *
 * **Errors:** those of the source.
 *
 * **Owns:** nothing.
 */
export function track<T extends FrameDetections>(
  config: TrackConfig = {},
): MonoTypeOperatorFunction<T> {
  const { minIou, maxMissedFrames } = resolveOptions('track', OPTIONS, config);

  return (source) =>
    new Observable<T>((subscriber) => {
      // Live tracks by source.
      const tracksBySource = new Map<string, readonly Track[]>();
      // Number of the youngest track.
      let lastId = 0;

      return source
        .pipe(
          map((result) => {
            const tracks = tracksBySource.get(result.source) ?? [];
            const matches = associate(tracks, result.detections, minIou);
            const seen = result.detections.map((detection, index) => ({
              id: matches.get(index)?.id ?? ++lastId,
              classId: detection.classId,
              slot: detection.slot,
              box: detection.box,
              missed: 0,
            }));
            const detections = result.detections.map((found, index) => {
              const { slot: _, ...detection } = found;
              return { ...detection, trackId: seen[index]?.id ?? lastId };
            });

            const matched = new Set(matches.values());
            const missed = tracks
              .filter((one) => !matched.has(one) && one.missed < maxMissedFrames)
              .map((one) => ({ ...one, missed: one.missed + 1 }));
            tracksBySource.set(result.source, [...missed, ...seen]);
            return { ...result, detections };
          }),
        )
        .subscribe(subscriber);
    });
}
