import type { Subscriber } from 'rxjs';
import type { PipelineError } from '../../../models/core/errors.ts';
import { toError } from '../../../models/core/errors.ts';
import type { Frame } from '../../../models/core/types.ts';
import { DamageWatch } from './damageWatch.ts';
import type { DecodedPicture, DecoderEnd, DecoderEvents } from '../ffmpeg/decoder.ts';
import { FfmpegLog } from '../ffmpeg/ffmpegLog.ts';
import type { PictureRequest } from '../frames/filterGraph.ts';
import { FrameMaker } from '../frames/frameMaker.ts';
import type { FramePool } from '../frames/framePool.ts';
import { damagedVideo, endedEarly, repairedVideo, unreadableVideo } from '../ffmpeg/videoFaults.ts';

/** What a reader needs to make frames. */
export interface FrameReaderOptions {
  /** The source as messages name it. */
  readonly name: string;
  /** The source as frames name it. */
  readonly source: string;
  readonly request: PictureRequest;
  readonly maxOpenFrames: number;
  /** So many frames are asked for; Infinity for all. */
  readonly maxFrames: number;
  readonly onOpen: (facts: { duration?: number; framesPerSecond?: number }) => void;
  /** Told of damage that is left behind; absent where it is the end. */
  readonly onFault: ((error: PipelineError) => void) | undefined;
  /** The decoder itself does not work. @returns whether another one takes over */
  readonly onBroken: (error: Error) => boolean;
  readonly subscriber: Subscriber<Frame>;
}

const USUAL_RATE = 25;

/** Makes frames of a decoder's pictures, in order, and hands them to a subscriber. */
export class FrameReader implements DecoderEvents {
  readonly pool: FramePool;
  readonly #options: FrameReaderOptions;
  readonly #maker: FrameMaker;
  readonly #log = new FfmpegLog();
  readonly #damage = new DamageWatch();
  /** Pictures that wait until it is known whether one is missing before them. */
  readonly #waiting: DecodedPicture[] = [];
  /** What was said before the first of them: not read yet, being read, or read. */
  #logState: 'unread' | 'reading' | 'read' = 'unread';
  #end: DecoderEnd | undefined;
  /** Pictures of the source, and frames made of them. */
  #numPictures = 0;
  #numFrames = 0;
  #lastPts = 0;
  /** About where the first picture is that the decoder repaired, seconds. */
  #repairedNear: number | undefined;
  #lastArrivalMs = performance.now();

  constructor(options: FrameReaderOptions) {
    this.#options = options;
    this.#maker = new FrameMaker(options.source, options.request, options.maxOpenFrames);
    this.pool = this.#maker.pool;
  }

  readonly onLine = (line: string): void => {
    const complaint = this.#log.read(line);
    if (this.#log.numRepaired > 0) {
      this.#repairedNear ??= this.#lastPts;
    }
    if (complaint !== undefined) {
      this.#damage.onComplaint(complaint);
    }
  };

  readonly onPicture = (picture: DecodedPicture): void => {
    this.#waiting.push(picture);
    this.#readOn();
  };

  readonly onEnd = (end: DecoderEnd): void => {
    this.#end = end;
    this.#readOn();
  };

  /** What is to be said of a source that gives nothing any more. */
  readonly silent = (seconds: number): PipelineError => {
    const fact = `nothing came for ${seconds} s`;
    return this.#numPictures === 0
      ? unreadableVideo(this.#options.name, fact)
      : this.#damaged(fact);
  };

  #readOn(): void {
    const { subscriber } = this.#options;
    try {
      while (!subscriber.closed && this.#logState !== 'reading') {
        const [picture] = this.#waiting;
        if (picture === undefined) {
          if (this.#end !== undefined) {
            this.#finish(this.#end);
          }
          return;
        }
        if (this.#logState === 'unread' && this.#damage.isHole(picture.pts, this.#usualStep)) {
          this.#readLogFirst();
          return;
        }
        this.#logState = 'unread';
        this.#waiting.shift();
        this.#take(picture);
      }
    } catch (thrown) {
      subscriber.error(toError(thrown)); // of the options' functions: the decoder that called has no use for it
    }
  }

  /** FFmpeg says why a picture is missing before it writes the next; two turns later that has been read, too. */
  #readLogFirst(): void {
    this.#logState = 'reading';
    setImmediate(() =>
      setImmediate(() => {
        this.#logState = 'read';
        this.#readOn();
      }),
    );
  }

  #take({ slot, pts }: DecodedPicture): void {
    const { request, subscriber } = this.#options;
    const isBehindHole = this.#damage.isHole(pts, this.#usualStep);
    if (isBehindHole && this.#damage.isDamage && !this.#passDamage()) {
      return;
    }
    if (this.#numPictures === 0) {
      this.#open();
      if (subscriber.closed) {
        return;
      }
    }
    this.#damage.deliver(pts, isBehindHole);
    this.#log.markFrame();
    this.#lastPts = pts;
    const index = this.#numPictures;
    this.#numPictures += 1;
    if (index % request.stride === 0) {
      this.#emit(slot, index);
    } else {
      this.pool.release(slot);
    }
  }

  #open(): void {
    const { durationSeconds: duration, framesPerSecond } = this.#log;
    this.#options.onOpen({
      ...(duration === undefined ? {} : { duration }),
      ...(framesPerSecond === undefined ? {} : { framesPerSecond }),
    });
  }

  #emit(slot: number, index: number): void {
    const arrivedAtMs = performance.now();
    const workedSinceMs = Math.max(this.#lastArrivalMs, this.pool.unblockedAtMs);
    this.#lastArrivalMs = arrivedAtMs;
    this.#numFrames += 1;
    const facts = {
      index,
      pts: this.#lastPts,
      capturedAt: Date.now(),
      arrivedAtMs,
      decodeMs: arrivedAtMs - workedSinceMs,
    };
    this.#options.subscriber.next(this.#maker.make(slot, facts));
  }

  /** The decoder has ended, and all of its pictures are handed on. */
  #finish({ code, signal, error }: DecoderEnd): void {
    const { name, subscriber, maxFrames, onBroken } = this.#options;
    const crash = error ?? (signal === undefined ? undefined : new Error(endedEarly(signal)));
    if (this.#numFrames === maxFrames) {
      subscriber.complete();
    } else if (this.#numPictures === 0) {
      if (crash === undefined || !onBroken(crash)) {
        subscriber.error(unreadableVideo(name, crash?.message ?? this.#log.problem, crash));
      }
    } else if (crash !== undefined) {
      subscriber.error(this.#damaged(crash.message, crash));
    } else if ((!this.#isDamagedAtEnd(code) || this.#passDamage()) && this.#passRepaired()) {
      subscriber.complete();
    }
  }

  #isDamagedAtEnd(code: number): boolean {
    const { durationSeconds } = this.#log;
    return code !== 0 || this.#damage.isDamagedAtEnd(durationSeconds, this.#usualStep);
  }

  get #usualStep(): number {
    return 1 / (this.#log.framesPerSecond ?? USUAL_RATE);
  }

  /** Tells of damage. @returns whether what comes behind it is wanted */
  #passDamage(): boolean {
    const isPassed = this.#pass(this.#damaged(this.#log.problem ?? 'the decoder gave up'));
    this.#damage.reset();
    this.#log.problem = undefined;
    return isPassed;
  }

  /** Tells of pictures that were repaired, at the end: which they are is not known. */
  #passRepaired(): boolean {
    const { numRepaired } = this.#log;
    const { name } = this.#options;
    const place = { seconds: this.#repairedNear ?? 0, numFrames: this.#numFrames };
    return numRepaired === 0 || this.#pass(repairedVideo(name, numRepaired, place));
  }

  #pass(error: PipelineError): boolean {
    const { onFault, subscriber } = this.#options;
    if (onFault === undefined) {
      subscriber.error(error);
      return false;
    }
    onFault(error);
    return true;
  }

  #damaged(fact: string, cause?: Error): PipelineError {
    const place = { seconds: this.#lastPts, index: this.#numPictures - 1 };
    return damagedVideo(this.#options.name, fact, { ...place, numFrames: this.#numFrames }, cause);
  }
}
