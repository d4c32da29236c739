import { closeSync, openSync, renameSync } from 'node:fs';
import { Observable, defer, map, of, switchMap, take } from 'rxjs';
import type { MonoTypeOperatorFunction } from 'rxjs';
import { PipelineError, invariant, toError } from '../../models/index.ts';
import { fileProblem } from '../../models/core/fileProblem.ts';
import type { DisplayImage, Frame, FrameDetections, ImageSpec } from '../../models/index.ts';
import {
  chooseEncoder,
  drawDetections,
  fromVideo,
  inferEvery,
  isByteStream,
  openVideoWriter,
  pathOf,
} from '../../operators/index.ts';
import type { DecoderChoice, VideoWriter } from '../../operators/index.ts';
import { copyOf } from './pictures.ts';
import { unfinished } from './unfinished.ts';
import type { Unfinished } from './unfinished.ts';

/** Frames that may be detected or drawn at a time: one each, and one in between. */
const MAX_UNDER_WAY = 3;
/** Frames that may be open: those that are let through, and one that comes. */
export const OPEN_FRAMES: number = MAX_UNDER_WAY + 1;
/** Longest side of a picture that is drawn, pixels. */
const MAX_SIDE = 4096;
/** Most pixels: 36,864 squares of 16, begun ones included, is what decoders of H.264 up to level 5.2 take. */
const MAX_PIXELS = 4080 * 2288;
/** The same where a source can't be looked at first, since what was read of it is gone. */
const STREAM_SIDE = 1920;

/**
 * Says how large a source's pictures are to be for drawing: as large as they are.
 * @returns the longest side, pixels; **errors:** as of `fromVideo`
 */
export function sideOf(
  source: string,
  image: ImageSpec,
  decoder: DecoderChoice,
): Observable<number> {
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(source) && !/^(https?|file):/i.test(source)) {
    return of(STREAM_SIDE);
  }
  return defer(() => isByteStream(pathOf(source)).catch(() => false)).pipe(
    switchMap((comesOnce) => (comesOnce ? of(STREAM_SIDE) : ownSide(source, image, decoder))),
  );
}

function ownSide(source: string, image: ImageSpec, decoder: DecoderChoice): Observable<number> {
  return fromVideo(source, { image, decoder, maxFrames: 1 }).pipe(
    take(1),
    map((frame) => {
      using seen = frame;
      const { width, height } = seen;
      const shrink = Math.min(1, Math.sqrt(MAX_PIXELS / (width * height)));
      return Math.min(MAX_SIDE, Math.floor(Math.max(width, height) * shrink));
    }),
  );
}

/**
 * A video in the making, of one source's frames with what was found in each drawn in. It is written under another
 * name beside its own, and gets its own at the end: there is never half of it.
 */
export class AnnotatedVideo {
  readonly #file: string;
  readonly #partial: Unfinished;
  readonly #encoder: 'native' | 'wasm';
  /** Pictures whose frame is being detected, by its index. */
  readonly #seen = new Map<number, DisplayImage>();
  /** Frames that were let through and are not written yet. */
  #numUnderWay = 0;
  /** Wakes the frame that waits until there are fewer. */
  #wake: (() => void) | undefined;
  /** Settles when all frames that were taken are written. */
  #written: Promise<void> = Promise.resolve();
  /** Size of the video; the first frame's. */
  #size: Pick<DisplayImage, 'width' | 'height'> | undefined;
  #writer: VideoWriter | undefined;
  #failure: Error | undefined;
  /** About how many frames it has in a second, where that is known. */
  #framesPerSecond: number | undefined;
  #numFrames = 0;

  /**
   * @param file the video's own name
   * @throws RangeError where it can't be written or encoded; PipelineError ERR_VIDEO_OPEN, see `chooseEncoder`
   */
  constructor(file: string, decoder: DecoderChoice) {
    this.#file = file;
    this.#encoder = chooseEncoder(decoder);
    try {
      this.#partial = unfinished(file, () => this.#writer?.stop());
      closeSync(openSync(this.#partial.path, 'wx'));
    } catch (thrown) {
      const why = fileProblem(thrown);
      throw new RangeError(`\`--save ${file}\` can't be written: ${why}; choose another place`);
    }
  }

  /** Tells about how many frames there will be in a second, before the first, where that is known. */
  begin(framesPerSecond: number | undefined): void {
    this.#framesPerSecond = framesPerSecond;
  }

  /** Lets frames through as fast as they are drawn and encoded; the others stay open and slow their source down. */
  pace(): MonoTypeOperatorFunction<Frame> {
    return inferEvery((frame) => this.#letThrough(frame), { onDropped: (frame) => frame.close() });
  }

  /** Keeps the picture of an open frame that is about to be detected. */
  see(frame: Frame): void {
    invariant(frame.display !== undefined, 'the source was asked for pictures');
    this.#seen.set(frame.index, copyOf(frame.display));
  }

  /** Draws and writes a frame that was seen, behind those before it. What goes wrong is told by `pace` and `finish`. */
  take(result: FrameDetections): void {
    const picture = this.#seen.get(result.frame);
    invariant(picture !== undefined, 'each result is of a frame that was seen');
    this.#seen.delete(result.frame);
    this.#written = this.#written
      .then(() => this.#write(picture, result))
      .catch((thrown: unknown) => void (this.#failure ??= this.#named(thrown)))
      .finally(() => {
        this.#numUnderWay -= 1;
        this.#wake?.();
      });
  }

  /**
   * Ends the video with the frames that were taken, and gives it its name. Where there are none, or it can't be
   * written, nothing is left, and what had the name before stays.
   * @returns how many frames it has; 0 where there is none
   * @throws PipelineError ERR_OUTPUT
   */
  async finish(): Promise<number> {
    try {
      await this.#written;
      if (this.#failure !== undefined) {
        throw this.#failure;
      }
      if (this.#writer === undefined) {
        return 0;
      }
      await this.#writer.finish();
      renameSync(this.#partial.path, this.#file);
      return this.#numFrames;
    } catch (thrown) {
      throw thrown === this.#failure ? thrown : this.#named(thrown);
    } finally {
      this.#partial.discard();
    }
  }

  #letThrough(frame: Frame): Observable<Frame> {
    return new Observable((subscriber) => {
      let isOurs = true;
      this.#room().then(
        () => {
          if (!subscriber.closed) {
            isOurs = false;
            this.#numUnderWay += 1;
            subscriber.next(frame);
            subscriber.complete();
          }
        },
        (error: unknown) => subscriber.error(error),
      );
      return () => {
        if (isOurs) {
          frame.close();
        }
      };
    });
  }

  async #room(): Promise<void> {
    while (this.#numUnderWay >= MAX_UNDER_WAY && this.#failure === undefined) {
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    if (this.#failure !== undefined) {
      throw this.#failure;
    }
  }

  async #write(picture: DisplayImage, result: FrameDetections): Promise<void> {
    if (this.#failure !== undefined) {
      return;
    }
    const { width, height } = (this.#size ??= picture);
    const pixels = await drawDetections(picture, result, { width, height });
    this.#writer ??= openVideoWriter(this.#partial.path, {
      ...{ width, height, framesPerSecond: this.#framesPerSecond },
      encoder: this.#encoder,
    });
    await this.#writer.write(pixels, result.pts);
    this.#numFrames += 1;
  }

  /** An error in the words of who knows the video by its own name. */
  #named(thrown: unknown): PipelineError {
    const cause = toError(thrown);
    const fact = cause.message.replaceAll(this.#partial.path, this.#file);
    return new PipelineError(
      'ERR_OUTPUT',
      cause instanceof PipelineError ? fact : `Cannot write the video \`${this.#file}\`: ${fact}`,
      { cause },
    );
  }
}
