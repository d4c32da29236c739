import type { Readable } from 'node:stream';
import { toError } from '../../../models/core/errors.ts';
import type { DecodedPicture } from '../ffmpeg/decoder.ts';
import type { FramePool } from '../frames/framePool.ts';
import { pictureSink } from './pictureSink.ts';

/** What a reader tells. */
export interface PictureReaderEvents {
  readonly onPicture: (picture: DecodedPicture) => void;
  /** The output is not what was asked for. */
  readonly onFault: (error: Error) => void;
}

/** Copies a child's output into slots, and pauses it while none is free. */
export class PictureReader {
  readonly #stdout: Readable;
  readonly #sink: ReturnType<typeof pictureSink>;
  readonly #onFault: (error: Error) => void;
  /** What was read and found no slot yet. */
  #rest: Uint8Array = new Uint8Array();
  /** While pictures are being handed out: a frame that is closed at once must not start it again. */
  #draining = false;
  #stopped = false;
  /** Told once nothing is left to copy; set when the output has ended. */
  #onDrained: (() => void) | undefined;

  constructor(stdout: Readable, pool: FramePool, { onPicture, onFault }: PictureReaderEvents) {
    this.#stdout = stdout;
    this.#onFault = onFault;
    this.#sink = pictureSink(pool.shared, (picture) => {
      if (!this.#stopped) {
        onPicture(picture);
      }
    });
    pool.resumeWriter = () => this.#resume();
    stdout.on('error', () => undefined); // the child's end says more
    stdout.on('data', (chunk: Buffer) => {
      if (this.#stopped) {
        return; // its slots may belong to the next run already
      }
      // while paused, too: Node lets a child's last output flow once the child has ended
      this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
      this.#drain();
      if (this.#rest.length > 0) {
        stdout.pause();
      }
    });
  }

  stop(): void {
    this.#stopped = true;
  }

  /** The output has ended. @param then called once all of it is handed out */
  end(then: () => void): void {
    if (this.#rest.length === 0) {
      then();
    } else {
      this.#onDrained = then;
    }
  }

  #drain(): void {
    this.#draining = true;
    try {
      const taken = this.#sink.write(this.#rest);
      this.#rest = this.#rest.subarray(taken);
    } catch (thrown) {
      this.#stopped = true;
      this.#onFault(toError(thrown));
    }
    this.#draining = false;
  }

  #resume(): void {
    if (!this.#stopped && !this.#draining && this.#rest.length > 0) {
      this.#drain();
      if (this.#rest.length === 0) {
        this.#stdout.resume();
        this.#onDrained?.();
      }
    }
  }
}
