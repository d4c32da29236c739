import type { Frame, FrameDetections, FrameInfo, Letterbox } from '../../models/core/types.ts';

/** Media seconds between the frames of a counter. */
const FRAME_SECONDS = 0.04;

/** Opens fake frames and counts what becomes of them. */
export interface FrameCounter {
  /** Makes the next frame: index from 0, 25 a second, 4 x 4 pixels, unless told otherwise. */
  open(overrides?: Partial<FrameInfo>): Frame;
  readonly opened: number;
  /** Frames closed; a frame that is closed twice counts once. */
  readonly closed: number;
}

/** Makes a counter of fake frames, which proves that nothing leaks. */
export function frameCounter(): FrameCounter {
  const counts = { opened: 0, closed: 0 };
  return {
    open: (overrides = {}) =>
      new FakeFrame({ ...frameInfo(counts.opened++), ...overrides }, () => {
        counts.closed += 1;
      }),
    get opened() {
      return counts.opened;
    },
    get closed() {
      return counts.closed;
    },
  };
}

/** Makes a result, of an empty frame unless told otherwise. */
export function frameDetections(overrides: Partial<FrameDetections> = {}): FrameDetections {
  return {
    type: 'frame',
    source: 'clip',
    frame: 0,
    pts: 0,
    capturedAt: 0,
    width: 4,
    height: 4,
    final: true,
    stop: 'eos',
    detections: [],
    tokens: { drafted: 0, accepted: 0, decoded: 0, passes: 0 },
    timing: { decodeMs: 0, queueMs: 0, encodeMs: 0, tokensMs: 0 },
    ...overrides,
  };
}

function frameInfo(index: number): FrameInfo {
  return {
    source: 'clip',
    index,
    pts: index * FRAME_SECONDS,
    capturedAt: 0,
    width: 4,
    height: 4,
    letterbox: { scaleX: 1, scaleY: 1 },
    arrivedAtMs: 0,
    decodeMs: 0,
  };
}

class FakeFrame implements Frame {
  declare readonly source: string;
  declare readonly index: number;
  declare readonly pts: number;
  declare readonly capturedAt: number;
  declare readonly width: number;
  declare readonly height: number;
  declare readonly letterbox: Letterbox;
  declare readonly arrivedAtMs: number;
  declare readonly decodeMs: number;
  declare readonly file?: string;
  readonly #pixels = new Uint8Array(4 * 4 * 3); // [4, 4, 3]
  readonly #onClose: () => void;
  #closed = false;

  constructor(info: FrameInfo, onClose: () => void) {
    Object.assign(this, info);
    this.#onClose = onClose;
  }

  get image(): Uint8Array {
    if (this.#closed) {
      throw new Error(`Frame ${this.index} is closed`);
    }
    return this.#pixels;
  }

  get closed(): boolean {
    return this.#closed;
  }

  arrive(): void {
    Object.assign(this, { arrivedAtMs: performance.now(), capturedAt: Date.now() });
  }

  close(): void {
    if (!this.#closed) {
      this.#closed = true;
      this.#onClose();
    }
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
