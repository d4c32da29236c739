/** The door to sharp for reading pictures: decodes, turns upright, fits. */
import sharp from 'sharp';
import { PipelineError, toError } from '../../models/errors.ts';
import { fitPicture } from './fitPicture.ts';
import type { Picture } from './fitPicture.ts';
import type { FitRequest } from './pictureFrame.ts';

/**
 * Reads one picture file.
 * @throws PipelineError ERR_VIDEO_OPEN where the file is missing or no picture
 */
export async function readPicture(path: string, request: FitRequest): Promise<Picture> {
  try {
    // decoded once, upright, without transparency; a picture cut short is an error, not half a picture
    const { data, info } = await sharp(path, { failOn: 'truncated' })
      .autoOrient()
      .toColourspace('srgb')
      .flatten()
      .removeAlpha()
      .raw()
      .toBuffer({ resolveWithObject: true });
    const { width, height, channels } = info;
    return await fitPicture({ data, width, height, channels }, request);
  } catch (thrown) {
    throw new PipelineError(
      'ERR_VIDEO_OPEN',
      `Cannot read picture \`${path}\`: ${toError(thrown).message}`,
      { cause: thrown },
    );
  }
}
