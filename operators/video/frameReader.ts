import type { Subscriber } from 'rxjs';
import { PipelineError, toError } from '../../models/errors.ts';
import type { Frame } from '../../models/types.ts';
import type { DecoderEvents } from './decoder.ts';
import { FfmpegLog } from './ffmpegLog.ts';
import type { FrameLine } from './ffmpegLog.ts';
import type { PictureRequest } from './filterGraph.ts';
import { FrameMaker } from './frameMaker.ts';
import type { FrameSlots } from './frameSlots.ts';
import { Pairs } from './pairs.ts';

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
  readonly #maker: FrameMaker;
  readonly #log = new FfmpegLog();
  readonly #pairs = new Pairs();
  #numFrames = 0;
  #lastPts = 0;
  #lastArrivalMs = performance.now();

  constructor(options: FrameReaderOptions) {
    this.#options = options;
    this.#maker = new FrameMaker(options.source, options.request, options.maxOpenFrames);
    this.slots = this.#maker.slots;
  }

  readonly onLine = (line: string): void => {
    const frame = this.#log.read(line);
    if (frame !== undefined && !this.#log.isBroken) {
      this.#pairs.addLine(frame);
    }
    this.#match();
  };

  readonly onPicture = (slot: number): void => {
    this.#pairs.addPicture(slot);
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
    const next = () => (subscriber.closed ? undefined : this.#pairs.take());
    for (let pair = next(); pair !== undefined; pair = next()) {
      try {
        this.#emit(pair.line, pair.slot);
      } catch (thrown) {
        subscriber.error(toError(thrown)); // of `onOpen`: the decoder that called has no use for it
      }
    }
    if (this.#log.isBroken && this.#pairs.numLines === 0) {
      subscriber.error(this.#damaged());
    }
  }

  #emit(line: FrameLine, slot: number): void {
    const { request, subscriber, onOpen } = this.#options;
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
    const facts = {
      index: this.#numFrames * request.stride,
      pts: this.#lastPts,
      capturedAt: Date.now(),
      arrivedAtMs,
      decodeMs: arrivedAtMs - workedSinceMs,
    };
    this.#numFrames += 1;
    subscriber.next(this.#maker.make(line, slot, facts));
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
