import type { Stem } from '../config/architecture.ts';
import { normedConvolution } from './convolution.ts';
import type { PictureTokens } from './pictureTokens.ts';
import type { Layers } from './layers.ts';

const RESNET = 'model/encoder/resnet';

/** Channels that come out of a block, for each that it works with inside. */
const WIDENING = 4;

/**
 * The stem of the other models: a ResNet without its last pooling, whose cells are the tokens.
 * @param pixels [B, 3, S, S]
 * Source: google-research/pix2seq `architectures/resnet.py`, `transformers.ResNetTransformer`
 */
export function resnetTokens(
  layers: Layers,
  pixels: string,
  imageSize: number,
  { groups, channels }: Extract<Stem, { kind: 'resnet' }>,
  width: number,
): PictureTokens {
  const { graph } = layers;
  let size = Math.ceil(imageSize / 2);
  let x = firstLayers(layers, pixels, size, channels);
  size = Math.ceil(size / 2);
  let from = channels;
  for (const [g, numBlocks] of groups.entries()) {
    const inner = channels * 2 ** g;
    const stride = g === 0 ? 1 : 2;
    for (let b = 0; b < numBlocks; b++) {
      const path = `${RESNET}/block_groups/${g}/layers/${b}`;
      x = block(layers, x, { path, from, inner, stride: b === 0 ? stride : 1, isFirst: b === 0 });
      from = inner * WIDENING;
    }
    size = Math.ceil(size / stride);
  }
  const rows = graph.op('Transpose', [x], { perm: [0, 2, 3, 1] });
  const projection = layers.dense('model/encoder/stem_projection', from, width);
  const projected = layers.linear(graph.reshape(rows, -1, from), projection);
  return { tokens: layers.norm(projected, 'model/encoder/stem_ln', width), gridSize: size };
}

/** @param size of what the convolution gives   @returns [B, channels, half of it, half of it] */
function firstLayers(layers: Layers, pixels: string, size: number, channels: number): string {
  const path = `${RESNET}/initial_conv_relu_max_pool`;
  const convolution = { path: `${path}/0/conv2d`, kernelSize: 7, from: 3, to: channels, stride: 2 };
  const x = normedConvolution(layers, pixels, convolution, `${path}/2/bn`);
  // TensorFlow's SAME: no more padding than is needed, and the odd row of it below
  const padding = (Math.ceil(size / 2) - 1) * 2 + 3 - size;
  const before = Math.floor(padding / 2);
  const after = padding - before;
  return layers.graph.op('MaxPool', [layers.graph.op('Relu', [x])], {
    kernel_shape: [3, 3],
    strides: [2, 2],
    pads: [before, before, after, after],
  });
}

interface Block {
  readonly path: string;
  readonly from: number;
  readonly inner: number;
  readonly stride: number;
  /** The first of a group has a projection beside it. */
  readonly isFirst: boolean;
}

/** A bottleneck: 1 x 1, 3 x 3 with the stride, 1 x 1, and the way around them. */
function block(layers: Layers, x: string, { path, from, inner, stride, isFirst }: Block): string {
  const { graph } = layers;
  const to = inner * WIDENING;
  const within = `${path}/conv_relu_dropblock_layers`;
  const beside = `${path}/projection_layers`;
  const normed = (input: string, at: string, i: number, shape: readonly number[]): string => {
    const [kernelSize = 1, fromHere = 1, toHere = 1, strideHere = 1] = shape;
    const convolution = {
      path: `${at}/${i}/conv2d`,
      kernelSize,
      from: fromHere,
      to: toHere,
      stride: strideHere,
    };
    return normedConvolution(layers, input, convolution, `${at}/${i + 1}/bn`);
  };
  const shortcut = isFirst ? normed(x, beside, 0, [1, from, to, stride]) : x;
  let y = graph.op('Relu', [normed(x, within, 0, [1, from, inner, 1])]);
  y = graph.op('Relu', [normed(y, within, 3, [3, inner, inner, stride])]);
  y = normed(y, within, 6, [1, inner, to, 1]);
  return graph.op('Relu', [graph.op('Add', [y, shortcut])]);
}
