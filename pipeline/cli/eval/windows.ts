import { mersenne } from 'pure-rand/generator/mersenne';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import type { LabelledBox, Xywh } from './match.ts';

/** Part of a picture, whole pixels. */
export interface Window {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Side of a window, as a share of the picture's. */
const WINDOW_SHARE = 0.9;
/** How far a window moves from frame to frame, pixels. */
const MIN_STEP = 0.5;
const MAX_STEP = 2;
/** A box of which less is left counts as a crowd. */
const MIN_LEFT = 0.3;

/**
 * Moves a window over a picture as a slow camera would.
 * It goes straight, each picture's in a direction and at a speed of its own, turns back at the
 * edges, and ends in the middle: the last window does not depend on how many there are.
 * @param seed the same gives the same way
 * @returns one window a frame, all of the same size
 */
export function windowsOf(
  picture: { readonly width: number; readonly height: number },
  numFrames: number,
  seed: number,
): Window[] {
  const random = mersenne(seed); // others of pure-rand begin alike with seeds that are near
  const direction = uniformFloat64(random) * 2 * Math.PI;
  const step = MIN_STEP + uniformFloat64(random) * (MAX_STEP - MIN_STEP);
  const width = Math.ceil(picture.width * WINDOW_SHARE);
  const height = Math.ceil(picture.height * WINDOW_SHARE);
  return Array.from({ length: numFrames }, (_, frame) => {
    const way = step * (numFrames - 1 - frame); // still to go
    const left = placeOf(way * Math.cos(direction), picture.width - width);
    const top = placeOf(way * Math.sin(direction), picture.height - height);
    return { left, top, width, height };
  });
}

/** @returns whole number from 0 to `room`, its middle for a way of 0 */
function placeOf(way: number, room: number): number {
  const along = room / 2 + way;
  const turns = Math.floor(along / room);
  const rest = along - turns * room;
  return room === 0 ? 0 : Math.round(turns % 2 === 0 ? rest : room - rest);
}

/**
 * Tells what of a picture's labelled boxes is seen through a window, in its own pixels.
 * Boxes are cut at its edge, and their area with them. One of which less than 30 % is left is hard
 * to tell even for people: it counts as a crowd, which may be found or not. One of which nothing is
 * left is gone.
 */
export function seenThrough(window: Window, labelled: readonly LabelledBox[]): LabelledBox[] {
  return labelled.flatMap((box) => {
    const [x, y, width, height] = box.xywh;
    const [left, across] = cut(x - window.left, width, window.width);
    const [top, down] = cut(y - window.top, height, window.height);
    const share = (across * down) / (width * height);
    const xywh: Xywh = [left, top, across, down];
    const isCrowd = box.isCrowd || share < MIN_LEFT;
    return share > 0 ? [{ ...box, xywh, area: box.area * share, isCrowd }] : [];
  });
}

/** @returns start and length of what lies between 0 and `limit` */
function cut(start: number, length: number, limit: number): [number, number] {
  const from = Math.max(0, start);
  return [from, Math.max(0, Math.min(limit, start + length) - from)];
}
