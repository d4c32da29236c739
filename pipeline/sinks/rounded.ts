import type { Detection, FrameDetections } from '../../models/index.ts';

/**
 * Cuts numbers to what they are worth, which makes messages half as long: boxes and points to a
 * hundredth of a pixel, scores down to four places, media time to microseconds, times to microseconds.
 * Scores are never rounded up: what reads 0.4 is 0.4 or more, so that every limit of up to four places, wherever
 * it is looked at, lets the same objects through.
 */
export function rounded(result: FrameDetections): FrameDetections {
  const timing = Object.fromEntries(
    Object.entries(result.timing).map(([name, ms]) => [name, round(ms as number, 3)]),
  ) as unknown as FrameDetections['timing'];
  const detections = result.detections.map(roundedDetection);
  return { ...result, pts: round(result.pts, 6), timing, detections };
}

/** The same for one detection. */
export function roundedDetection(detection: Detection): Detection {
  const { xmin, ymin, xmax, ymax } = detection.box;
  const box = {
    xmin: round(xmin, 2),
    ymin: round(ymin, 2),
    xmax: round(xmax, 2),
    ymax: round(ymax, 2),
  };
  const { polygons, keypoints } = detection;
  return {
    ...detection,
    score: cut(detection.score, 4),
    box,
    ...(polygons && { polygons: polygons.map((points) => points.map((at) => round(at, 2))) }),
    ...(keypoints && {
      keypoints: keypoints.map((point) => ({
        ...point,
        x: round(point.x, 2),
        y: round(point.y, 2),
      })),
    }),
  };
}

function cut(value: number, places: number): number {
  const near = round(value, places);
  return near > value ? round(near - 10 ** -places, places) : near;
}

function round(value: number, places: number): number {
  return Number(value.toFixed(places));
}
