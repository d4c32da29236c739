import type { FrameMessage } from './protocol.ts';

/** A frame's detections and, where the server sends pictures, the picture of the same frame. */
export interface Pair {
  readonly frame: FrameMessage;
  readonly jpeg?: Blob;
}

/** Brings detections and pictures of the same frame number together. */
export interface Pairing {
  /** @returns what is to be shown now, if anything */
  addFrame(frame: FrameMessage, nowMs: number): Pair | undefined;
  /** @returns what is to be shown now, if anything */
  addPicture(number: number, jpeg: Blob): Pair | undefined;
  /** The newest frame, alone, once no pair was found for too long; from then on frames do not wait. */
  overdue(nowMs: number): Pair | undefined;
  /** Frames wait for no picture until one arrives again. @returns what waited, to be shown now */
  losePictures(): Pair | undefined;
  clear(): void;
}

const MAX_KEPT = 16;
const MAX_WAIT_MS = 1000;

/**
 * Keeps the last few frames and pictures until their counterpart arrives, in either order, so that
 * boxes are never drawn on another frame's pixels. Everything that arrived before a shown pair is
 * dropped. Where no pictures come, frames pass through alone.
 */
export function createPairing(): Pairing {
  // By frame number, in order of arrival: numbers start again when a source does.
  const frames = new Map<number, FrameMessage>();
  const pictures = new Map<number, Blob>();
  let awaitsPictures = true;
  /** When the first frame arrived that no pair was found since. */
  let waitingSinceMs: number | undefined;

  function take(number: number): Pair | undefined {
    const frame = frames.get(number);
    const jpeg = pictures.get(number);
    if (frame === undefined || jpeg === undefined) {
      return undefined;
    }
    waitingSinceMs = undefined;
    dropThrough(frames, number);
    dropThrough(pictures, number);
    return { frame, jpeg };
  }

  const pairing: Pairing = {
    addFrame(frame, nowMs) {
      waitingSinceMs ??= nowMs;
      keep(frames, frame.frame, frame);
      return take(frame.frame) ?? (awaitsPictures ? undefined : { frame });
    },
    addPicture(number, jpeg) {
      awaitsPictures = true;
      keep(pictures, number, jpeg);
      return take(number);
    },
    overdue(nowMs) {
      if (!awaitsPictures || waitingSinceMs === undefined) {
        return undefined;
      }
      if (nowMs - waitingSinceMs < MAX_WAIT_MS) {
        return undefined;
      }
      return pairing.losePictures();
    },
    losePictures() {
      const waits = awaitsPictures && waitingSinceMs !== undefined;
      awaitsPictures = false;
      const newest = waits ? [...frames.values()].at(-1) : undefined;
      return newest && { frame: newest };
    },
    clear() {
      frames.clear();
      pictures.clear();
      awaitsPictures = true;
      waitingSinceMs = undefined;
    },
  };
  return pairing;
}

function keep<T>(map: Map<number, T>, number: number, value: T): void {
  map.delete(number); // so that a repeated number counts as arrived now
  map.set(number, value);
  for (const oldest of map.keys()) {
    if (map.size <= MAX_KEPT) {
      break;
    }
    map.delete(oldest);
  }
}

function dropThrough(map: Map<number, unknown>, number: number): void {
  for (const key of map.keys()) {
    map.delete(key);
    if (key === number) {
      break;
    }
  }
}
