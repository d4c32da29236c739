import { PipelineError, toError } from '../../core/errors.ts';
import { readBundleEntry, readBundleHeader } from './bundleMessages.ts';
import type { BundleEntry } from './bundleMessages.ts';
import { damaged, readSmallFile } from './checkpointFile.ts';
import { readTable } from './sortedTable.ts';
import { typeInfo } from './tensorTypes.ts';

/** Bytes of an index at the most; ViT-L with its optimizer needs a third of a megabyte. */
export const MAX_INDEX_BYTES: number = 32 << 20;
/** One is usual; a file is asked for each. */
const MAX_SHARDS = 1_000;
/** The header lies under a key that comes before all others. */
const HEADER_KEY = '';
/** The version of the form that this reader knows. */
const VERSION = 1;

/** What an index file says. */
export interface BundleIndex {
  readonly numShards: number;
  readonly entries: ReadonlyMap<string, BundleEntry>;
}

/**
 * Reads and checks an index file.
 * @throws PipelineError ERR_CHECKPOINT
 */
export async function readBundleIndex(file: string): Promise<BundleIndex> {
  const bytes = await readSmallFile(file, MAX_INDEX_BYTES);
  try {
    return parseIndex(file, bytes);
  } catch (thrown) {
    if (thrown instanceof PipelineError) {
      throw thrown;
    }
    throw damaged(file, toError(thrown).message, thrown); // the readers ran out of bytes
  }
}

/**
 * Names a data file.
 * @param prefix path that the checkpoint's files have in common
 */
export function shardFile(prefix: string, index: number, numShards: number): string {
  const [nth, all] = [index, numShards].map((count) => String(count).padStart(5, '0'));
  return `${prefix}.data-${nth}-of-${all}`;
}

/** The sizes of the data files, bytes: each ends with its last tensor. */
export function shardSizes(
  numShards: number,
  entries: ReadonlyMap<string, BundleEntry>,
): readonly number[] {
  const sizes = Array.from({ length: numShards }, () => 0);
  for (const { shard, offset, bytes } of entries.values()) {
    sizes[shard] = Math.max(sizes[shard] ?? 0, offset + bytes);
  }
  return sizes;
}

function parseIndex(file: string, bytes: Buffer): BundleIndex {
  const table = readTable(file, bytes);
  const header = table.get(HEADER_KEY);
  if (header === undefined) {
    throw new PipelineError('ERR_CHECKPOINT', `${file} is no index of a TensorFlow 2 checkpoint`);
  }
  table.delete(HEADER_KEY);
  const { numShards, isBigEndian, minConsumer } = readBundleHeader(header);
  if (isBigEndian || minConsumer > VERSION || numShards < 1 || numShards > MAX_SHARDS) {
    throw new PipelineError(
      'ERR_CHECKPOINT',
      `Expected ${file} to be of a little-endian machine, version ${VERSION}, with 1 to ${MAX_SHARDS} data files; found ` +
        `${isBigEndian ? 'big-endian' : 'little-endian'}, version ${minConsumer}, ${numShards} data files`,
    );
  }
  const entries = new Map<string, BundleEntry>();
  for (const [key, message] of table) {
    const entry = readBundleEntry(message);
    checkEntry(file, key, entry, numShards);
    entries.set(key, entry);
  }
  return { numShards, entries };
}

function checkEntry(file: string, key: string, entry: BundleEntry, numShards: number): void {
  if (entry.isSliced) {
    throw new PipelineError(
      'ERR_CHECKPOINT',
      `${file} keeps ${key} in parts, as partitioned variables are; save the model without a partitioner`,
    );
  }
  const { dtype, shape, shard, offset, bytes } = entry;
  const isPlace = shard >= 0 && shard < numShards && isWhole(offset) && isWhole(bytes);
  if (!isPlace || !shape.every(isWhole)) {
    throw damaged(file, `the place or shape of ${key} makes no sense`);
  }
  const { name, bytes: elementBytes } = typeInfo(dtype);
  const wanted = shape.reduce((product, size) => product * size, elementBytes ?? 0);
  if (elementBytes !== undefined && wanted !== bytes) {
    throw damaged(file, `${key} has ${bytes} bytes, but ${name} [${shape.join()}] has ${wanted}`);
  }
}

function isWhole(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
