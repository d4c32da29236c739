/** The door to @node-rs/crc32: the checksum of TensorFlow's files and of Google's buckets. */
import { crc32c as extend } from '@node-rs/crc32';

/** Added by `mask`; a number that LevelDB's authors chose. */
const MASK_DELTA = 0xa282ead8;

/**
 * Computes CRC-32C.
 * @param before checksum of what comes before `bytes`
 * @returns unsigned, 32 bits
 */
export function crc32c(bytes: Uint8Array, before: number = 0): number {
  return extend(bytes, before) >>> 0;
}

/**
 * Makes a checksum storable beside the bytes it is of, as LevelDB does: the checksum of bytes that hold
 * their own checksum would be weak.
 */
export function mask(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + MASK_DELTA) >>> 0;
}
