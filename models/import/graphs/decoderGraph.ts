import type { Architecture } from '../config/architecture.ts';
import type { CheckpointWeights } from './checkpointWeights.ts';
import { memoryShapes } from './encoderGraph.ts';
import { Layers } from './layers.ts';
import { GraphBuilder } from '../onnx/graphBuilder.ts';
import type { Axis, Precision } from '../onnx/graphBuilder.ts';

/** Added to an attention score that does not count; float16 has it too. */
const MASKED = -30_000;

/** Where the variables of the decoder itself lie; TensorFlow writes `.S` for a slash in a name. */
const TABLES = 'model/decoder/ar_decoder.S';

/** The decoder's graph, and names of tensors inside it. */
export interface DecoderGraph {
  readonly graph: GraphBuilder;
  /** Where each head of each layer looks, shares of a picture's tokens: [M, H, N / M, S] of M pictures a layer. */
  readonly looks: readonly string[];
}

/** Numbers in a row of the cache: keys and values of every layer, side by side. */
export function cacheWidthOf({ decoder }: Architecture): number {
  return 2 * decoder.width * decoder.numLayers;
}

/**
 * Builds the decoder: a call takes any number of tokens behind any number before, and projects none of them
 * twice.
 * @param numTokens S, of a picture
 *
 * Source: google-research/pix2seq `transformers.AutoregressiveDecoder`
 */
export function decoderGraph(
  architecture: Architecture,
  numTokens: number,
  weights: CheckpointWeights,
  precision: Precision,
): DecoderGraph {
  const graph = new GraphBuilder(precision);
  return new DecoderCall(new Layers(graph, weights), architecture, numTokens).build();
}

/**
 * B rows of tokens about M pictures, T tokens a call, P before, N = B T rows, D width, H heads of width W, V
 * vocabulary.
 */
class DecoderCall {
  readonly #layers: Layers;
  readonly #graph: GraphBuilder;
  readonly #architecture: Architecture;
  readonly #numTokens: number;
  readonly #B: string;
  readonly #T: string;
  readonly #P: string;
  readonly #M: string;
  readonly #looks: string[] = [];

  constructor(layers: Layers, architecture: Architecture, numTokens: number) {
    this.#layers = layers;
    this.#graph = layers.graph;
    this.#architecture = architecture;
    this.#numTokens = numTokens;
    const graph = layers.graph;
    const tokens = graph.input('tokens', 'int64', ['B', 'T']);
    graph.input('position', 'int64', ['B']);
    this.#B = graph.sizeOf(tokens, 0);
    this.#T = graph.sizeOf(tokens, 1);
    this.#P = graph.sizeOf('past', 1);
    this.#M = graph.sizeOf('memory.k0', 0);
  }

  build(): DecoderGraph {
    const graph = this.#graph;
    const { decoder, vocabularySize: V } = this.#architecture;
    const { width: D, numLayers } = decoder;
    const C = cacheWidthOf(this.#architecture);
    const past = graph.input('past', 'float32', ['B', 'P', C]);
    const pasts = graph.split(past, Array<number>(numLayers).fill(2 * D), 2);
    const row = graph.op('Range', [graph.whole(0), this.#scalar(this.#T), graph.whole(1)]); // [T]
    const mask = this.#mask(row);
    const embedding = graph.weight(this.#layers.weights.take(`${TABLES}token_embedding`, [V, D]));
    let x = this.#embed(embedding, row);
    const rows: string[] = [];
    for (const [i, before] of pasts.entries()) {
      const step = this.#layer(i, x, before, mask);
      x = step.x;
      rows.push(step.keysAndValues);
    }
    x = this.#layers.norm(x, 'model/decoder/output_ln', D);
    const bias = graph.weight(this.#layers.weights.take(`${TABLES}outp_bias`, [V]));
    const logits = graph.op('Gemm', [x, embedding, bias], { transB: 1 }); // [N, V]
    graph.output('logits', graph.reshape(logits, this.#B, this.#T, V), ['B', 'T', V]);
    graph.output('rows', graph.op('Concat', rows, { axis: 2 }), ['B', 'T', C]);
    return { graph, looks: this.#looks };
  }

  /** The tokens' vectors and those of their places. @returns [N, D] */
  #embed(embedding: string, row: string): string {
    const graph = this.#graph;
    const { decoder, maxTokens } = this.#architecture;
    const table = this.#layers.weights.take(`${TABLES}seq_pos_embedding`, [
      maxTokens,
      decoder.width,
    ]);
    const at = graph.op('Add', [graph.unsqueeze('position', 1), row]); // [B, T]
    // what a shorter step is padded with may stand behind the last place
    const place = graph.op('Min', [at, graph.whole(maxTokens - 1)]);
    const vectors = graph.op('Gather', [embedding, 'tokens']);
    const places = graph.op('Gather', [graph.weight(table), place]);
    return graph.reshape(graph.op('Add', [vectors, places]), -1, decoder.width);
  }

  /**
   * What is added to the scores: a row looks at itself and what came before, not at the padding in front of
   * a shorter past.
   * @returns [B, 1, T, P + T]
   */
  #mask(row: string): string {
    const graph = this.#graph;
    const numAll = this.#scalar(graph.op('Add', [this.#P, this.#T]));
    const column = graph.op('Range', [graph.whole(0), numAll, graph.whole(1)]); // [P + T]
    const own = graph.unsqueeze(graph.op('Add', [row, this.#P]), 1); // [T, 1]
    const later = graph.op('Greater', [column, own]); // [T, P + T]
    const padded = graph.op('Sub', [this.#P, 'position']); // [B]
    const isPadding = graph.op('Less', [column, graph.unsqueeze(padded, 1)]); // [B, P + T]
    const isMasked = graph.op('Or', [later, graph.unsqueeze(isPadding, 1)]);
    const added = graph.op('Where', [isMasked, graph.real(MASKED), graph.real(0)]);
    return graph.unsqueeze(added, 1);
  }

  /**
   * @param x [N, D]   @param past [B, P, 2 D], keys and values of the tokens before
   * @returns x, and the new keys and values [B, T, 2 D]
   */
  #layer(
    index: number,
    x: string,
    past: string,
    mask: string,
  ): { readonly x: string; readonly keysAndValues: string } {
    const layers = this.#layers;
    const graph = this.#graph;
    const { width: D, hidden, numHeads } = this.#architecture.decoder;
    const path = `model/decoder/decoder/dec_layers/${index}`;
    const normed = layers.norm(x, `${path}/self_ln`, D);
    const projected = layers.selfProjection(normed, `${path}/self_mha`, D, numHeads);
    const [q = '', kv = ''] = graph.split(projected, [D, 2 * D], 1);
    const keysAndValues = graph.reshape(kv, this.#B, this.#T, 2 * D);
    const kept = graph.op('Concat', [past, keysAndValues], { axis: 1 }); // [B, P + T, 2 D]
    const heads = graph.reshape(kept, this.#B, -1, 2 * numHeads, D / numHeads);
    const [k = '', v = ''] = graph.split(heads, [numHeads, numHeads], 2);
    const keys = graph.op('Transpose', [k], { perm: [0, 2, 3, 1] });
    const values = graph.op('Transpose', [v], { perm: [0, 2, 1, 3] });
    const scores = graph.op('MatMul', [this.#heads(q, this.#B), keys]);
    const shares = this.#softmax(graph.op('Add', [scores, mask]));
    const self = this.#attend(shares, values, `${path}/self_mha`);
    const after = graph.op('Add', [x, self]);
    const cross = this.#cross(index, after, path);
    const seen = graph.op('Add', [after, cross]);
    return { x: layers.feedForward(seen, `${path}/mlp`, D, hidden), keysAndValues };
  }

  /** Looks at the picture. @returns what is added to x, [N, D] */
  #cross(index: number, x: string, path: string): string {
    const { decoder } = this.#architecture;
    const { width, numHeads } = decoder;
    const layers = this.#layers;
    const { keys, values } = memoryShapes(decoder, this.#numTokens);
    const k = this.#graph.input(`memory.k${index}`, 'float32', keys);
    const v = this.#graph.input(`memory.v${index}`, 'float32', values);
    const normed = layers.norm(x, `${path}/cross_ln`, width);
    const at = `${path}/cross_mha`;
    const q = layers.linear(normed, layers.intoHeads(at, 'query', width, numHeads));
    // where all rows are of one picture, its memory is read once for all of them
    const heads = this.#heads(q, this.#M);
    const shares = this.#softmax(this.#graph.op('MatMul', [heads, k]));
    this.#looks.push(shares);
    return this.#attend(shares, v, at);
  }

  /** Scores to shares that sum to 1 over the last axis. */
  #softmax(scores: string): string {
    return this.#graph.op('Softmax', [scores], { axis: -1 });
  }

  /** @param shares [M, H, N / M, S]   @param values [M, H, S, W]   @returns [N, D] */
  #attend(shares: string, values: string, path: string): string {
    const graph = this.#graph;
    const { width, numHeads } = this.#architecture.decoder;
    const seen = graph.op('MatMul', [shares, values]);
    const turned = graph.op('Transpose', [seen], { perm: [0, 2, 1, 3] });
    const out = this.#layers.outOfHeads(path, width, numHeads);
    return this.#layers.linear(graph.reshape(turned, -1, width), out);
  }

  /** [N, D] to [M, H, N / M, W]. @param M of what the rows look at: B, or 1 picture's memory for all */
  #heads(x: string, M: string): string {
    const { width, numHeads } = this.#architecture.decoder;
    const axes: Axis[] = [M, -1, numHeads, width / numHeads];
    return this.#graph.op('Transpose', [this.#graph.reshape(x, ...axes)], { perm: [0, 2, 1, 3] });
  }

  /** [1] to a scalar. */
  #scalar(x: string): string {
    return this.#graph.op('Squeeze', [x]);
  }
}
