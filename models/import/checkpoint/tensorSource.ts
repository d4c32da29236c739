import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { PipelineError, toError } from '../../core/errors.ts';
import { readBundleIndex, shardFile } from './bundleIndex.ts';
import type { BundleIndex } from './bundleIndex.ts';
import { damaged } from './checkpointFile.ts';
import { crc32c, mask } from './crc32c.ts';
import { findBundle } from './findBundle.ts';
import { typeInfo } from './tensorTypes.ts';
import type { TensorType } from './tensorTypes.ts';

/** What a checkpoint says of a tensor before it is read. */
export interface TensorInfo {
  readonly key: string;
  readonly dtype: TensorType;
  /** Sizes of its axes, outermost first; none for a scalar. */
  readonly shape: readonly number[];
  /** Its length in the file. */
  readonly bytes: number;
}

/** An open checkpoint. */
export interface TensorSource {
  /** Every tensor, by key, in the order of the keys. */
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  /**
   * Reads a float32 tensor, row-major; its checksum is checked.
   * **Owns:** the caller owns the array.
   * @throws PipelineError ERR_CHECKPOINT where the key is unknown, the type another, or the file damaged
   */
  readFloats(key: string): Promise<Float32Array>;
  /** Closes the files; may be called twice. */
  close(): Promise<void>;
}

/**
 * Opens a TensorFlow 2 checkpoint, a folder of `ckpt-N.index` and `ckpt-N.data-*`. Of several, the one
 * that the file `checkpoint` names is taken, else the one with the highest N. Memory holds the index and
 * what was read for the caller, nothing else.
 * **Owns:** the caller closes what is returned.
 * @throws PipelineError ERR_CHECKPOINT where there is none, or it is damaged or of another kind
 *
 * Source: tensorflow/core/util/tensor_bundle
 */
export async function openCheckpoint(directory: string): Promise<TensorSource> {
  const prefix = await findBundle(directory);
  const index = await readBundleIndex(`${prefix}.index`);
  const shards: Shard[] = [];
  try {
    for (let i = 0; i < index.numShards; i++) {
      shards.push(await openShard(shardFile(prefix, i, index.numShards)));
    }
    return new BundleSource(index, shards);
  } catch (thrown) {
    await closeAll(shards);
    throw thrown;
  }
}

interface Shard {
  readonly file: string;
  readonly handle: FileHandle;
  /** Length, bytes. */
  readonly bytes: number;
}

class BundleSource implements TensorSource {
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  readonly #index: BundleIndex;
  readonly #shards: readonly Shard[];

  constructor(index: BundleIndex, shards: readonly Shard[]) {
    const tensors = new Map<string, TensorInfo>();
    for (const [key, { dtype, shape, shard, offset, bytes }] of index.entries) {
      const end = offset + bytes;
      const found = shards[shard];
      if (found === undefined || end > found.bytes) {
        throw damaged(
          found?.file ?? `data file ${shard}`,
          `${key} ends at byte ${end}, the file at ${found?.bytes ?? 0}`,
        );
      }
      tensors.set(key, { key, dtype: typeInfo(dtype).name, shape, bytes });
    }
    this.tensors = tensors;
    this.#index = index;
    this.#shards = shards;
  }

  async readFloats(key: string): Promise<Float32Array> {
    const info = this.tensors.get(key);
    const entry = this.#index.entries.get(key);
    const shard = this.#shards[entry?.shard ?? 0];
    if (info === undefined || entry === undefined || shard === undefined) {
      throw new PipelineError('ERR_CHECKPOINT', `The checkpoint has no tensor ${key}`);
    }
    if (info.dtype !== 'float32') {
      throw new PipelineError(
        'ERR_CHECKPOINT',
        `Expected ${key} to be float32, found ${info.dtype}`,
      );
    }
    const values = new Float32Array(info.bytes / Float32Array.BYTES_PER_ELEMENT);
    const bytes = new Uint8Array(values.buffer);
    await readExactly(shard, bytes, entry.offset);
    if (mask(crc32c(bytes)) !== entry.checksum) {
      throw damaged(shard.file, `${key} does not fit its checksum`);
    }
    return values;
  }

  async close(): Promise<void> {
    await closeAll(this.#shards);
  }
}

async function openShard(file: string): Promise<Shard> {
  try {
    const handle = await open(file);
    return { file, handle, bytes: (await handle.stat()).size };
  } catch (cause) {
    throw new PipelineError('ERR_CHECKPOINT', `Cannot open ${file}: ${toError(cause).message}`, {
      cause,
    });
  }
}

async function closeAll(shards: readonly Shard[]): Promise<void> {
  await Promise.all(shards.map(({ handle }) => handle.close()));
}

/** Fills `target`; one read gives 2 GiB at the most, and may give less. */
async function readExactly(
  { file, handle }: Shard,
  target: Uint8Array,
  position: number,
): Promise<void> {
  let done = 0;
  while (done < target.length) {
    const { bytesRead } = await handle.read(target, done, target.length - done, position + done);
    if (bytesRead === 0) {
      throw damaged(file, `it ends at byte ${position + done}`);
    }
    done += bytesRead;
  }
}
