import type { FrameInfo, ModelInfo } from '../../core/types.ts';
import { tokenToUnit, unitToToken } from './vocabulary.ts';

/** What leads from the model's square back to the frame. */
export type SourceFrame = Pick<FrameInfo, 'width' | 'height' | 'letterbox'>;

/**
 * Where a coordinate token lies across the frame, pixels from its left edge.
 * @returns clipped to the frame
 */
export function tokenToX(token: number, frame: SourceFrame, model: ModelInfo): number {
  return toPixels(token, frame.letterbox.scaleX, frame.width, model);
}

/** The same down the frame, pixels from its top. */
export function tokenToY(token: number, frame: SourceFrame, model: ModelInfo): number {
  return toPixels(token, frame.letterbox.scaleY, frame.height, model);
}

/** The token of a place across the frame. @param x pixels from its left edge */
export function xToToken(x: number, { letterbox }: SourceFrame, model: ModelInfo): number {
  return unitToToken((x * letterbox.scaleX) / model.image.size, model.vocabulary);
}

/** The token of a place down the frame. @param y pixels from its top */
export function yToToken(y: number, { letterbox }: SourceFrame, model: ModelInfo): number {
  return unitToToken((y * letterbox.scaleY) / model.image.size, model.vocabulary);
}

function toPixels(token: number, scale: number, limit: number, model: ModelInfo): number {
  const pixels = (tokenToUnit(token, model.vocabulary) * model.image.size) / scale;
  return Math.min(limit, Math.max(0, pixels));
}
