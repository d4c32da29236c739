import type { Detection, Keypoint } from '../../models/core/types.ts';
import type { Scale } from './overlay.ts';
import { colorOf } from './palette.ts';

/** Outlines and keypoints as they were drawn, in CSS pixels of the canvas. */
export interface DrawnShape {
  readonly label: string;
  /** `[x, y, x, y, …]` each. */
  readonly polygons: readonly (readonly number[])[];
  /** Those that are visible. */
  readonly points: readonly Pick<Keypoint, 'name' | 'x' | 'y'>[];
  /** What the lines lead from and to. */
  readonly bones: readonly (readonly [string, string])[];
}

/** Pairs of COCO's seventeen keypoints that belong together; as its skeleton has them. */
const PAIRS: readonly (readonly [string, string])[] = [
  ...['left', 'right'].flatMap((side): [string, string][] => [
    ['nose', `${side}_eye`],
    [`${side}_eye`, `${side}_ear`],
    [`${side}_ear`, `${side}_shoulder`],
    [`${side}_shoulder`, `${side}_elbow`],
    [`${side}_elbow`, `${side}_wrist`],
    [`${side}_shoulder`, `${side}_hip`],
    [`${side}_hip`, `${side}_knee`],
    [`${side}_knee`, `${side}_ankle`],
  ]),
  ['left_eye', 'right_eye'],
  ['left_shoulder', 'right_shoulder'],
  ['left_hip', 'right_hip'],
];

const RIM = 'rgb(0 0 0 / 0.55)'; // keeps lines and dots visible on a bright picture
const FILL_ALPHA = 0.22;

/** Whether there is more to be drawn of an object than its box. */
export function hasShape({ polygons = [], keypoints = [] }: Detection): boolean {
  return polygons.length > 0 || keypoints.length > 0;
}

/**
 * Draws the outlines, filled lightly, and the keypoints, with the lines between COCO's.
 * @param context with CSS pixels as its unit
 * @returns what was drawn, of those detections that have any, in their order
 */
export function drawShapes(
  context: CanvasRenderingContext2D,
  detections: readonly Detection[],
  scale: Scale,
): DrawnShape[] {
  return detections.filter(hasShape).map((detection) => {
    const shape = toCanvas(detection, scale);
    const color = colorOf(detection);
    drawOutline(context, shape, color);
    drawPoints(context, shape, color);
    return shape;
  });
}

function toCanvas({ label, polygons = [], keypoints = [] }: Detection, scale: Scale): DrawnShape {
  const points = keypoints
    .filter(({ visible }) => visible)
    .map(({ name, x, y }) => ({ name, x: x * scale.x, y: y * scale.y }));
  const names = new Set(points.map(({ name }) => name));
  return {
    label,
    polygons: polygons.map((at) => at.map((v, i) => v * (i % 2 === 0 ? scale.x : scale.y))),
    points,
    bones: PAIRS.filter(([from, to]) => names.has(from) && names.has(to)),
  };
}

function drawOutline(
  context: CanvasRenderingContext2D,
  { polygons }: DrawnShape,
  color: string,
): void {
  const outline = outlineOf(polygons);
  context.globalAlpha = FILL_ALPHA;
  context.fillStyle = color;
  context.fill(outline);
  context.globalAlpha = 1;
  drawLine(context, outline, color);
}

function outlineOf(polygons: DrawnShape['polygons']): Path2D {
  const path = new Path2D();
  for (const [startX = 0, startY = 0, ...others] of polygons) {
    path.moveTo(startX, startY);
    for (let i = 0; i < others.length; i += 2) {
      path.lineTo(others[i] ?? 0, others[i + 1] ?? 0);
    }
    path.closePath();
  }
  return path;
}

function drawPoints(
  context: CanvasRenderingContext2D,
  { points, bones }: DrawnShape,
  color: string,
): void {
  const at = new Map(points.map((point) => [point.name, point]));
  const lines = new Path2D();
  for (const [from, to] of bones.map((pair) => pair.map((name) => at.get(name)))) {
    if (from && to) {
      lines.moveTo(from.x, from.y);
      lines.lineTo(to.x, to.y);
    }
  }
  drawLine(context, lines, color);
  context.strokeStyle = RIM;
  context.lineWidth = 1.5;
  context.fillStyle = color;
  for (const { x, y } of points) {
    context.beginPath();
    context.arc(x, y, 3.5, 0, 2 * Math.PI);
    context.fill();
    context.stroke();
  }
}

function drawLine(context: CanvasRenderingContext2D, path: Path2D, color: string): void {
  context.lineJoin = 'round';
  context.strokeStyle = RIM;
  context.lineWidth = 3.5;
  context.stroke(path);
  context.strokeStyle = color;
  context.lineWidth = 1.75;
  context.stroke(path);
}
