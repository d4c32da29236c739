import { contextOf, fitToDevice } from './canvas.ts';
import { toCanvas, type DrawnBox } from './overlay.ts';
import type { ObjectAttention, SourceAttention } from './protocol.ts';

/** A frame that was read for its attention, with its picture where there is one. */
export interface AttendedFrame {
  readonly answer: SourceAttention;
  readonly bitmap: ImageBitmap | undefined;
}

/** How much of the grey picture is covered with black, so that the heat stands out. */
const SHADE = 0.35;
/** Heat has one colour, and is the denser the more. */
const HEAT = [255, 140, 0] as const;
const MOST_ALPHA = 0.85;
const THIN = 'rgb(255 255 255 / 0.55)';
const CHOSEN = 'rgb(61 242 255)';

/**
 * Draws a frame in grey, the heat of one of its objects, and the boxes of all.
 * @param chosen index of the object; undefined for none
 * @returns where the boxes are, in the order of the objects
 */
export function drawAttention(
  canvas: HTMLCanvasElement,
  { answer, bitmap }: AttendedFrame,
  chosen: number | undefined,
): readonly DrawnBox[] {
  const context = contextOf(canvas);
  const { clientWidth: width, clientHeight: height } = canvas;
  fitToDevice(canvas);
  context.setTransform(canvas.width / width, 0, 0, canvas.height / height, 0, 0);
  context.fillStyle = 'black';
  context.fillRect(0, 0, width, height);
  if (bitmap) {
    context.drawImage(bitmap, 0, 0, width, height);
    context.globalCompositeOperation = 'saturation'; // black has none
    context.fillRect(0, 0, width, height);
    context.globalCompositeOperation = 'source-over';
    context.fillStyle = `rgb(0 0 0 / ${SHADE})`;
    context.fillRect(0, 0, width, height);
  }
  const scale = { x: width / answer.width, y: height / answer.height };
  const object = chosen === undefined ? undefined : answer.objects[chosen];
  if (object) {
    const { columns, rows, cellWidth, cellHeight } = object;
    context.imageSmoothingQuality = 'high';
    context.drawImage(
      heatOf(object),
      ...([0, 0, columns * cellWidth * scale.x, rows * cellHeight * scale.y] as const),
    );
  }
  const boxes = answer.objects.map(({ detection }) => toCanvas(detection, scale));
  for (const [index, box] of boxes.entries()) {
    context.strokeStyle = index === chosen ? CHOSEN : THIN;
    context.lineWidth = index === chosen ? 2 : 1;
    context.strokeRect(box.x, box.y, box.width, box.height);
  }
  return boxes;
}

/** A pixel a cell. */
function heatOf({ columns, rows, heat }: ObjectAttention): OffscreenCanvas {
  const image = new ImageData(columns, rows);
  for (const [at, level] of bytesOf(heat).entries()) {
    image.data.set([...HEAT, Math.round(MOST_ALPHA * level)], 4 * at);
  }
  const cells = new OffscreenCanvas(columns, rows);
  cells.getContext('2d')?.putImageData(image, 0, 0);
  return cells;
}

/** Decodes base64. */
export function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
