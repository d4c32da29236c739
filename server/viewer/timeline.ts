import type { Detection } from '../../models/core/types.ts';

/** How many objects of a class there were, one number a bucket. */
export interface ClassCounts {
  readonly label: string;
  readonly classId: number;
  /** Objects per frame, mean of each bucket, oldest first; NaN where no frame came. */
  readonly means: readonly number[]; // [MAX_BUCKETS]
  /** Objects of all frames in the timeline. */
  readonly total: number;
}

/** The number of objects of one source over the last minutes, in buckets of `BUCKET_MS`. */
export interface Timeline {
  /** @param nowMs wall clock */
  add(detections: readonly Detection[], nowMs: number): void;
  /** @returns the classes of the last minutes, most frequent first */
  read(nowMs: number): ClassCounts[];
}

/** Length of a bucket, ms. */
export const BUCKET_MS = 2000;
/** Buckets kept: five minutes. */
export const MAX_BUCKETS = 150;

interface Bucket {
  /** Which one since 1970. */
  readonly number: number;
  numFrames: number;
  /** Objects by label. */
  readonly counts: Map<string, number>;
}

/** Starts empty; memory is bounded by `MAX_BUCKETS` and the model's classes. */
export function createTimeline(): Timeline {
  /** Oldest first; none where no frame came. */
  const buckets: Bucket[] = [];
  const classIds = new Map<string, number>();

  function forgetBefore(number: number): void {
    while (buckets[0] && buckets[0].number < number) {
      buckets.shift();
    }
  }

  return {
    add(detections, nowMs) {
      const number = Math.floor(nowMs / BUCKET_MS);
      let bucket = buckets.at(-1);
      if (bucket?.number !== number) {
        bucket = { number, numFrames: 0, counts: new Map() };
        buckets.push(bucket);
      }
      bucket.numFrames++;
      for (const { label, classId } of detections) {
        classIds.set(label, classId);
        bucket.counts.set(label, (bucket.counts.get(label) ?? 0) + 1);
      }
      forgetBefore(number - MAX_BUCKETS + 1);
    },
    read(nowMs) {
      const first = Math.floor(nowMs / BUCKET_MS) - MAX_BUCKETS + 1;
      forgetBefore(first);
      const labels = new Set(buckets.flatMap(({ counts }) => [...counts.keys()]));
      return [...labels]
        .map((label) => {
          const means = Array<number>(MAX_BUCKETS).fill(NaN);
          let total = 0;
          for (const { number, numFrames, counts } of buckets) {
            const count = counts.get(label) ?? 0;
            means[number - first] = count / numFrames;
            total += count;
          }
          return { label, classId: classIds.get(label) ?? 0, means, total };
        })
        .sort((a, b) => b.total - a.total);
    },
  };
}
