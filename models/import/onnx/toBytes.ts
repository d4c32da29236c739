import { Float16Array } from '@petamoriken/float16';
import type { Precision } from './graphBuilder.ts';

/**
 * The bytes of real numbers as a graph's file has them, little-endian; float16 is rounded to the nearest,
 * halves to even.
 * @param values for float32 the result is a view of them
 */
export function toBytes(values: Float32Array, precision: Precision): Uint8Array<ArrayBuffer> {
  if (precision === 'float32') {
    return new Uint8Array(values.buffer as ArrayBuffer, values.byteOffset, values.byteLength);
  }
  return new Uint8Array(new Float16Array(values).buffer);
}
