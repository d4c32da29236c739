import type { CheckpointWeights } from './checkpointWeights.ts';
import type { GraphBuilder } from '../onnx/graphBuilder.ts';
import { reshaped, scaled, sideBySide } from '../onnx/weight.ts';
import type { Weight } from '../onnx/weight.ts';

/** Of every layer norm of the reference. */
const EPSILON = 1e-6;

/** A matrix product and what is added to it. */
export interface LinearWeights {
  readonly kernel: Weight; // [in, out]
  readonly bias: Weight; // [out]
}

/**
 * The layers of the reference's transformers, each a call that takes its variables from the checkpoint and
 * adds its operations to the graph. Tokens are rows: [N, D], N = B x S, so that a product is one Gemm.
 *
 * Source: google-research/pix2seq `architectures/transformers.py`
 */
export class Layers {
  readonly graph: GraphBuilder;
  readonly weights: CheckpointWeights;

  /** @param graph borrowed   @param weights borrowed */
  constructor(graph: GraphBuilder, weights: CheckpointWeights) {
    this.graph = graph;
    this.weights = weights;
  }

  /** A layer norm over the last axis. */
  norm(x: string, path: string, width: number): string {
    const [gamma, beta] = ['gamma', 'beta'].map((leaf) =>
      this.graph.weight(this.weights.take(`${path}/${leaf}`, [width])),
    );
    return this.graph.op('LayerNormalization', [x, gamma ?? '', beta ?? ''], {
      axis: -1,
      epsilon: EPSILON,
    });
  }

  /** x K + b. */
  linear(x: string, { kernel, bias }: LinearWeights): string {
    return this.graph.op('Gemm', [x, this.graph.weight(kernel), this.graph.weight(bias)]);
  }

  /** Takes the variables of a dense layer. */
  dense(path: string, from: number, to: number): LinearWeights {
    return {
      kernel: this.weights.take(`${path}/kernel`, [from, to]),
      bias: this.weights.take(`${path}/bias`, [to]),
    };
  }

  /**
   * Takes the variables of a projection into heads, side by side.
   * @param part of the attention: `query`, `key` or `value`   @param factor the result is scaled by
   */
  intoHeads(path: string, part: string, width: number, numHeads: number): LinearWeights {
    const perHead = width / numHeads;
    const at = `${path}/_${part}_dense`;
    const kernel = this.weights.take(`${at}/kernel`, [width, numHeads, perHead]);
    const bias = this.weights.take(`${at}/bias`, [numHeads, perHead]);
    const flat = { kernel: reshaped(kernel, [width, width]), bias: reshaped(bias, [width]) };
    return part === 'query' ? scaledLinear(flat, perHead ** -0.5) : flat;
  }

  /** Takes the variables of the projection out of heads. */
  outOfHeads(path: string, width: number, numHeads: number): LinearWeights {
    const at = `${path}/_output_dense`;
    const kernel = this.weights.take(`${at}/kernel`, [numHeads, width / numHeads, width]);
    const bias = this.weights.take(`${at}/bias`, [width]);
    return { kernel: reshaped(kernel, [width, width]), bias };
  }

  /** Queries, keys and values of the same rows from one product. @returns [N, 3 D] */
  selfProjection(x: string, path: string, width: number, numHeads: number): string {
    const parts = ['query', 'key', 'value'].map((part) =>
      this.intoHeads(path, part, width, numHeads),
    );
    return this.linear(x, {
      kernel: sideBySide(
        `${path}/in/kernel`,
        parts.map(({ kernel }) => kernel),
      ),
      bias: sideBySide(
        `${path}/in/bias`,
        parts.map(({ bias }) => bias),
      ),
    });
  }

  /** x + FFN(LN(x)), with the exact GELU. */
  feedForward(x: string, path: string, width: number, hidden: number): string {
    const { graph } = this;
    const normed = this.norm(x, `${path}/layernorms/0`, width);
    const at = `${path}/mlp_layers/0`;
    const inner = graph.op('Gelu', [
      this.linear(normed, this.dense(`${at}/dense1`, width, hidden)),
    ]);
    return graph.op('Add', [x, this.linear(inner, this.dense(`${at}/dense2`, hidden, width))]);
  }
}

/** Queries are divided by the root of a head's width; once, here, in place of in every run. */
function scaledLinear({ kernel, bias }: LinearWeights, factor: number): LinearWeights {
  return {
    kernel: scaled(`${kernel.name}/scaled`, kernel, factor),
    bias: scaled(`${bias.name}/scaled`, bias, factor),
  };
}
