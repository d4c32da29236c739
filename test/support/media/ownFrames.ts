import type { Frame, FrameCounts } from '../../../pipeline/index.ts';
import * as assert from '../assert.ts';
import { frameCounter } from '../frames.ts';

/** Side of the tiny model's pictures, pixels. */
const SIZE = 32;

/** Makes frames of the tiny model's size, and counts what becomes of them. */
export interface FrameMaker {
  /** @param numBytes of the picture; any other number than the model's cannot be read */
  open(numBytes?: number): Frame;
  readonly opened: number;
  readonly closed: number;
}

/** A maker of grey frames. */
export function frameMaker(): FrameMaker {
  const counter = frameCounter();
  return {
    open(numBytes = SIZE * SIZE * 3) {
      const frame = counter.open({ width: SIZE, height: SIZE, source: 'own' });
      const pixels = new Uint8Array(numBytes).fill(114);
      return Object.defineProperty(frame, 'image', { get: () => pixels });
    },
    get opened() {
      return counter.opened;
    },
    get closed() {
      return counter.closed;
    },
  };
}

/** Asserts that every frame that came in is accounted for. */
export function assertAddsUp(counts: FrameCounts): void {
  const dropped = Object.values(counts.dropped).reduce((sum, count) => sum + count, 0);
  const ends = counts.delivered + dropped + counts.errors + counts.inFlight;
  assert.is(ends, counts.frames, JSON.stringify(counts));
  assert.ok(counts.inFlight >= 0);
}
