import type { DisplayImage, FrameInfo } from '../../../models/core/types.ts';
import { fittedSize, letterboxOf, rasterOf, sizeOf } from './filterGraph.ts';
import type { PictureRequest, PictureSize, Raster } from './filterGraph.ts';
import { FramePool } from './framePool.ts';
import { PooledFrame } from './pooledFrame.ts';

/** What only the reader of a source knows of a frame. */
export type FrameFacts = Pick<
  FrameInfo,
  'index' | 'pts' | 'capturedAt' | 'arrivedAtMs' | 'decodeMs'
>;

/** Owns the memory of a source's pictures and makes frames of them. */
export class FrameMaker {
  readonly pool: FramePool;
  readonly #source: string;
  readonly #request: PictureRequest;
  readonly #raster: Raster;
  /** The model's squares, row by row, where they are narrower than the raster. */
  readonly #squares: Uint8Array | undefined; // [numSlots, S, S, 3]

  /** @param source as frames name it   @param numSlots pictures that memory is there for */
  constructor(source: string, request: PictureRequest, numSlots: number) {
    this.#source = source;
    this.#request = request;
    this.#raster = rasterOf(request);
    this.pool = new FramePool(numSlots, this.#raster.bytes);
    const { size } = request.image;
    if (this.#raster.width > size) {
      const bytes = numSlots * size * size * 3;
      this.#squares = new Uint8Array(new SharedArrayBuffer(bytes)); // shared: goes to a worker uncopied
    }
  }

  /** Size of the source's picture that a full slot is of. */
  sizeOf(slot: number): PictureSize {
    return sizeOf(this.pool.bytes(slot), this.#raster);
  }

  /** The frame of a full slot; closing it gives the slot back. */
  make(slot: number, facts: FrameFacts): PooledFrame {
    const { width, height } = this.sizeOf(slot);
    const letterbox = letterboxOf(width, height, this.#request.image.size);
    const info = { source: this.#source, width, height, letterbox, ...facts };
    const display = this.#display(slot, width, height);
    const pictures = { image: this.#square(slot), ...(display === undefined ? {} : { display }) };
    return new PooledFrame(info, pictures, this.pool, slot);
  }

  /** The model's picture as one piece. @returns uint8 [S, S, 3] */
  #square(slot: number): Uint8Array {
    const { size } = this.#request.image;
    const rowBytes = size * 3;
    const raster = this.pool.bytes(slot);
    if (this.#squares === undefined) {
      return raster.subarray(0, size * rowBytes);
    }
    const square = this.#squares.subarray(slot * size * rowBytes, (slot + 1) * size * rowBytes);
    for (let y = 0; y < size; y++) {
      const from = y * this.#raster.width * 3;
      square.set(raster.subarray(from, from + rowBytes), y * rowBytes);
    }
    return square;
  }

  #display(slot: number, width: number, height: number): DisplayImage | undefined {
    const { display, image } = this.#request;
    if (display === 0) {
      return undefined;
    }
    const stride = this.#raster.width * 3;
    const data = this.pool.bytes(slot).subarray(image.size * stride);
    return { ...fittedSize(width, height, display, false), stride, data };
  }
}
