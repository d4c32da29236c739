import type { Architecture, Transformer } from '../config/architecture.ts';
import type { CheckpointWeights } from './checkpointWeights.ts';
import { Layers } from './layers.ts';
import { GraphBuilder } from '../onnx/graphBuilder.ts';
import type { Precision } from '../onnx/graphBuilder.ts';
import { positionCodes } from './positionCodes.ts';
import { patchTokens } from './patchTokens.ts';
import type { PictureTokens } from './pictureTokens.ts';
import { pixels } from './pixels.ts';
import { resnetTokens } from './resnetTokens.ts';

/** The encoder's graph, and names of tensors inside it. */
export interface EncoderGraph {
  readonly graph: GraphBuilder;
  /** What the reference's encoder gives: [B S, D]. */
  readonly features: string;
  /** What its decoder attends to: [B S, D of the decoder]. */
  readonly memory: string;
  /** Rows of the grid of tokens, and columns. */
  readonly gridSize: number;
  /** S, tokens a picture. */
  readonly numTokens: number;
}

/**
 * Builds the encoder: a picture in, the keys and values of every cross-attention out, so that a decoder step
 * projects nothing of the picture.
 * @param imageSize side of the picture, pixels; need not be the one it was trained with
 *
 * Source: google-research/pix2seq `ar_model._encode_images`, `transformers.VisionTransformer`, `.ResNetTransformer`
 */
export function encoderGraph(
  architecture: Architecture,
  imageSize: number,
  weights: CheckpointWeights,
  precision: Precision,
): EncoderGraph {
  const graph = new GraphBuilder(precision);
  const layers = new Layers(graph, weights);
  const { encoder, decoder, projectionHidden } = architecture;
  const image = graph.input('image', 'uint8', ['B', imageSize, imageSize, 3]);
  const { tokens, gridSize } = stemTokens(layers, image, imageSize, architecture);
  const numTokens = gridSize ** 2;
  let x = addPositions(layers, tokens, gridSize, encoder.width);
  for (let i = 0; i < encoder.numLayers; i++) {
    x = encoderLayer(layers, x, numTokens, encoder, i);
  }
  const features = layers.norm(x, 'model/encoder/output_ln', encoder.width);
  x = layers.linear(features, layers.dense('model/proj', encoder.width, decoder.width));
  x = layers.norm(x, 'model/proj_ln', decoder.width);
  x = addPositions(layers, x, gridSize, decoder.width);
  const memory = layers.feedForward(x, 'model/proj_mlp', decoder.width, projectionHidden);
  for (let i = 0; i < decoder.numLayers; i++) {
    addKeysAndValues(layers, memory, numTokens, decoder, i);
  }
  return { graph, features, memory, gridSize, numTokens };
}

/** The shapes of `memory.kI` and `memory.vI`: keys lie on their side, ready for the product with queries. */
export function memoryShapes(
  { width, numHeads }: Transformer,
  numTokens: number,
): { readonly keys: readonly (number | string)[]; readonly values: readonly (number | string)[] } {
  const perHead = width / numHeads;
  return {
    keys: ['B', numHeads, perHead, numTokens],
    values: ['B', numHeads, numTokens, perHead],
  };
}

function stemTokens(
  layers: Layers,
  image: string,
  imageSize: number,
  { stem, encoder }: Architecture,
): PictureTokens {
  const x = pixels(layers.graph, image);
  return stem.kind === 'patches'
    ? patchTokens(layers, x, imageSize, stem, encoder.width)
    : resnetTokens(layers, x, imageSize, stem, encoder.width);
}

/** [B S, D] + [S, D]. */
function addPositions({ graph }: Layers, x: string, gridSize: number, width: number): string {
  const codes = graph.weight(positionCodes(`positions/${width}`, gridSize, width));
  const pictures = graph.reshape(x, -1, gridSize ** 2, width); // [B, S, D]
  return graph.reshape(graph.op('Add', [pictures, codes]), -1, width);
}

function encoderLayer(
  layers: Layers,
  x: string,
  numTokens: number,
  { width, hidden, numHeads }: Transformer,
  index: number,
): string {
  const { graph } = layers;
  const path = `model/encoder/transformer_encoder/enc_layers/${index}`;
  const normed = layers.norm(x, `${path}/mha_ln`, width);
  const projected = layers.selfProjection(normed, `${path}/mha`, width, numHeads);
  const parts = graph.split(projected, [width, width, width], 1);
  const pictures = parts.map((part) => graph.reshape(part, -1, numTokens, width)); // [B, S, D]
  // onnxruntime's own operation: the scores of all tokens with all would be 3 GB and more at 1333 pixels
  const seen = graph.op('MultiHeadAttention', pictures, { num_heads: numHeads, scale: 1 });
  const joined = graph.reshape(seen, -1, width);
  const out = layers.linear(joined, layers.outOfHeads(`${path}/mha`, width, numHeads));
  return layers.feedForward(graph.op('Add', [x, out]), `${path}/mlp`, width, hidden);
}

function addKeysAndValues(
  layers: Layers,
  memory: string,
  numTokens: number,
  decoder: Transformer,
  index: number,
): void {
  const { graph } = layers;
  const { width, numHeads } = decoder;
  const path = `model/decoder/decoder/dec_layers/${index}/cross_mha`;
  const heads = (part: string): string => {
    const projected = layers.linear(memory, layers.intoHeads(path, part, width, numHeads));
    return graph.reshape(projected, -1, numTokens, numHeads, width / numHeads); // [B, S, H, W]
  };
  const { keys, values } = memoryShapes(decoder, numTokens);
  const k = graph.op('Transpose', [heads('key')], { perm: [0, 2, 3, 1] });
  const v = graph.op('Transpose', [heads('value')], { perm: [0, 2, 1, 3] });
  graph.output(`memory.k${index}`, k, keys);
  graph.output(`memory.v${index}`, v, values);
}
