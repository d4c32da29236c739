import type { Stem } from '../config/architecture.ts';
import { biasedConvolution } from './convolution.ts';
import type { PictureTokens } from './pictureTokens.ts';
import type { Layers } from './layers.ts';

/**
 * The stem of a vision transformer: every patch is a token. What is left of a side that is no multiple of
 * the patch is cut off.
 * @param pixels [B, 3, S, S]
 * Source: google-research/pix2seq `transformers.VisionTransformer`
 */
export function patchTokens(
  layers: Layers,
  pixels: string,
  imageSize: number,
  { patchSize }: Extract<Stem, { kind: 'patches' }>,
  width: number,
): PictureTokens {
  const { graph } = layers;
  const gridSize = Math.floor(imageSize / patchSize);
  const grid = biasedConvolution(layers, pixels, {
    path: 'model/encoder/stem_conv',
    kernelSize: patchSize,
    from: 3,
    to: width,
    stride: patchSize,
  }); // [B, D, rows, columns]
  const rows = graph.op('Transpose', [grid], { perm: [0, 2, 3, 1] });
  const tokens = layers.norm(graph.reshape(rows, -1, width), 'model/encoder/stem_ln', width);
  return { tokens, gridSize };
}
