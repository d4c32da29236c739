import type { Detection } from '../../models/core/types.ts';
import type { FrameMessage } from './protocol.ts';

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
  /** The last frame that it was in, with its own detection alone: filters hold for both. */
  readonly last: FrameMessage;
}

/** Remembers where the tracks were. */
export interface Trails {
  /** Frames shown so far; a point's age is its distance from it. */
  readonly tick: number;
  /** Takes in a frame's detections, whatever the filters say: these may change. */
  advance(frame: FrameMessage, colorOf: (detection: Detection) => string): void;
  /** @returns the trails by track number */
  entries(): Iterable<readonly [number, Trail]>;
  clear(): void;
}

/** Shown frames after which a trail's point has faded away. */
export const TRAIL_FRAMES = 32;

/** Starts with no trails. A track that is gone fades out and is then forgotten. */
export function createTrails(): Trails {
  const trails = new Map<number, Trail & { points: TrailPoint[] }>();
  let tick = 0;
  return {
    get tick() {
      return tick;
    },
    advance(frame, colorOf) {
      tick++;
      for (const detection of frame.detections) {
        if (detection.trackId === undefined) {
          continue;
        }
        const { xmin, ymin, xmax, ymax } = detection.box;
        const { color = colorOf(detection), points = [] } = trails.get(detection.trackId) ?? {};
        points.push({ x: (xmin + xmax) / 2, y: (ymin + ymax) / 2, tick });
        const last = { ...frame, detections: [detection] };
        trails.set(detection.trackId, { color, points, last });
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
