/** The door to sharp for reading pictures: decodes, turns upright, fits. */
import sharp from 'sharp';
import { PipelineError, toError } from '../../models/errors.ts';
import type { ImageSpec } from '../../models/types.ts';
import { fittedSize } from '../video/filterGraph.ts';

/** One picture, fitted. */
export interface Picture {
  /** Size of the upright picture, pixels. */
  readonly width: number;
  readonly height: number;
  readonly image: Uint8Array; // [S, S, 3]
  /** Where it was asked for: tight rows, `fittedSize` large. */
  readonly display: Uint8Array | undefined;
}

/**
 * Reads one picture file.
 * @param display longest side of the display picture, pixels; 0 for none
 * @throws PipelineError ERR_VIDEO_OPEN where the file is missing or no picture
 */
export async function readPicture(
  path: string,
  spec: ImageSpec,
  display: number,
): Promise<Picture> {
  try {
    // decoded once, upright, without transparency; a picture cut short is an error, not half a picture
    const { data, info } = await sharp(path, { failOn: 'truncated' })
      .autoOrient()
      .toColourspace('srgb')
      .flatten()
      .removeAlpha()
      .raw()
      .toBuffer({ resolveWithObject: true });
    const { width, height } = info;
    const upright = { data, raw: { width, height, channels: info.channels } };
    return {
      width,
      height,
      image: await resize(upright, fittedSize(width, height, spec.size, true), spec),
      display:
        display === 0
          ? undefined
          : await resize(upright, fittedSize(width, height, display, false)),
    };
  } catch (thrown) {
    throw new PipelineError(
      'ERR_VIDEO_OPEN',
      `Cannot read picture \`${path}\`: ${toError(thrown).message}`,
      { cause: thrown },
    );
  }
}

interface Raw {
  readonly data: Buffer;
  readonly raw: { width: number; height: number; channels: 1 | 2 | 3 | 4 };
}

async function resize(
  { data, raw }: Raw,
  size: { readonly width: number; readonly height: number },
  pad?: ImageSpec,
): Promise<Uint8Array> {
  const fitted = sharp(data, { raw }).resize({ ...size, fit: 'fill', kernel: 'linear' });
  if (pad !== undefined) {
    fitted.extend({
      right: pad.size - size.width,
      bottom: pad.size - size.height,
      background: { r: pad.pad, g: pad.pad, b: pad.pad },
    });
  }
  return fitted.toColourspace('srgb').removeAlpha().raw().toBuffer();
}
