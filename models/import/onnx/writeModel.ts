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

/**
 * Writes a graph as `FILE`, its weights one after the other as `FILE.data`: memory holds one of them at
 * a time, and neither file has the 2 GB limit of a protobuf message.
 * @returns both files
 * @throws the signal's reason
 */
export async function writeModel(
  graph: GraphBuilder,
  file: string,
  options: WriteOptions = {},
): Promise<readonly WrittenFile[]> {
  const dataFile = `${basename(file)}.data`;
  const { places, sha256 } = await writeWeights(graph, `${file}.data`, options);
  const bytes = encodeModel(graph, dataFile, places);
  await writeFile(file, bytes);
  return [
    { name: basename(file), sha256: createHash('sha256').update(bytes).digest('hex') },
    { name: dataFile, sha256 },
  ];
}

async function writeWeights(
  { weights, precision }: GraphBuilder,
  file: string,
  { onWeight, signal }: WriteOptions,
): Promise<{ readonly places: readonly WeightPlace[]; readonly sha256: string }> {
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
  return { places, sha256: hash.digest('hex') };
}

async function bytesOf(weight: Weight, precision: Precision): Promise<Uint8Array> {
  return toBytes(await weight.read(), precision);
}
