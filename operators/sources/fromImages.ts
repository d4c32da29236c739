import { resolve } from 'node:path';
import { Observable } from 'rxjs';
import { PipelineError, toError } from '../../models/core/errors.ts';
import { bundledImageSpec } from '../../models/index.ts';
import { maskFor } from '../../models/core/secrets.ts';
import { sourceName } from '../../models/core/sourceName.ts';
import type { Frame } from '../../models/core/types.ts';
import { resolveOptions } from '../../models/core/resolveOptions.ts';
import { readImages } from '../media/pictures/imageReader.ts';
import type { ImageFacts, ImageSettings } from '../media/pictures/imageReader.ts';
import { maskErrors } from './maskErrors.ts';
import { findFiles } from './findFiles.ts';
import type { FoundFiles } from './findFiles.ts';
import { kindOfSource } from './kindOfSource.ts';
import { FROM_IMAGES_OPTIONS } from './sourceOptions.ts';
import type { FromImagesConfig } from './sourceOptions.ts';
import { pathOf } from '../media/input/videoInput.ts';

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
  const { onOpen: reportOpen, ...options } = resolveOptions(
    'fromImages',
    FROM_IMAGES_OPTIONS,
    config,
  );
  const settings: ImageSettings = {
    ...options,
    source: options.source ?? (typeof source === 'string' ? sourceName(resolve(source)) : 'images'),
    image: options.image ?? bundledImageSpec(),
    maxFrames: options.maxFrames || Infinity,
    namesFiles: true,
  };
  return new Observable<Frame>((subscriber) => {
    const read = async (): Promise<void> => {
      const { pictures, leftOut } = await picturesOf(source);
      const onOpen = ({ numImages }: ImageFacts): void => reportOpen?.({ numImages, leftOut });
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
