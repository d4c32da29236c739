import { PipelineError } from '../../../models/core/errors.ts';
import type { DisplayImage, Frame, FrameInfo, Letterbox } from '../../../models/core/types.ts';
import type { FramePool } from './framePool.ts';

/** The pictures of one slot. */
export interface PooledPictures {
  readonly image: Uint8Array; // [S, S, 3]
  readonly display?: DisplayImage;
}

/** What the garbage collector is told of a frame: enough to give its slot back, not the frame. */
interface Holding {
  readonly pool: FramePool;
  readonly slot: number;
  readonly source: string;
}

const forgotten = new FinalizationRegistry<Holding>(({ pool, slot, source }) => {
  pool.release(slot);
  process.emitWarning(
    `A frame of ${source} was never closed; call frame.close() when you are done with its pixels, or the source waits for the garbage collector`,
    { type: 'PipelineWarning', code: 'FRAME_NOT_CLOSED' },
  );
});

/** A frame whose pixels lie in a decoder's slot. */
export class PooledFrame implements Frame {
  readonly source: string;
  readonly index: number;
  readonly pts: number;
  capturedAt: number;
  readonly width: number;
  readonly height: number;
  readonly letterbox: Letterbox;
  arrivedAtMs: number;
  readonly decodeMs: number;
  readonly file?: string;
  readonly #pool: FramePool;
  readonly #slot: number;
  #pictures: PooledPictures | undefined;

  /** @param pool, slot the frame's memory, released by `close()` */
  constructor(info: FrameInfo, pictures: PooledPictures, pool: FramePool, slot: number) {
    this.source = info.source;
    this.index = info.index;
    this.pts = info.pts;
    this.capturedAt = info.capturedAt;
    this.width = info.width;
    this.height = info.height;
    this.letterbox = info.letterbox;
    this.arrivedAtMs = info.arrivedAtMs;
    this.decodeMs = info.decodeMs;
    if (info.file !== undefined) {
      this.file = info.file;
    }
    this.#pictures = pictures;
    this.#pool = pool;
    this.#slot = slot;
    forgotten.register(this, { pool, slot, source: info.source }, this);
  }

  get closed(): boolean {
    return this.#pictures === undefined;
  }

  get image(): Uint8Array {
    return this.#open().image;
  }

  get display(): DisplayImage | undefined {
    return this.#open().display;
  }

  arrive(): void {
    this.capturedAt = Date.now();
    this.arrivedAtMs = performance.now();
  }

  close(): void {
    if (this.#pictures !== undefined) {
      this.#pictures = undefined;
      forgotten.unregister(this);
      this.#pool.release(this.#slot);
    }
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #open(): PooledPictures {
    if (this.#pictures === undefined) {
      throw new PipelineError(
        'ERR_FRAME_CLOSED',
        `Frame ${this.index} of ${this.source} is closed; its pixels may belong to a later frame`,
      );
    }
    return this.#pictures;
  }
}
