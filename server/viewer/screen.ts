import type { Detection } from '../../models/core/types.ts';
import { contextOf, fitToDevice } from './canvas.ts';
import { drawBoxes, drawTrail, type DrawnBox } from './overlay.ts';
import type { Pair } from './pairing.ts';
import { colorOf } from './palette.ts';
import type { FrameMessage } from './protocol.ts';
import { drawShapes, type DrawnShape } from './shapes.ts';
import { createTrails } from './trails.ts';
import type { Zones } from './zones.ts';

/** What the screen asks and tells. */
export interface ScreenHandlers {
  /** What is drawn, asked at each drawing. */
  readonly layers: () => Layers;
  /** Picks the detections to show. */
  readonly select: (frame: FrameMessage) => Detection[];
  /** Draws what lies under the boxes. @returns the names of the zones drawn */
  readonly drawZones: Zones['draw'];
  /** @param isNew false where the same frame was drawn again */
  readonly onDrawn: (frame: FrameMessage, drawn: Drawing, isNew: boolean) => void;
}

/** What is drawn over a picture. */
export interface Layers {
  readonly boxes: boolean;
  /** The tags of the boxes; none without boxes. */
  readonly labels: boolean;
  /** Outlines and keypoints. */
  readonly shapes: boolean;
  readonly trails: boolean;
  readonly zones: boolean;
}

/** What was drawn over a picture. */
export interface Drawing {
  readonly boxes: readonly DrawnBox[];
  readonly shapes: readonly DrawnShape[];
  /** Names of the zones. */
  readonly zones: readonly string[];
  /** Track numbers of the trails. */
  readonly trails: readonly number[];
}

/** A picture with its boxes. */
export interface Screen {
  /** Shows a frame as soon as its picture is decompressed; the newest wins. */
  show(pair: Pair): void;
  /** Draws the current frame again, after a change of size or filters. */
  redraw(): void;
  /** Empties the screen. */
  clear(): void;
}

/**
 * Binds a canvas.
 * @param canvas its parent's `--aspect` is set to the picture's width divided by its height
 */
export function createScreen(canvas: HTMLCanvasElement, handlers: ScreenHandlers): Screen {
  const context = contextOf(canvas);
  const trails = createTrails();
  let frame: FrameMessage | undefined;
  /** Belongs to `frame`; closed when the next one takes its place. */
  let bitmap: ImageBitmap | undefined;
  /** The newest pair that waits for the one being decompressed. */
  let next: Pair | undefined;
  let isDecoding = false;
  /** Rises with every `clear`, so that a picture asked for before is not drawn after. */
  let generation = 0;

  async function decode(pair: Pair): Promise<void> {
    isDecoding = true;
    const asked = generation;
    // A damaged picture is no reason to withhold the boxes.
    const picture = pair.jpeg && (await createImageBitmap(pair.jpeg).catch(() => undefined));
    isDecoding = false;
    if (asked === generation) {
      replace(pair.frame, picture);
    } else {
      picture?.close();
    }
    const waiting = next;
    next = undefined;
    if (waiting) {
      void decode(waiting);
    }
  }

  function replace(newFrame: FrameMessage, picture: ImageBitmap | undefined): void {
    const isNew = newFrame !== frame;
    bitmap?.close();
    bitmap = picture;
    frame = newFrame;
    if (isNew) {
      trails.advance(frame, colorOf);
    }
    canvas.parentElement?.style.setProperty('--aspect', String(frame.width / frame.height));
    draw(isNew);
  }

  function draw(isNew: boolean): void {
    const { clientWidth: width, clientHeight: height } = canvas;
    if (width === 0 || height === 0) {
      return; // hidden: it is drawn when it gets a size
    }
    fitToDevice(canvas);
    context.setTransform(canvas.width / width, 0, 0, canvas.height / height, 0, 0);
    context.fillStyle = getComputedStyle(canvas).backgroundColor;
    context.fillRect(0, 0, width, height);
    if (!frame) {
      return;
    }
    if (bitmap) {
      context.drawImage(bitmap, 0, 0, width, height);
    }
    const layers = handlers.layers();
    const scale = { x: width / frame.width, y: height / frame.height };
    const zones = layers.zones ? handlers.drawZones(context, frame.source) : [];
    const paths = [...trails.entries()].filter(
      ([, { last }]) => layers.trails && handlers.select(last).length > 0,
    );
    paths.forEach(([, trail]) => drawTrail(context, trail, scale, trails.tick));
    const selected = handlers.select(frame);
    const shapes = drawShapes(context, layers.shapes ? selected : [], scale);
    const boxes = drawBoxes(context, layers.boxes ? selected : [], scale, layers.labels);
    handlers.onDrawn(frame, { boxes, shapes, zones, trails: paths.map(([track]) => track) }, isNew);
  }

  new ResizeObserver(() => draw(false)).observe(canvas);
  return {
    show(pair) {
      if (isDecoding) {
        next = pair;
      } else {
        void decode(pair);
      }
    },
    redraw() {
      draw(false);
    },
    clear() {
      generation++;
      bitmap?.close();
      bitmap = frame = next = undefined;
      trails.clear();
      draw(false);
    },
  };
}
