import { readFields } from './readFields.ts';

/** The bundle's description, kept under the empty key. */
export interface BundleHeader {
  readonly numShards: number;
  readonly isBigEndian: boolean;
  /** The least version of a reader. */
  readonly minConsumer: number;
}

/** Where a tensor lies and what it is. */
export interface BundleEntry {
  /** As TensorFlow numbers its types. */
  readonly dtype: number;
  readonly shape: readonly number[];
  readonly shard: number;
  /** Into the shard, bytes. */
  readonly offset: number;
  readonly bytes: number;
  /** Masked CRC-32C of the bytes. */
  readonly checksum: number;
  /** The tensor is partitioned: its parts are tensors of their own. */
  readonly isSliced: boolean;
}

/**
 * Reads a `BundleHeaderProto`.
 * @throws Error where it is none
 *
 * Source: tensorflow/core/protobuf/tensor_bundle.proto
 */
export function readBundleHeader(message: Uint8Array): BundleHeader {
  const header = { numShards: 0, isBigEndian: false, minConsumer: 0 };
  readFields(message, {
    1: (reader) => (header.numShards = reader.int32()),
    2: (reader) => (header.isBigEndian = reader.int32() !== 0),
    3: (reader) =>
      readFields(reader.bytes(), { 2: (version) => (header.minConsumer = version.int32()) }),
  });
  return header;
}

/**
 * Reads a `BundleEntryProto`.
 * @throws Error where it is none
 *
 * Source: tensorflow/core/protobuf/tensor_bundle.proto
 */
export function readBundleEntry(message: Uint8Array): BundleEntry {
  const shape: number[] = [];
  const entry = { dtype: 0, shape, shard: 0, offset: 0, bytes: 0, checksum: 0, isSliced: false };
  readFields(message, {
    1: (reader) => (entry.dtype = reader.int32()),
    2: (reader) => readFields(reader.bytes(), { 2: (axes) => shape.push(readAxis(axes.bytes())) }),
    3: (reader) => (entry.shard = reader.int32()),
    4: (reader) => (entry.offset = Number(reader.int64())),
    5: (reader) => (entry.bytes = Number(reader.int64())),
    6: (reader) => (entry.checksum = reader.fixed32()),
    7: (reader) => {
      reader.bytes();
      entry.isSliced = true;
    },
  });
  return entry;
}

function readAxis(message: Uint8Array): number {
  let size = 0;
  readFields(message, { 1: (reader) => (size = Number(reader.int64())) });
  return size;
}
