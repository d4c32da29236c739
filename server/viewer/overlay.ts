import type { Detection } from '../../models/core/types.ts';
import { colorOf } from './palette.ts';
import { scoreText } from './scoreText.ts';
import { TRAIL_FRAMES, type Trail } from './trails.ts';

/** A box as it was drawn, in CSS pixels of the canvas. */
export interface DrawnBox {
  readonly label: string;
  readonly trackId?: number;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** How source pixels become CSS pixels of the canvas. */
export interface Scale {
  readonly x: number;
  readonly y: number;
}

/** Canvas width, CSS pixels, below which tags are smaller. */
const NARROW = 560;
const TAG_PADDING = 4;

/**
 * Draws the boxes, each with its tag.
 * @param context with CSS pixels as its unit
 * @param showLabels whether boxes carry label, score and track number
 * @returns where the boxes were drawn, in the order of `detections`
 */
export function drawBoxes(
  context: CanvasRenderingContext2D,
  detections: readonly Detection[],
  scale: Scale,
  showLabels: boolean,
): DrawnBox[] {
  const drawn = detections.map((detection) => ({ detection, box: toCanvas(detection, scale) }));
  context.lineJoin = 'round';
  for (const { detection, box } of drawn) {
    const color = colorOf(detection);
    context.strokeStyle = 'rgb(0 0 0 / 0.45)'; // keeps the line visible on a bright picture
    context.lineWidth = 4;
    context.strokeRect(box.x, box.y, box.width, box.height);
    context.strokeStyle = color;
    context.lineWidth = 2;
    context.strokeRect(box.x, box.y, box.width, box.height);
  }
  if (showLabels) {
    for (const { detection, box } of drawn) {
      drawTag(context, detection, box);
    }
  }
  return drawn.map(({ box }) => box);
}

/** Where a detection's box is on the canvas. */
export function toCanvas({ label, trackId, box }: Detection, scale: Scale): DrawnBox {
  return {
    label,
    ...(trackId !== undefined && { trackId }),
    x: box.xmin * scale.x,
    y: box.ymin * scale.y,
    width: (box.xmax - box.xmin) * scale.x,
    height: (box.ymax - box.ymin) * scale.y,
  };
}

/** The smallest box that a point lies in, -1 where there is none. @param x @param y CSS pixels of the canvas */
export function boxAt(boxes: readonly DrawnBox[], x: number, y: number): number {
  const around = boxes.filter(
    (box) => x >= box.x && x <= box.x + box.width && y >= box.y && y <= box.y + box.height,
  );
  const [smallest] = around.sort((a, b) => a.width * a.height - b.width * b.height);
  return smallest === undefined ? -1 : boxes.indexOf(smallest);
}

function drawTag(context: CanvasRenderingContext2D, detection: Detection, box: DrawnBox): void {
  const track = detection.trackId === undefined ? '' : `  #${detection.trackId}`;
  const text = `${detection.label} ${scoreText(detection.score)}${track}`;
  const canvasWidth = context.canvas.clientWidth;
  const fontSize = canvasWidth < NARROW ? 10 : 12;
  const height = fontSize + 5;
  context.font = `600 ${fontSize}px system-ui, sans-serif`;
  const width = context.measureText(text).width + 2 * TAG_PADDING;
  const x = Math.max(0, Math.min(box.x - 1, canvasWidth - width));
  const above = box.y - height;
  const y = above >= 0 ? above : Math.max(0, box.y); // inside where there is no room above
  context.fillStyle = colorOf(detection);
  context.beginPath();
  context.roundRect(x, y, width, height, 3);
  context.fill();
  context.fillStyle = 'rgb(12 16 20)';
  context.textBaseline = 'middle';
  context.fillText(text, x + TAG_PADDING, y + height / 2 + 0.5);
}

/**
 * Draws a track's path, the older the fainter.
 * @param tick the current frame's count, the age of a point is measured from it
 */
export function drawTrail(
  context: CanvasRenderingContext2D,
  trail: Trail,
  scale: Scale,
  tick: number,
): void {
  context.strokeStyle = trail.color;
  context.lineWidth = 2;
  for (const [index, to] of trail.points.entries()) {
    const from = trail.points[index - 1];
    if (!from) {
      continue;
    }
    context.globalAlpha = 0.9 * (1 - (tick - to.tick) / TRAIL_FRAMES);
    context.beginPath();
    context.moveTo(from.x * scale.x, from.y * scale.y);
    context.lineTo(to.x * scale.x, to.y * scale.y);
    context.stroke();
  }
  context.globalAlpha = 1;
}
