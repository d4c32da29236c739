import { createPairing, type Pair } from './pairing.ts';
import { openPictures } from './pictures.ts';
import type { FrameMessage } from './protocol.ts';
import { createScreen, type ScreenHandlers } from './screen.ts';
import type { ReconnectingSocket } from './socket.ts';

/** A canvas that shows one source at a time: its pictures, and the boxes of the same frames. */
export interface Camera {
  /** While true, the picture stands still. */
  isPaused: boolean;
  /**
   * Fetches the pictures of a source, and of no other; undefined: of none. The last picture stays
   * until another source is watched.
   */
  watch(source: string | undefined): void;
  /** Takes in a frame of the source that is watched. */
  receive(frame: FrameMessage): void;
  /** To be called now and then: frames wait for their picture only so long. @param nowMs page clock */
  tick(nowMs: number): void;
  /** Draws again, after a change of layers or filters. */
  redraw(): void;
  clear(): void;
}

/** Binds a canvas, see `createScreen`. */
export function createCamera(canvas: HTMLCanvasElement, handlers: ScreenHandlers): Camera {
  const screen = createScreen(canvas, handlers);
  const pairing = createPairing();
  let pictures: ReconnectingSocket | undefined;
  let watched: string | undefined;
  /** The source of what the canvas shows. */
  let shown: string | undefined;

  function show(pair: Pair | undefined): void {
    if (pair && !camera.isPaused) {
      screen.show(pair);
    }
  }

  const camera: Camera = {
    isPaused: false,
    watch(source) {
      if (source === watched) {
        return;
      }
      watched = source;
      pictures?.close();
      pairing.clear();
      if (source === undefined) {
        pictures = undefined;
        return;
      }
      if (source !== shown) {
        shown = source;
        screen.clear();
      }
      pictures = openPictures(source, {
        onPicture: (frame, jpeg) => show(pairing.addPicture(frame, jpeg)),
        onLost: () => show(pairing.losePictures()),
      });
    },
    receive: (frame) => show(pairing.addFrame(frame, performance.now())),
    tick: (nowMs) => show(pairing.overdue(nowMs)),
    redraw: () => screen.redraw(),
    clear() {
      pairing.clear();
      screen.clear();
    },
  };
  return camera;
}
