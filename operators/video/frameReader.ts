import type { Subscriber } from 'rxjs';
import { PipelineError, invariant, toError } from '../../models/errors.ts';
import type { DisplayImage, Frame } from '../../models/types.ts';
import type { DecoderEvents } from './decoder.ts';
import { FfmpegLog } from './ffmpegLog.ts';
import type { FrameLine } from './ffmpegLog.ts';
import { fittedSize, letterboxOf, rasterOf } from './filterGraph.ts';
import type { PictureRequest, Raster } from './filterGraph.ts';
import { FrameSlots } from './frameSlots.ts';
import { SlotFrame } from './slotFrame.ts';

/** What a reader needs to make frames. */
export interface FrameReaderOptions {
  /** The source as messages name it. */
  readonly name: string;
  /** The source as frames name it. */
  readonly source: string;
  readonly request: PictureRequest;
  readonly maxOpenFrames: number;
  readonly onOpen: (facts: { duration?: number; framesPerSecond?: number }) => void;
  readonly subscriber: Subscriber<Frame>;
}

/** Puts a decoder's lines and pictures together, in order, and hands frames to a subscriber. */
export class FrameReader implements DecoderEvents {
  readonly slots: FrameSlots;
  readonly #options: FrameReaderOptions;
  readonly #raster: Raster;
  /** The model's squares, row by row, where they are narrower than the raster. */
  readonly #squares: Uint8Array | undefined; // [numSlots, S, S, 3]
  readonly #log = new FfmpegLog();
  /** Lines whose picture has not come yet, and pictures whose line has not: one of the two is empty. */
  readonly #lines: FrameLine[] = [];
  readonly #pictures: number[] = [];
  #numFrames = 0;
  #lastPts = 0;
  #lastArrivalMs = performance.now();

  constructor(options: FrameReaderOptions) {
    this.#options = options;
    this.#raster = rasterOf(options.request);
    this.slots = new FrameSlots(options.maxOpenFrames, this.#raster.bytes);
    const { size } = options.request.image;
    if (this.#raster.width > size) {
      const bytes = options.maxOpenFrames * size * size * 3;
      this.#squares = new Uint8Array(new SharedArrayBuffer(bytes)); // shared: goes to a worker uncopied
    }
  }

  readonly onLine = (line: string): void => {
    const frame = this.#log.read(line);
    if (frame !== undefined && !this.#log.isBroken) {
      this.#lines.push(frame);
    }
    this.#match();
  };

  readonly onPicture = (slot: number): void => {
    this.#pictures.push(slot);
    this.#match();
  };

  readonly onEnd = (code: number, error?: Error): void => {
    const { name, subscriber } = this.#options;
    if (error !== undefined) {
      const code = this.#numFrames === 0 ? 'ERR_VIDEO_OPEN' : 'ERR_VIDEO_DECODE';
      const message = `Cannot decode ${name}: ${error.message}`;
      subscriber.error(new PipelineError(code, message, { cause: error }));
    } else if (this.#numFrames === 0) {
      subscriber.error(this.#noFrames());
    } else if (this.#log.isCut || code !== 0) {
      subscriber.error(this.#damaged());
    } else {
      subscriber.complete();
    }
  };

  #match(): void {
    const { subscriber } = this.#options;
    while (!subscriber.closed && this.#lines.length > 0 && this.#pictures.length > 0) {
      const line = this.#lines.shift();
      const slot = this.#pictures.shift();
      invariant(line !== undefined && slot !== undefined, 'a line and a picture make a frame');
      try {
        this.#emit(line, slot);
      } catch (thrown) {
        subscriber.error(toError(thrown)); // of `onOpen`: the decoder that called has no use for it
      }
    }
    if (this.#log.isBroken && this.#lines.length === 0) {
      subscriber.error(this.#damaged());
    }
  }

  #emit(line: FrameLine, slot: number): void {
    const { source, request, subscriber, onOpen } = this.#options;
    const { durationSeconds: duration, framesPerSecond } = this.#log;
    if (this.#numFrames === 0) {
      onOpen({
        ...(duration === undefined ? {} : { duration }),
        ...(framesPerSecond === undefined ? {} : { framesPerSecond }),
      });
      if (subscriber.closed) {
        return;
      }
    }
    const arrivedAtMs = performance.now();
    const workedSinceMs = Math.max(this.#lastArrivalMs, this.slots.unblockedAtMs);
    this.#lastArrivalMs = arrivedAtMs;
    this.#lastPts = line.pts ?? this.#lastPts + 1 / (framesPerSecond ?? 25);
    const { width, height } = line;
    const info = {
      source,
      index: this.#numFrames * request.stride,
      pts: this.#lastPts,
      capturedAt: Date.now(),
      width,
      height,
      letterbox: letterboxOf(width, height, request.image.size),
      arrivedAtMs,
      decodeMs: arrivedAtMs - workedSinceMs,
    };
    this.#numFrames += 1;
    const display = this.#display(slot, width, height);
    const pictures = { image: this.#square(slot), ...(display === undefined ? {} : { display }) };
    subscriber.next(new SlotFrame(info, pictures, this.slots, slot));
  }

  /** The model's picture as one piece. @returns uint8 [S, S, 3] */
  #square(slot: number): Uint8Array {
    const { size } = this.#options.request.image;
    const rowBytes = size * 3;
    const raster = this.slots.bytes(slot);
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
    const { display, image } = this.#options.request;
    if (display === 0) {
      return undefined;
    }
    const stride = this.#raster.width * 3;
    const data = this.slots.bytes(slot).subarray(image.size * stride);
    return { ...fittedSize(width, height, display, false), stride, data };
  }

  #noFrames(): PipelineError {
    const { name } = this.#options;
    const problem = this.#log.problem ?? 'it holds no frame';
    const fact = problem.includes('matches no streams')
      ? `${name} has no video track`
      : problem.includes('moov atom not found')
        ? `${name} cannot be read as video: it is cut short, or no MP4 (its index, the moov atom, is missing)`
        : `${name} cannot be read as video: ${problem}`;
    return new PipelineError('ERR_VIDEO_OPEN', fact);
  }

  #damaged(): PipelineError {
    const seconds = this.#lastPts;
    const fact = this.#log.problem ?? 'the decoder gave up';
    return new PipelineError(
      'ERR_VIDEO_DECODE',
      `${this.#options.name} is damaged or cut short after second ${seconds.toFixed(2)} (frame ${(this.#numFrames - 1) * this.#options.request.stride}): ${fact}`,
      { details: { seconds, numFrames: this.#numFrames } },
    );
  }
}
