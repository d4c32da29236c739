import type { DecoderGraph } from './decoderGraph.ts';
import type { GraphBuilder } from '../onnx/graphBuilder.ts';

/**
 * The decoder once more, which also tells where it looks: the mean of all heads of all layers of the
 * cross-attention, as in the paper's figures.
 * @param decoder stays as it is   @param gridSize rows of the picture's tokens, and columns
 */
export function attentionGraph(decoder: DecoderGraph, gridSize: number): GraphBuilder {
  const graph = decoder.graph.fork();
  const heads = graph.op('Concat', decoder.looks, { axis: 1 }); // [M, all heads, N / M, S]
  const mean = graph.op('ReduceMean', [heads, graph.whole([1])], { keepdims: 0 }); // [M, N / M, S]
  const [B = '', T = ''] = [0, 1].map((axis) => graph.sizeOf('tokens', axis));
  const grid = graph.reshape(mean, B, T, gridSize, gridSize);
  graph.output('attention', grid, ['B', 'T', gridSize, gridSize]);
  return graph;
}
