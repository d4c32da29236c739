import { basename, resolve } from 'node:path';
import { Observable } from 'rxjs';
import type { Subscriber } from 'rxjs';
import { PipelineError, toError } from '../models/errors.ts';
import { bundledImageSpec } from '../models/index.ts';
import { maskFor } from '../models/secrets.ts';
import type { Frame, ImageSpec } from '../models/types.ts';
import { expectInteger, expectKnownKeys, expectNumber } from '../models/validate.ts';
import { findImages } from './images/findImages.ts';
import type { Picture } from './images/fitPicture.ts';
import { pictureBytes, pictureFrame } from './images/pictureFrame.ts';
import type { FitRequest } from './images/pictureFrame.ts';
import { readPicture } from './images/readPicture.ts';
import { maskErrors } from './maskErrors.ts';
import { FrameSlots } from './video/frameSlots.ts';

/** Options of `fromImages`. */
export interface FromImagesConfig {
  /** Name of the source in every frame. Default: the name of the folder, file or glob. */
  readonly source?: string;
  /** How the model wants its pictures: `detector.model.image`. Default: as the bundled model does. */
  readonly image?: ImageSpec;
  /** Also give each frame a picture for people, this many pixels along its longer side; 0 for none. Default 0. */
  readonly display?: number;
  /** Read every n-th picture only. Default 1. */
  readonly stride?: number;
  /** End after so many frames; 0 for all. Default 0. */
  readonly maxFrames?: number;
  /** Media time between pictures is 1 ÷ this, seconds. Default 1. */
  readonly framesPerSecond?: number;
  /** Frames that may be open at a time before reading waits, 2 or more. Default 4. */
  readonly maxOpenFrames?: number;
  /** Told how many pictures will be read, before the first frame. */
  readonly onOpen?: (facts: { readonly numImages: number }) => void;
  /** Told of a picture that cannot be read, which is then left out; without it, it is an error. */
  readonly onFault?: (error: PipelineError) => void;
}

const KEYS =
  'source image display stride maxFrames framesPerSecond maxOpenFrames onOpen onFault'.split(' ');

/**
 * Reads pictures as frames, ready for the model.
 * A folder of photographs becomes a stream like a video.
 *
 * ```text
 *  fromImages(folder)      -f-f-f-|     each f closed by its consumer
 *  an unreadable picture   -f-#         or, with onFault: -f---f-|
 * ```
 *
 * Cold. In the order of the names, 2 before 10; turned upright as the camera noted. No more than
 * `maxOpenFrames` are open at a time. The frame's `file` is the picture's path.
 * @param source a picture, a folder, a glob, or a list of pictures
 * @returns frames; **errors:** ERR_VIDEO_OPEN where there is no picture, or one cannot be read and
 * nobody takes the fault
 * @throws TypeError, RangeError for wrong options
 * **Owns:** the subscriber gets each frame and closes it; `detect` and `encode` do.
 */
export function fromImages(
  source: string | readonly string[],
  config: FromImagesConfig = {},
): Observable<Frame> {
  expectKnownKeys('fromImages', config, KEYS);
  const settings: Settings = {
    source: config.source ?? (typeof source === 'string' ? basename(resolve(source)) : 'images'),
    image: config.image ?? bundledImageSpec(),
    display: expectInteger('display', config.display ?? 0, { min: 0, max: 4096 }),
    stride: expectInteger('stride', config.stride ?? 1, { min: 1 }),
    maxFrames: expectInteger('maxFrames', config.maxFrames ?? 0, { min: 0 }) || Infinity,
    framesPerSecond: expectNumber('framesPerSecond', config.framesPerSecond ?? 1, { above: 0 }),
    maxOpenFrames: expectInteger('maxOpenFrames', config.maxOpenFrames ?? 4, { min: 2 }),
    onFault: config.onFault,
  };
  return new Observable<Frame>((subscriber) => {
    try {
      const paths = typeof source === 'string' ? findImages(source) : source;
      const files = paths
        .map((path, index) => ({ path, index }))
        .filter(({ index }) => index % settings.stride === 0);
      if (files.length === 0) {
        throw new PipelineError('ERR_VIDEO_OPEN', 'The list of pictures is empty');
      }
      config.onOpen?.({ numImages: Math.min(files.length, settings.maxFrames) });
      new ImageReader(settings, subscriber).read(files).then(
        () => subscriber.complete(),
        (error: unknown) => subscriber.error(error),
      );
    } catch (thrown) {
      subscriber.error(toError(thrown));
    }
  }).pipe(maskErrors(maskFor(typeof source === 'string' ? source : '')));
}

interface Settings extends FitRequest {
  readonly source: string;
  readonly stride: number;
  readonly maxFrames: number;
  readonly framesPerSecond: number;
  readonly maxOpenFrames: number;
  readonly onFault: ((error: PipelineError) => void) | undefined;
}

/** Reads picture after picture into slots, and waits while all are held. */
class ImageReader {
  readonly #settings: Settings;
  readonly #subscriber: Subscriber<Frame>;
  readonly #slots: FrameSlots;
  readonly #free: number[];
  /** Wakes the reading that waits for a slot. */
  #wake = (): void => undefined;

  constructor(settings: Settings, subscriber: Subscriber<Frame>) {
    this.#settings = settings;
    this.#subscriber = subscriber;
    const { maxOpenFrames } = settings;
    this.#slots = new FrameSlots(maxOpenFrames, pictureBytes(settings));
    this.#free = Array.from({ length: maxOpenFrames }, (_, slot) => slot);
    this.#slots.onRelease = (slot) => {
      this.#free.push(slot);
      this.#wake();
    };
    subscriber.add(() => this.#wake());
  }

  async read(files: readonly { readonly path: string; readonly index: number }[]): Promise<void> {
    const { maxFrames, onFault } = this.#settings;
    let numFrames = 0;
    for (const { path, index } of files) {
      if (numFrames === maxFrames || this.#subscriber.closed) {
        return;
      }
      const startedMs = performance.now();
      let picture: Picture;
      try {
        picture = await readPicture(path, this.#settings);
      } catch (thrown) {
        if (!(thrown instanceof PipelineError) || onFault === undefined) {
          throw thrown;
        }
        if (this.#subscriber.closed) {
          return;
        }
        onFault(thrown);
        continue;
      }
      const decodeMs = performance.now() - startedMs;
      const slot = await this.#freeSlot();
      if (slot === undefined || this.#subscriber.closed) {
        return;
      }
      numFrames += 1;
      this.#subscriber.next(this.#frame(picture, slot, { path, index, decodeMs }));
    }
  }

  /** @returns a free slot, or nothing once nobody listens */
  async #freeSlot(): Promise<number | undefined> {
    while (this.#free.length === 0 && !this.#subscriber.closed) {
      await new Promise<void>((wake) => {
        this.#wake = wake;
      });
    }
    return this.#free.shift();
  }

  #frame(
    picture: Picture,
    slot: number,
    { path, index, decodeMs }: { path: string; index: number; decodeMs: number },
  ): Frame {
    const { source, framesPerSecond } = this.#settings;
    const facts = {
      ...{ source, index, pts: index / framesPerSecond, decodeMs, file: path },
      ...{ capturedAt: Date.now(), arrivedAtMs: performance.now() },
    };
    return pictureFrame(picture, this.#settings, facts, this.#slots, slot);
  }
}
