import { fileURLToPath } from 'node:url';
import { defer, from, switchMap } from 'rxjs';
import type { Observable } from 'rxjs';
import type { OptionTable } from '../../models/core/options.ts';
import { resolveOptions } from '../../models/core/resolveOptions.ts';
import type { Frame, ImageSpec, PipelineError } from '../../models/index.ts';
import { sourceName } from '../../models/core/sourceName.ts';
import { fromImages, fromVideo, kindOfSource, pathOf } from '../../operators/index.ts';
import type { DecoderChoice, FromImagesConfig, OnDamage } from '../../operators/index.ts';
import { FROM_VIDEO_OPTIONS } from '../../operators/options.ts';

/** The clip inside this package, which `serve` plays when no source is named. */
export const DEMO_CLIP: string = fileURLToPath(new URL('../demo/campus.mp4', import.meta.url));

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
  /** Start again at the end. */
  readonly loop?: boolean | undefined;
  /** Videos only: what becomes of a damaged one. Default `stop`. */
  readonly onDamage?: OnDamage;
  /** Videos only: as `fromVideo` has it. */
  readonly followLinks?: boolean | undefined;
  readonly onOpen?: ((facts: SourceFacts) => void) | undefined;
  /** Told of a picture that cannot be read and is left out, and of damage that is left behind. */
  readonly onFault?: ((error: PipelineError) => void) | undefined;
}

const { decoder, display, stride, maxFrames, maxOpenFrames, loop, onDamage, followLinks } =
  FROM_VIDEO_OPTIONS;
const OPTIONS: OptionTable<OpenSourceOptions> = {
  ...{ decoder, display, stride, maxFrames, maxOpenFrames, loop, onDamage, followLinks },
  image: { type: 'value', required: true },
  name: { type: 'text' },
  onOpen: { type: 'hook' },
  onFault: { type: 'hook' },
};

/**
 * Opens what a user typed: a video, a URL, `-`, a picture, a folder or a glob of pictures.
 * @returns frames; see `fromVideo` and `fromImages` for their errors
 * @throws TypeError on an unknown option, and as they do
 * **Owns:** the subscriber gets each frame and closes it.
 */
export function openSource(source: string, options: OpenSourceOptions): Observable<Frame> {
  resolveOptions('openSource', OPTIONS, options); // a mistake shows here, not at the subscription
  const path = pathOf(source);
  return defer(() => from(kindOfSource(path))).pipe(
    switchMap((kind) => (kind === 'video' ? openVideo(path, options) : openImages(path, options))),
  );
}

function openImages(path: string, options: OpenSourceOptions): Observable<Frame> {
  const { onOpen, onFault } = options;
  return fromImages(path, {
    ...commonOf(path, options),
    onOpen: ({ numImages }) => onOpen?.({ numFrames: numImages, decoder: 'images' }),
    ...(onFault === undefined ? {} : { onFault }),
  });
}

function openVideo(path: string, options: OpenSourceOptions): Observable<Frame> {
  const { stride = 1, maxFrames = 0, onOpen } = options;
  return fromVideo(path, {
    ...commonOf(path, options),
    decoder: options.decoder ?? 'auto',
    ...(options.maxOpenFrames === undefined ? {} : { maxOpenFrames: options.maxOpenFrames }),
    onDamage: options.onDamage ?? 'stop',
    followLinks: options.followLinks ?? true,
    ...(options.onFault === undefined ? {} : { onFault: options.onFault }),
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

function commonOf(
  path: string,
  { image, name, display = 0, stride = 1, maxFrames = 0, loop = false }: OpenSourceOptions,
): { readonly source: string } & Pick<
  FromImagesConfig,
  'image' | 'display' | 'stride' | 'maxFrames' | 'loop'
> {
  return { source: name ?? sourceName(path), image, display, stride, maxFrames, loop };
}
