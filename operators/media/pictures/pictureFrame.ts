import type { Frame, FrameInfo } from '../../../models/core/types.ts';
import { fittedSize, letterboxOf } from '../frames/filterGraph.ts';
import type { PictureRequest } from '../frames/filterGraph.ts';
import type { FramePool } from '../frames/framePool.ts';
import { PooledFrame } from '../frames/pooledFrame.ts';
import type { Picture } from './fitPicture.ts';

/** What is wanted of a picture that is there already. */
export type FitRequest = Pick<PictureRequest, 'image' | 'display'>;

/** Bytes of a slot that every fitted picture has room in. */
export function pictureBytes({ image, display }: FitRequest): number {
  return 3 * (image.size ** 2 + display ** 2);
}

/** Copies a fitted picture into a slot. @returns the slot's frame; closing it gives the slot back */
export function pictureFrame(
  { width, height, image, display }: Picture,
  request: FitRequest,
  facts: Omit<FrameInfo, 'width' | 'height' | 'letterbox'>,
  pool: FramePool,
  slot: number,
): Frame {
  const bytes = pool.bytes(slot);
  const square = bytes.subarray(0, image.length);
  square.set(image);
  const letterbox = letterboxOf(width, height, request.image.size);
  const info: FrameInfo = { ...facts, width, height, letterbox };
  if (display === undefined) {
    return new PooledFrame(info, { image: square }, pool, slot);
  }
  const size = fittedSize(width, height, request.display, false);
  const data = bytes.subarray(image.length, image.length + display.length);
  data.set(display);
  const shown = { ...size, stride: size.width * 3, data };
  return new PooledFrame(info, { image: square, display: shown }, pool, slot);
}
