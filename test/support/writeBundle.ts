/** Writes checkpoints as TensorFlow 2 lays them out, and such as it never would. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { crc32c, mask } from '../../models/import/checkpoint/crc32c.ts';

/** A tensor to be written. */
export interface TensorToWrite {
  readonly key: string;
  readonly shape: readonly number[];
  readonly values: Float32Array | BigInt64Array | Uint8Array;
  /** As TensorFlow numbers its types; float32 by default. */
  readonly dtype?: number;
  readonly shard?: number;
  /** Length that the index claims; that of `values` by default. */
  readonly bytes?: number;
  readonly isSliced?: boolean;
}

/** How the files deviate from a small ordinary checkpoint. */
export interface BundleOptions {
  readonly name?: string;
  readonly numShards?: number;
  readonly header?: { readonly isBigEndian?: boolean; readonly minConsumer?: number };
  readonly entriesPerBlock?: number;
  /** Type of compression that blocks claim. */
  readonly compression?: number;
  /** Unused bytes between blocks. */
  readonly gapBytes?: number;
  /** Changes a block before its checksum is made. */
  readonly spoil?: (block: Buffer) => Buffer;
}

type Pair = readonly [key: string, value: Uint8Array];

/**
 * Writes `ckpt-N.index` and its data files.
 * @returns the index file's path
 */
export async function writeBundle(
  directory: string,
  tensors: readonly TensorToWrite[],
  options: BundleOptions = {},
): Promise<string> {
  const { name = 'ckpt-1', numShards = 1 } = options;
  const shards = Array.from({ length: numShards }, (): Buffer[] => []);
  const entries = tensors.map((tensor): Pair => {
    const shard = shards[tensor.shard ?? 0]!;
    const { buffer, byteOffset, byteLength } = tensor.values;
    const bytes = Buffer.from(buffer, byteOffset, byteLength);
    const offset = shard.reduce((sum, { length }) => sum + length, 0);
    shard.push(bytes);
    return [tensor.key, entryMessage(tensor, bytes, offset)];
  });
  for (const [index, chunks] of shards.entries()) {
    const [nth, all] = [index, numShards].map((count) => String(count).padStart(5, '0'));
    await writeFile(join(directory, `${name}.data-${nth}-of-${all}`), Buffer.concat(chunks));
  }
  const file = join(directory, `${name}.index`);
  const header: Pair = ['', headerMessage(numShards, options.header ?? {})];
  await writeFile(file, table([header, ...entries.toSorted(byKey)], options));
  return file;
}

function byKey([a]: Pair, [b]: Pair): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function headerMessage(
  numShards: number,
  { isBigEndian = false, minConsumer = 0 }: NonNullable<BundleOptions['header']>,
): Uint8Array {
  const writer = new BinaryWriter();
  number(number(writer, 1, numShards), 2, Number(isBigEndian));
  const version = number(number(new BinaryWriter(), 1, 1), 2, minConsumer);
  return message(writer, 3, version).finish();
}

function entryMessage(tensor: TensorToWrite, content: Buffer, offset: number): Uint8Array {
  const { dtype = 1, shape, shard = 0, bytes = content.length, isSliced = false } = tensor;
  const axes = new BinaryWriter();
  for (const size of shape) {
    message(axes, 2, number(new BinaryWriter(), 1, size));
  }
  const writer = message(number(new BinaryWriter(), 1, dtype), 2, axes);
  number(number(number(writer, 3, shard), 4, offset), 5, bytes);
  writer.tag(6, WireType.Bit32).fixed32(mask(crc32c(content)));
  return (isSliced ? message(writer, 7, new BinaryWriter()) : writer).finish();
}

function number(writer: BinaryWriter, field: number, value: number): BinaryWriter {
  return writer.tag(field, WireType.Varint).int64(value);
}

function message(writer: BinaryWriter, field: number, content: BinaryWriter): BinaryWriter {
  return writer.tag(field, WireType.LengthDelimited).bytes(content.finish());
}

function table(pairs: readonly Pair[], options: BundleOptions): Buffer {
  const { entriesPerBlock = 4, compression = 0, gapBytes = 0, spoil = (same) => same } = options;
  const chunks: Buffer[] = [];
  let end = 0;
  const add = (block: Buffer): Uint8Array => {
    const typed = Buffer.concat([spoil(block), Buffer.of(compression)]);
    const crc = Buffer.alloc(4);
    crc.writeUInt32LE(mask(crc32c(typed)));
    chunks.push(typed, crc, Buffer.alloc(gapBytes));
    const handle = new BinaryWriter().uint64(end).uint64(typed.length - 1);
    end += typed.length + crc.length + gapBytes;
    return handle.finish();
  };
  const index: Pair[] = [];
  for (let i = 0; i < pairs.length; i += entriesPerBlock) {
    const inBlock = pairs.slice(i, i + entriesPerBlock);
    index.push([inBlock.at(-1)![0], add(block(inBlock))]);
  }
  const handles = Buffer.concat([add(block([])), add(block(index))]);
  const magic = Buffer.alloc(8);
  magic.writeBigUInt64LE(0xdb4775248b80fb57n);
  return Buffer.concat([...chunks, handles, Buffer.alloc(40 - handles.length), magic]);
}

/** One key in full, at the block's start; each other one as what it adds to the one before. */
function block(pairs: readonly Pair[]): Buffer {
  const writer = new BinaryWriter();
  let before = Buffer.alloc(0);
  for (const [key, value] of pairs) {
    const bytes = Buffer.from(key);
    let shared = 0;
    while (shared < bytes.length && bytes[shared] === before[shared]) {
      shared += 1;
    }
    writer
      .uint32(shared)
      .uint32(bytes.length - shared)
      .uint32(value.length);
    writer.raw(bytes.subarray(shared)).raw(value);
    before = bytes;
  }
  const restarts = Buffer.alloc(8);
  restarts.writeUInt32LE(1, 4);
  return Buffer.concat([writer.finish(), restarts]);
}
