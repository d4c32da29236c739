import { resolve } from 'node:path';
import { Observable } from 'rxjs';
import { PipelineError, toError } from '../../models/core/errors.ts';
import { bundledImageSpec } from '../../models/index.ts';
import { maskFor } from '../../models/core/secrets.ts';
import { sourceName } from '../../models/core/sourceName.ts';
import type { Frame, ImageSpec } from '../../models/core/types.ts';
import { expectInteger, expectKnownKeys, expectNumber } from '../../models/core/validate.ts';
import { readImages } from '../media/pictures/imageReader.ts';
import type { ImageFacts, ImageSettings } from '../media/pictures/imageReader.ts';
import { maskErrors } from './maskErrors.ts';
import { findFiles } from './findFiles.ts';
import type { FoundFiles } from './findFiles.ts';
import { kindOfSource } from './kindOfSource.ts';
import { pathOf } from '../media/input/videoInput.ts';

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
  /** Start again at the end, for ever; time and index go on. Default false. */
  readonly loop?: boolean;
  /** Told before the first frame how many pictures will be read, and how many of what were left out. */
  readonly onOpen?: (facts: {
    readonly numImages: number;
    readonly leftOut: FoundFiles['leftOut'];
  }) => void;
  /** Told of a picture that cannot be read, which is then left out; without it, it is an error. */
  readonly onFault?: (error: PipelineError) => void;
}

const KEYS =
  'source image display stride maxFrames framesPerSecond maxOpenFrames loop onOpen onFault'.split(
    ' ',
  );

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
 * `maxOpenFrames` are open at a time. The frame's `file` is the picture's path. A file that holds several
 * (GIF, WebP, TIFF) gives all of them, for as long as each is shown.
 * @param source a picture, a folder (not those below), a glob, or a list of pictures
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
  const settings: ImageSettings = {
    source: config.source ?? (typeof source === 'string' ? sourceName(resolve(source)) : 'images'),
    image: config.image ?? bundledImageSpec(),
    display: expectInteger('display', config.display ?? 0, { min: 0, max: 4096 }),
    stride: expectInteger('stride', config.stride ?? 1, { min: 1 }),
    maxFrames: expectInteger('maxFrames', config.maxFrames ?? 0, { min: 0 }) || Infinity,
    framesPerSecond: expectNumber('framesPerSecond', config.framesPerSecond ?? 1, { above: 0 }),
    maxOpenFrames: expectInteger('maxOpenFrames', config.maxOpenFrames ?? 4, { min: 2 }),
    loop: config.loop ?? false,
    namesFiles: true,
    onFault: config.onFault,
  };
  return new Observable<Frame>((subscriber) => {
    const read = async (): Promise<void> => {
      const { pictures, leftOut } = await picturesOf(source);
      const onOpen = ({ numImages }: ImageFacts): void => config.onOpen?.({ numImages, leftOut });
      if (!subscriber.closed) {
        await readImages(pictures, settings, onOpen, subscriber);
      }
    };
    read().then(
      () => subscriber.complete(),
      (thrown: unknown) => subscriber.error(toError(thrown)),
    );
  }).pipe(maskErrors(maskFor(typeof source === 'string' ? [source] : [])));
}

async function picturesOf(
  source: string | readonly string[],
): Promise<Pick<FoundFiles, 'pictures' | 'leftOut'>> {
  if (typeof source !== 'string') {
    if (source.length === 0) {
      throw new PipelineError('ERR_VIDEO_OPEN', 'The list of pictures is empty');
    }
    return { pictures: source, leftOut: {} };
  }
  const path = pathOf(source);
  const kind = await kindOfSource(path);
  if (kind !== 'folder' && kind !== 'glob') {
    return { pictures: [path], leftOut: {} };
  }
  const { pictures, videos, leftOut } = await findFiles(path);
  if (pictures.length === 0) {
    const fact = `\`${path}\` stands for videos (${videos.length}) and no pictures`;
    throw new PipelineError('ERR_VIDEO_OPEN', `${fact}; name each as a source of its own`);
  }
  return { pictures, leftOut: { ...leftOut, ...(videos.length > 0 && { videos: videos.length }) } };
}
