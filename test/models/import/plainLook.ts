import { readArchitecture } from '../../../models/import/config/architecture.ts';
import { openCheckpoint } from '../../../models/import/checkpoint/tensorSource.ts';
import { float32Data } from '../../../models/engine/session.ts';
import type { Tensors } from '../../../models/engine/session.ts';
import { checkpointDir } from './reference.ts';

type Vector = readonly number[];

/**
 * Where a decoder looks that is told one token and nothing before: loops over the checkpoint's own numbers,
 * no graph. What the self-attention of a single token sees is that token's value.
 * @param memory as the encoder gives it, of one picture
 * @returns the mean of the heads of all layers, [S]
 */
export async function plainLook(name: string, memory: Tensors, token: number): Promise<Vector> {
  const { width, numLayers, numHeads } = (await readArchitecture(checkpointDir(name))).decoder;
  const perHead = width / numHeads;
  const source = await openCheckpoint(checkpointDir(name));
  const read = async (path: string): Promise<Vector> =>
    Array.from(await source.readFloats(`model/decoder/${path}/.ATTRIBUTES/VARIABLE_VALUE`));
  const dense = async (x: Vector, path: string): Promise<Vector> =>
    plus(times(x, await read(`${path}/kernel`)), await read(`${path}/bias`));
  const norm = async (x: Vector, path: string): Promise<Vector> => {
    const [gamma, beta] = [await read(`${path}/gamma`), await read(`${path}/beta`)];
    return normed(x).map((value, i) => value * gamma[i]! + beta[i]!);
  };
  const [tokens, places] = ['token_embedding', 'seq_pos_embedding'];
  const start = token * width;
  let x = plus(
    (await read(`ar_decoder.S${tokens}`)).slice(start, start + width),
    (await read(`ar_decoder.S${places}`)).slice(0, width),
  );
  const looks: Vector[] = [];
  for (let layer = 0; layer < numLayers; layer++) {
    const at = `decoder/dec_layers/${layer}`;
    const own = await dense(await norm(x, `${at}/self_ln`), `${at}/self_mha/_value_dense`);
    x = plus(x, await dense(own, `${at}/self_mha/_output_dense`));
    const q = await dense(await norm(x, `${at}/cross_ln`), `${at}/cross_mha/_query_dense`);
    const keys = float32Data(memory, `memory.k${layer}`); // [H, W, S]
    const values = float32Data(memory, `memory.v${layer}`); // [H, S, W]
    const numTokens = keys.length / width;
    const seen: number[] = [];
    for (let h = 0; h < numHeads; h++) {
      const scores = Array.from({ length: numTokens }, (_, s) =>
        sum(range(perHead, (w) => q[h * perHead + w]! * keys[(h * perHead + w) * numTokens + s]!)),
      );
      const look = softmax(scores.map((score) => score / Math.sqrt(perHead)));
      looks.push(look);
      seen.push(
        ...range(perHead, (w) =>
          sum(look.map((share, s) => share * values[(h * numTokens + s) * perHead + w]!)),
        ),
      );
    }
    x = plus(x, await dense(seen, `${at}/cross_mha/_output_dense`));
    const inner = await dense(
      await norm(x, `${at}/mlp/layernorms/0`),
      `${at}/mlp/mlp_layers/0/dense1`,
    );
    x = plus(x, await dense(inner.map(gelu), `${at}/mlp/mlp_layers/0/dense2`));
  }
  await source.close();
  return looks[0]!.map((_, s) => sum(looks.map((look) => look[s]!)) / looks.length);
}

function range(length: number, value: (i: number) => number): number[] {
  return Array.from({ length }, (_, i) => value(i));
}

function sum(values: Vector): number {
  return values.reduce((total, value) => total + value, 0);
}

function plus(a: Vector, b: Vector): Vector {
  return a.map((value, i) => value + b[i]!);
}

/** @param kernel [in, out] */
function times(x: Vector, kernel: Vector): Vector {
  const width = kernel.length / x.length;
  return range(width, (j) => sum(x.map((value, i) => value * kernel[i * width + j]!)));
}

function normed(x: Vector): Vector {
  const mean = sum(x) / x.length;
  const variance = sum(x.map((value) => (value - mean) ** 2)) / x.length;
  return x.map((value) => (value - mean) / Math.sqrt(variance + 1e-6));
}

function softmax(scores: Vector): Vector {
  const most = Math.max(...scores);
  const weights = scores.map((score) => Math.exp(score - most));
  const total = sum(weights);
  return weights.map((weight) => weight / total);
}

/** The exact one: x Φ(x), Φ by the trapezium rule. */
function gelu(x: number): number {
  const steps = 1000;
  const density = (i: number): number => Math.exp(-(((i / steps) * x) ** 2) / 2);
  const ends = (density(0) + density(steps)) / 2;
  const area = (x / steps) * (ends + sum(range(steps - 1, (i) => density(i + 1))));
  return x * (0.5 + area / Math.sqrt(2 * Math.PI));
}
