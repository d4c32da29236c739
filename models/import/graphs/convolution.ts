import type { Layers } from './layers.ts';
import type { Weight } from '../onnx/weight.ts';

/** Of every batch norm of the reference. */
const EPSILON = 1e-5;

/** A square convolution over [B, from, S, S]. */
export interface Convolution {
  /** Of the kernel, without `/kernel`. */
  readonly path: string;
  readonly kernelSize: number;
  readonly from: number;
  readonly to: number;
  readonly stride: number;
}

/** A convolution without padding, with a bias. */
export function biasedConvolution(layers: Layers, x: string, convolution: Convolution): string {
  const bias = layers.weights.take(`${convolution.path}/bias`, [convolution.to]);
  return convolve(layers, x, convolution, kernelFirst(takeKernel(layers, convolution)), bias, 0);
}

/**
 * A convolution and the batch norm behind it, folded into one: its mean, variance, scale and shift become
 * the kernel's and a bias. Padded alike on both sides.
 * @param normPath of the batch norm
 */
export function normedConvolution(
  layers: Layers,
  x: string,
  convolution: Convolution,
  normPath: string,
): string {
  const { to, kernelSize } = convolution;
  const [gamma, beta, mean, variance] = ['gamma', 'beta', 'moving_mean', 'moving_variance'].map(
    (leaf) => layers.weights.take(`${normPath}/${leaf}`, [to]),
  ) as [Weight, Weight, Weight, Weight];
  const factors = async (): Promise<Float64Array> => {
    const [scale, spread] = [await gamma.read(), await variance.read()];
    return Float64Array.from(scale, (value, i) => value / Math.sqrt((spread[i] ?? 0) + EPSILON));
  };
  const bias: Weight = {
    name: `${normPath}/folded`,
    shape: [to],
    async read() {
      const [shift, middle, factor] = [await beta.read(), await mean.read(), await factors()];
      return shift.map((value, i) => value - (middle[i] ?? 0) * (factor[i] ?? 0));
    },
  };
  const kernel = kernelFirst(takeKernel(layers, convolution), factors);
  return convolve(layers, x, convolution, kernel, bias, (kernelSize - 1) / 2);
}

function takeKernel(layers: Layers, { path, kernelSize, from, to }: Convolution): Weight {
  return layers.weights.take(`${path}/kernel`, [kernelSize, kernelSize, from, to]);
}

/**
 * Turns TensorFlow's order of axes into that of ONNX.
 * @param weight [height, width, from, to]   @param factors of the outputs, 1 where there are none
 * @returns [to, from, height, width]
 */
function kernelFirst(weight: Weight, factors?: () => Promise<Float64Array>): Weight {
  const [height = 1, width = 1, from = 1, to = 1] = weight.shape;
  return {
    name: `${weight.name}/turned`,
    shape: [to, from, height, width],
    async read() {
      const values = await weight.read();
      const factor = await factors?.();
      const turned = new Float32Array(values.length);
      const area = height * width;
      for (let i = 0; i < values.length; i++) {
        const output = i % to;
        const input = Math.floor(i / to) % from;
        const place = Math.floor(i / (to * from));
        turned[(output * from + input) * area + place] = (values[i] ?? 0) * (factor?.[output] ?? 1);
      }
      return turned;
    },
  };
}

function convolve(
  { graph }: Layers,
  x: string,
  { kernelSize, stride }: Convolution,
  kernel: Weight,
  bias: Weight,
  padding: number,
): string {
  return graph.op('Conv', [x, graph.weight(kernel), graph.weight(bias)], {
    kernel_shape: [kernelSize, kernelSize],
    strides: [stride, stride],
    pads: [padding, padding, padding, padding],
  });
}
