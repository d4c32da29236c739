import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';
import { PipelineError } from '../../core/errors.ts';
import { damaged } from './checkpointFile.ts';
import { crc32c, mask } from './crc32c.ts';

/** Two block handles, padding and the magic number. */
const FOOTER_BYTES = 48;
const HANDLES_BYTES = 40;
const MAGIC = 0xdb4775248b80fb57n;
/** Behind each block: how it is compressed, and the checksum of both. */
const TRAILER_BYTES = 5;
/** Limits far above any model's, so that a hostile table can't fill the memory. */
const MAX_KEY_BYTES = 1024;
const MAX_ENTRIES = 100_000;

/** Where a block lies, bytes, without its trailer. */
interface BlockHandle {
  readonly offset: number;
  readonly size: number;
}

interface Entry {
  readonly key: string;
  /** A view of the table's bytes. */
  readonly value: Uint8Array;
}

/**
 * Reads a table of sorted keys, the form of LevelDB's and TensorFlow's index files. Every byte is
 * accounted for: blocks must follow one another from the start to the footer, each with its checksum.
 * @param file named in errors
 * @returns the values by key, as views of `bytes`
 * @throws PipelineError ERR_CHECKPOINT where it is no such table, damaged, or compressed
 *
 * Source: doc/table_format.md of google/leveldb
 */
export function readTable(file: string, bytes: Buffer): Map<string, Uint8Array> {
  const table = new Map<string, Uint8Array>();
  const { metaindex, index } = readFooter(file, bytes);
  let end = 0; // of the blocks so far, with trailers
  const next = (handle: BlockHandle): Entry[] => {
    if (handle.offset !== end) {
      throw damaged(file, `a block begins at byte ${handle.offset}, expected at ${end}`);
    }
    end += handle.size + TRAILER_BYTES;
    return readBlock(file, bytes, handle);
  };
  let last: string | undefined;
  for (const { value } of readBlock(file, bytes, index)) {
    for (const entry of next(readHandle(new BinaryReader(value)))) {
      if (last !== undefined && entry.key <= last) {
        throw damaged(file, `the key ${JSON.stringify(entry.key)} is out of order`);
      }
      last = entry.key;
      table.set(entry.key, entry.value);
      if (table.size > MAX_ENTRIES) {
        throw new PipelineError('ERR_CHECKPOINT', `${file} has more than ${MAX_ENTRIES} entries`);
      }
    }
  }
  next(metaindex); // holds nothing of use
  next(index);
  if (end !== bytes.length - FOOTER_BYTES) {
    throw damaged(file, `its blocks end at byte ${end} of ${bytes.length}`);
  }
  return table;
}

function readFooter(file: string, bytes: Buffer): { metaindex: BlockHandle; index: BlockHandle } {
  const start = bytes.length - FOOTER_BYTES;
  if (start < 0 || bytes.readBigUInt64LE(start + HANDLES_BYTES) !== MAGIC) {
    throw new PipelineError(
      'ERR_CHECKPOINT',
      `${file} is cut short or no index of a TensorFlow 2 checkpoint: it does not end as one does`,
    );
  }
  const handles = bytes.subarray(start, start + HANDLES_BYTES);
  const reader = new BinaryReader(handles);
  const [metaindex, index] = [readHandle(reader), readHandle(reader)];
  const writer = new BinaryWriter().uint64(metaindex.offset).uint64(metaindex.size);
  const written = writer.uint64(index.offset).uint64(index.size).finish();
  // no checksum is of these bytes, but there is only one way to write them: filled up with zeros
  if (!Buffer.concat([written], HANDLES_BYTES).equals(handles)) {
    throw damaged(file, 'its last bytes hold what should not be there');
  }
  return { metaindex, index };
}

function readHandle(reader: BinaryReader): BlockHandle {
  return { offset: Number(reader.uint64()), size: Number(reader.uint64()) };
}

function readBlock(file: string, bytes: Buffer, { offset, size }: BlockHandle): Entry[] {
  const end = offset + size;
  if (end + TRAILER_BYTES > bytes.length) {
    throw damaged(file, `a block ends at byte ${end}, the file at ${bytes.length}`);
  }
  // the type of compression is part of what the checksum is of
  if (mask(crc32c(bytes.subarray(offset, end + 1))) !== bytes.readUInt32LE(end + 1)) {
    throw damaged(file, `the block at byte ${offset} does not fit its checksum`);
  }
  if (bytes[end] !== 0) {
    throw new PipelineError(
      'ERR_CHECKPOINT',
      `${file} is compressed, which TensorFlow’s own checkpoints are not; save it again with tf.train.Checkpoint`,
    );
  }
  return readEntries(bytes.subarray(offset, end));
}

/**
 * Reads entries, and behind them the places of keys that are written in full, which only a search needs.
 * @throws RangeError where something does not end inside the block
 */
function readEntries(block: Buffer): Entry[] {
  const restarts = block.length - 4 * (block.readUInt32LE(block.length - 4) + 1);
  const reader = new BinaryReader(block.subarray(0, Math.max(restarts, 0)));
  const take = (length: number): Buffer => {
    const start = reader.pos;
    reader.pos += length;
    if (reader.pos > reader.len) {
      throw new RangeError(`Expected ${length} bytes at ${start}, got ${reader.len - start}`);
    }
    return block.subarray(start, reader.pos);
  };
  const entries: Entry[] = [];
  let key = Buffer.alloc(0);
  while (reader.pos < reader.len) {
    const shared = reader.uint32(); // bytes that the key has in common with the one before
    const own = reader.uint32();
    const valueBytes = reader.uint32();
    if (shared > key.length || shared + own > MAX_KEY_BYTES) {
      throw new RangeError(`Expected a key of at most ${MAX_KEY_BYTES} bytes, got ${shared + own}`);
    }
    key = Buffer.concat([key.subarray(0, shared), take(own)]);
    entries.push({ key: key.toString(), value: take(valueBytes) });
  }
  return entries;
}
