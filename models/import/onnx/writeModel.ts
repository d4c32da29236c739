import { createHash } from 'node:crypto';
import { open, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { encodeModel } from './encodeModel.ts';
import type { WeightPlace } from './encodeModel.ts';
import type { GraphBuilder, Precision } from './graphBuilder.ts';
import { toBytes } from './toBytes.ts';
import type { Weight } from './weight.ts';

/** Weights begin at such bytes, so that onnxruntime can map the file in place of reading it. */
const ALIGNMENT_BYTES = 4096;

/** Told and asked while a graph is written. */
export interface WriteOptions {
  /** Called after each weight with its name. */
  readonly onWeight?: (name: string) => void;
  /** Ends the writing between two weights. */
  readonly signal?: AbortSignal | undefined;
}

/** A file that was written. */
export interface WrittenFile {
  /** Its name, without the folder. */
  readonly name: string;
  /** Hexadecimal. */
  readonly sha256: string;
}

/** A file of weights that was written, for the graphs that take them from it. */
export interface WeightsFile extends WrittenFile {
  /** Where each of them lies. */
  readonly places: readonly WeightPlace[];
}

/**
 * Writes a graph as `FILE`, its weights one after the other as `FILE.data`: memory holds one of them at
 * a time, and neither file has the 2 GB limit of a protobuf message.
 * @returns the graph's file, and that of its weights
 * @throws the signal's reason
 */
export async function writeModel(
  graph: GraphBuilder,
  file: string,
  options: WriteOptions = {},
): Promise<readonly [WrittenFile, WeightsFile]> {
  const weights = await writeWeights(graph, `${file}.data`, options);
  return [await writeGraph(graph, file, weights), weights];
}

/**
 * Writes a graph whose weights lie in the same folder already.
 * @param weights all of the graph's are among them
 */
export async function writeGraph(
  graph: GraphBuilder,
  file: string,
  weights: WeightsFile,
): Promise<WrittenFile> {
  const bytes = encodeModel(graph, weights.name, weights.places);
  await writeFile(file, bytes);
  return { name: basename(file), sha256: createHash('sha256').update(bytes).digest('hex') };
}

async function writeWeights(
  { weights, precision }: GraphBuilder,
  file: string,
  { onWeight, signal }: WriteOptions,
): Promise<WeightsFile> {
  const places: WeightPlace[] = [];
  const hash = createHash('sha256');
  await using handle = await open(file, 'w');
  let offset = 0;
  for (const weight of weights) {
    signal?.throwIfAborted();
    const bytes = await bytesOf(weight, precision);
    const padded = Math.ceil(bytes.length / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
    for (const part of [bytes, new Uint8Array(padded - bytes.length)]) {
      hash.update(part);
      await handle.writeFile(part); // goes on where the last one ended
    }
    places.push({ name: weight.name, shape: weight.shape, offset, length: bytes.length });
    offset += padded;
    onWeight?.(weight.name);
  }
  return { name: basename(file), sha256: hash.digest('hex'), places };
}

async function bytesOf(weight: Weight, precision: Precision): Promise<Uint8Array> {
  return toBytes(await weight.read(), precision);
}
