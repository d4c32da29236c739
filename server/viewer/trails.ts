import type { Detection } from '../../models/types.ts';

/** Where a track's centre was, in source pixels. */
export interface TrailPoint {
  readonly x: number;
  readonly y: number;
  /** Count of frames shown when the point was added. */
  readonly tick: number;
}

/** The recent path of one track. */
export interface Trail {
  readonly color: string;
  /** Oldest first. */
  readonly points: readonly TrailPoint[];
}

/** Remembers where the tracks were. */
export interface Trails {
  /** Frames shown so far; a point's age is its distance from it. */
  readonly tick: number;
  advance(detections: readonly Detection[], colorOf: (detection: Detection) => string): void;
  /** @returns the trails by track number */
  entries(): Iterable<readonly [number, Trail]>;
  clear(): void;
}

/** Shown frames after which a trail's point has faded away. */
export const TRAIL_FRAMES = 32;

/** Starts with no trails. A track that is gone fades out and is then forgotten. */
export function createTrails(): Trails {
  const trails = new Map<number, { color: string; points: TrailPoint[] }>();
  let tick = 0;
  return {
    get tick() {
      return tick;
    },
    advance(detections, colorOf) {
      tick++;
      for (const detection of detections) {
        if (detection.trackId === undefined) {
          continue;
        }
        const { xmin, ymin, xmax, ymax } = detection.box;
        const trail = trails.get(detection.trackId) ?? { color: colorOf(detection), points: [] };
        trail.points.push({ x: (xmin + xmax) / 2, y: (ymin + ymax) / 2, tick });
        trails.set(detection.trackId, trail);
      }
      for (const [track, trail] of trails) {
        while (trail.points[0] && tick - trail.points[0].tick >= TRAIL_FRAMES) {
          trail.points.shift();
        }
        if (trail.points.length === 0) {
          trails.delete(track);
        }
      }
    },
    entries: () => trails.entries(),
    clear: () => trails.clear(),
  };
}
