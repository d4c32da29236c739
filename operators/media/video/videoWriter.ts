import { PipelineError, invariant, toError } from '../../../models/core/errors.ts';
import type { OptionTable } from '../../../models/core/options.ts';
import { resolveOptions } from '../../../models/core/resolveOptions.ts';
import type { DecoderChoice } from './videoOptions.ts';
import { hasX264, openEncoder, startNativeEncoder } from '../native/nativeEncoder.ts';
import { findFfmpeg } from '../native/nativeDecoder.ts';
import { pictureHead, streamHead } from './rawMatroska.ts';
import { startWasmEncoder } from '../wasm/wasmEncoder.ts';
import { WrittenTimes } from './writtenTimes.ts';

/** What a video is made of, and which FFmpeg makes it. */
export interface VideoWriterOptions {
  /** Size of every picture, pixels; where it is odd, the last column or line is left out. */
  readonly width: number;
  readonly height: number;
  /** About how many pictures a second has, for the encoder to plan; their times are what counts. Default 25. */
  readonly framesPerSecond?: number | undefined;
  /** Which FFmpeg encodes. Default: as `chooseEncoder` says. */
  readonly encoder?: 'native' | 'wasm' | undefined;
}

const OPTIONS: OptionTable<VideoWriterOptions> = {
  width: { type: 'integer', min: 1, required: true, unit: 'pixels' },
  height: { type: 'integer', min: 1, required: true, unit: 'pixels' },
  framesPerSecond: { type: 'number' },
  encoder: { type: 'choice', values: ['native', 'wasm'] },
};

/** A video file that is being written. */
export interface VideoWriter {
  /**
   * Adds a picture, in the order of their times. One call at a time.
   * @param pixels RGB, uint8 [height, width, 3]; borrowed until the next picture's promise settles: a hole of hours shows
   * it again
   * @param seconds since when it is to be seen; the first is seen from the beginning on
   * @returns settles when the encoder has taken it, which is how its pace reaches the caller
   * @throws PipelineError ERR_OUTPUT where the encoder has ended
   */
  write(pixels: Uint8Array, seconds: number): Promise<void>;
  /** Ends the file. @throws PipelineError ERR_OUTPUT */
  finish(): Promise<void>;
  /** Ends the encoder at once; the file is of no use then. Idempotent. */
  stop(): void;
}

const USUAL_RATE = 25;
const MIN_RATE = 0.001;
const MAX_RATE = 240;

/**
 * Says which FFmpeg can encode: the program, where it is there and has x264 inside, or the built-in one.
 * @throws PipelineError ERR_VIDEO_OPEN where the program is asked for and is not there; RangeError where it
 * has no x264
 */
export function chooseEncoder(choice: DecoderChoice = 'auto'): 'native' | 'wasm' {
  if (choice === 'wasm' || (choice === 'auto' && findFfmpeg() === undefined)) {
    return 'wasm';
  }
  const program = openEncoder();
  if (hasX264(program)) {
    return 'native';
  }
  if (choice === 'native') {
    throw new RangeError(
      `The \`ffmpeg\` program at ${program.path} has no encoder for H.264 (libx264); use the built-in one (wasm)`,
    );
  }
  return 'wasm';
}

/**
 * Writes pictures as a video that every browser and player opens: MP4, H.264, 4:2:0, its index at the beginning,
 * without sound. Memory stays flat, however long it is.
 * @param file is written over; half of it is there until `finish`, so give it a name of its own until then
 */
export function openVideoWriter(file: string, options: VideoWriterOptions): VideoWriter {
  const resolved = resolveOptions('openVideoWriter', OPTIONS, options);
  const {
    width,
    height,
    framesPerSecond = USUAL_RATE,
    encoder: which = chooseEncoder(),
  } = resolved;
  const encoder =
    which === 'native' ? startNativeEncoder(file, openEncoder()) : startWasmEncoder(file);
  // some containers tell the unit of their clock: an encoder would ask for a decoder as fast as that
  const plausible = Math.min(Math.max(framesPerSecond, MIN_RATE), MAX_RATE);
  const numBytes = width * height * 3;
  const times = new WrittenTimes(plausible);
  let last: Uint8Array | undefined;
  const told = async (work: Promise<void>): Promise<void> => {
    try {
      await work;
    } catch (cause) {
      const fact = `Cannot write the video \`${file}\`: ${toError(cause).message}`;
      throw new PipelineError('ERR_OUTPUT', fact, { cause });
    }
  };
  const put = async (pixels: Uint8Array, micros: number): Promise<void> => {
    await encoder.write(pictureHead(micros, numBytes));
    await encoder.write(pixels);
  };
  const add = async (pixels: Uint8Array, seconds: number): Promise<void> => {
    invariant(pixels.length === numBytes, 'all pictures of a video have one size');
    if (last === undefined) {
      await encoder.write(streamHead({ width, height, framesPerSecond: plausible }));
    }
    const { repeats, at } = times.next(seconds);
    for (const time of repeats) {
      await put(last ?? pixels, time);
    }
    await put(pixels, at);
    last = pixels;
  };
  return {
    write: (pixels, seconds) => told(add(pixels, seconds)),
    finish: () => told(encoder.end()),
    stop: () => encoder.stop(),
  };
}
