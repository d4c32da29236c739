import type { Box, Frame, FrameInfo, ImageSpec } from '../../../models/core/types.ts';
import { frameFromPixels } from './frameFromPixels.ts';

/** A part of the model's picture, whole pixels of it. */
export interface Region {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/**
 * The part of a picture that shows a box and its surroundings, without the padding.
 * @param box pixels of the source frame   @param margin as a share of the box's size, on each side
 * @returns one pixel or more
 */
export function regionAround(
  { xmin, ymin, xmax, ymax }: Box,
  margin: number,
  { width, height, letterbox }: Pick<FrameInfo, 'width' | 'height' | 'letterbox'>,
): Region {
  const across = span(xmin, xmax, margin, { scale: letterbox.scaleX, limit: width });
  const down = span(ymin, ymax, margin, { scale: letterbox.scaleY, limit: height });
  return { left: across.from, width: across.length, top: down.from, height: down.length };
}

/**
 * Makes a frame of a part of another's picture, fitted as the model wants it. It is as sharp as that picture:
 * what the source had more is gone.
 * @param image uint8 [S, S, 3]; borrowed until the promise settles   @param spec of both pictures
 * @returns a frame whose pixels are those of the region
 * **Owns:** the caller gets the frame and closes it.
 */
export function cropFrame(
  image: Uint8Array,
  { left, top, width, height }: Region,
  spec: ImageSpec,
  source: string,
): Promise<Frame> {
  const pixels = new Uint8Array(width * height * 3);
  for (let row = 0; row < height; row++) {
    const from = ((top + row) * spec.size + left) * 3;
    pixels.set(image.subarray(from, from + width * 3), row * width * 3);
  }
  return frameFromPixels(pixels, { width, height, image: spec, source, index: 0, pts: 0 });
}

function span(
  min: number,
  max: number,
  margin: number,
  { scale, limit }: { readonly scale: number; readonly limit: number },
): { readonly from: number; readonly length: number } {
  const end = Math.round(limit * scale); // of what is no padding
  const grown = (max - min) * margin;
  const from = Math.min(end - 1, Math.max(0, Math.floor((min - grown) * scale)));
  const to = Math.min(end, Math.max(from + 1, Math.ceil((max + grown) * scale)));
  return { from, length: to - from };
}
