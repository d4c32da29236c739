import type { Subscriber } from 'rxjs';
import { PipelineError } from '../../../models/core/errors.ts';
import type { Frame } from '../../../models/core/types.ts';
import { FramePool } from '../frames/framePool.ts';
import type { Picture } from './fitPicture.ts';
import { inspectPicture, unreadablePicture } from './inspectPicture.ts';
import type { PictureFacts } from './inspectPicture.ts';
import { pictureBytes, pictureFrame } from './pictureFrame.ts';
import type { FitRequest } from './pictureFrame.ts';
import { PictureFile } from './readPicture.ts';

/** How pictures become frames. */
export interface ImageSettings extends FitRequest {
  /** Name of the source in every frame. */
  readonly source: string;
  readonly stride: number;
  /** Infinity for all. */
  readonly maxFrames: number;
  /** Of pictures that do not say how long they are shown. */
  readonly framesPerSecond: number;
  readonly maxOpenFrames: number;
  readonly loop: boolean;
  /** Whether frames tell their file. */
  readonly namesFiles: boolean;
  readonly onFault: ((error: PipelineError) => void) | undefined;
}

/** What is known of pictures before the first frame. */
export interface ImageFacts {
  /** Frames to be expected; of several files that hold several pictures each there are more. */
  readonly numImages: number;
  /** Of a single file of several pictures, seconds. */
  readonly duration?: number;
  /** The same: how many it has in a second, on average. */
  readonly framesPerSecond?: number;
}

/**
 * Reads picture files into frames, in their order.
 * @param onOpen told before the first frame
 * @returns settled when all are read, or when nobody listens; the subscriber is not told
 * @throws PipelineError ERR_VIDEO_OPEN of a file, where nobody takes the fault
 */
export async function readImages(
  paths: readonly string[],
  settings: ImageSettings,
  onOpen: (facts: ImageFacts) => void,
  subscriber: Subscriber<Frame>,
): Promise<void> {
  const [first = ''] = paths;
  const facts = paths.length === 1 ? await inspectPicture(first).catch(() => undefined) : undefined;
  const { numPages = 1, delays } = facts ?? {};
  const numPictures = paths.length - 1 + numPages;
  const { stride, maxFrames, framesPerSecond } = settings;
  const numImages = Math.min(Math.ceil(numPictures / stride), maxFrames);
  const duration = delays?.reduce((sum, delay) => sum + delay, 0) ?? numPages / framesPerSecond;
  const times = { duration, framesPerSecond: numPages / duration };
  onOpen({ numImages, ...(numPages > 1 ? times : {}) });
  await new ImageReader(settings, subscriber).read(paths);
}

/** Reads picture after picture into slots, and waits while all are held. */
class ImageReader {
  readonly #settings: ImageSettings;
  readonly #subscriber: Subscriber<Frame>;
  readonly #pool: FramePool;
  readonly #free: number[];
  /** Wakes the reading that waits for a slot. */
  #wake = (): void => undefined;
  /** Number of the next picture. */
  #index = 0;
  /** Pictures so far that do not say how long they are shown, and the seconds of those that do. */
  #numTimeless = 0;
  #seconds = 0;
  #numFrames = 0;

  constructor(settings: ImageSettings, subscriber: Subscriber<Frame>) {
    this.#settings = settings;
    this.#subscriber = subscriber;
    const { maxOpenFrames } = settings;
    this.#pool = new FramePool(maxOpenFrames, pictureBytes(settings));
    this.#free = Array.from({ length: maxOpenFrames }, (_, slot) => slot);
    this.#pool.resumeWriter = (slot) => {
      this.#free.push(slot);
      this.#wake();
    };
    subscriber.add(() => this.#wake());
  }

  /** Reads files in their order, again and again where that is asked for; settles at the end, or when nobody listens. */
  async read(paths: readonly string[]): Promise<void> {
    for (let hasMore = true; hasMore;) {
      const numBefore = this.#numFrames;
      for (const path of paths) {
        if (this.#isDone()) {
          return;
        }
        await this.#readFile(path).catch((thrown: unknown) => this.#passFault(thrown));
      }
      hasMore = this.#settings.loop && this.#numFrames > numBefore;
    }
  }

  /** Tells of a file that cannot be read. @throws the error where nobody takes it */
  #passFault(thrown: unknown): void {
    const { onFault } = this.#settings;
    if (!(thrown instanceof PipelineError) || onFault === undefined) {
      throw thrown;
    }
    if (!this.#subscriber.closed) {
      onFault(thrown);
    }
  }

  async #readFile(path: string): Promise<void> {
    const { stride } = this.#settings;
    const facts = await this.#inspect(path);
    const file = new PictureFile(path, facts, this.#settings);
    for (let page = 0; page < facts.numPages && !this.#isDone(); page++) {
      const place = this.#take(facts.delays?.[page]);
      if (place.index % stride === 0) {
        const startedMs = performance.now();
        const picture = await file.read(page);
        await this.#give(picture, { ...place, path, decodeMs: performance.now() - startedMs });
      }
    }
  }

  /** @throws PipelineError, after its place was counted */
  async #inspect(path: string): Promise<PictureFacts> {
    try {
      const facts = await inspectPicture(path);
      if (facts.isVideo) {
        const fact =
          'it moves, and only FFmpeg reads that; give it as a source of its own (fromVideo)';
        throw unreadablePicture(path, new TypeError(fact));
      }
      return facts;
    } catch (thrown) {
      this.#take(undefined);
      throw thrown;
    }
  }

  /** The next picture's number and time. @param delay how long it is shown, seconds, where that is said */
  #take(delay: number | undefined): { readonly index: number; readonly pts: number } {
    const pts = this.#numTimeless / this.#settings.framesPerSecond + this.#seconds;
    if (delay === undefined) {
      this.#numTimeless += 1;
    } else {
      this.#seconds += delay;
    }
    return { index: this.#index++, pts };
  }

  /** Hands a picture on as soon as a slot is free, unless nobody listens any more. */
  async #give(
    picture: Picture,
    { path, ...place }: { path: string; index: number; pts: number; decodeMs: number },
  ): Promise<void> {
    const slot = await this.#freeSlot();
    if (slot === undefined || this.#subscriber.closed) {
      return;
    }
    const { source, namesFiles } = this.#settings;
    const facts = {
      ...{ source, ...place, ...(namesFiles ? { file: path } : {}) },
      ...{ capturedAt: Date.now(), arrivedAtMs: performance.now() },
    };
    this.#numFrames += 1;
    this.#subscriber.next(pictureFrame(picture, this.#settings, facts, this.#pool, slot));
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

  #isDone(): boolean {
    return this.#subscriber.closed || this.#numFrames === this.#settings.maxFrames;
  }
}
