import { fileURLToPath } from 'node:url';
import type { Observable } from 'rxjs';
import type { Frame, ImageSpec, PipelineError } from '../models/index.ts';
import { sourceName } from '../models/sourceName.ts';
import { fromImages, fromVideo, isImageSource } from '../operators/index.ts';
import type { DecoderChoice } from '../operators/index.ts';

/** The clip inside this package, which `serve` plays when no source is named. */
export const DEMO_CLIP: string = fileURLToPath(new URL('./demo/campus.mp4', import.meta.url));

/** What is known of a source when its first frame comes. */
export interface SourceFacts {
  /** Frames to be expected, where that can be known. */
  readonly numFrames?: number;
  /** Frames a second that are given, where that can be known. */
  readonly framesPerSecond?: number;
  /** `native`, `wasm` or `images`. */
  readonly decoder: string;
}

/** How a source is opened, whatever it is. */
export interface OpenSourceOptions {
  readonly image: ImageSpec;
  /** Name in every message. Default: the file's name. */
  readonly name?: string | undefined;
  readonly decoder?: DecoderChoice | undefined;
  /** Longest side of the pictures for people, pixels; 0 for none. */
  readonly display?: number | undefined;
  readonly stride?: number | undefined;
  readonly maxFrames?: number | undefined;
  /** Videos only: frames that may be open at a time. Default: as `fromVideo` has it. */
  readonly maxOpenFrames?: number;
  /** Videos only: start again at the end. */
  readonly loop?: boolean | undefined;
  readonly onOpen?: ((facts: SourceFacts) => void) | undefined;
  /** Told of a picture that cannot be read and is left out. */
  readonly onFault?: ((error: PipelineError) => void) | undefined;
}

/**
 * Opens what a user typed: a video, a URL, `-`, a picture, a folder or a glob of pictures.
 * @returns frames; see `fromVideo` and `fromImages` for their errors
 * **Owns:** the subscriber gets each frame and closes it.
 */
export function openSource(source: string, options: OpenSourceOptions): Observable<Frame> {
  const { image, name, display = 0, stride = 1, maxFrames = 0, onOpen, onFault } = options;
  const common = { source: name ?? sourceName(source), image, display, stride, maxFrames };
  if (source !== '-' && isImageSource(source)) {
    return fromImages(source, {
      ...common,
      onOpen: ({ numImages }) => onOpen?.({ numFrames: numImages, decoder: 'images' }),
      ...(onFault === undefined ? {} : { onFault }),
    });
  }
  return fromVideo(source, {
    ...common,
    decoder: options.decoder ?? 'auto',
    loop: options.loop ?? false,
    ...(options.maxOpenFrames === undefined ? {} : { maxOpenFrames: options.maxOpenFrames }),
    onOpen({ decoder, duration, framesPerSecond }) {
      const all =
        duration !== undefined && framesPerSecond !== undefined
          ? Math.ceil(Math.round(duration * framesPerSecond) / stride)
          : undefined;
      const numFrames = maxFrames > 0 ? Math.min(maxFrames, all ?? maxFrames) : all;
      onOpen?.({
        decoder,
        ...(numFrames === undefined ? {} : { numFrames }),
        ...(framesPerSecond === undefined ? {} : { framesPerSecond: framesPerSecond / stride }),
      });
    },
  });
}
