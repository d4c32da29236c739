import type { Weight } from '../onnx/weight.ts';

/** Coordinates go from 0 to this; nearly a full turn, as the reference writes it. */
const TURN = 6.2831852;

/**
 * The sines and cosines that tell a token where it stands in the picture: the first half of the channels
 * its row, the second its column.
 * @param name of the weight   @param size rows, and columns, 2 or more   @param width D, a multiple of 4
 * @returns [size * size, D], row by row
 * Source: google-research/pix2seq `transformers.get_2d_position_codes`
 */
export function positionCodes(name: string, size: number, width: number): Weight {
  const half = width / 2;
  return {
    name,
    shape: [size * size, width],
    read: () => {
      const codes = lineCodes(size, half);
      const code = (at: number): Float32Array => codes.subarray(at * half, (at + 1) * half);
      const all = new Float32Array(size * size * width);
      for (let row = 0; row < size; row++) {
        for (let column = 0; column < size; column++) {
          const at = (row * size + column) * width;
          all.set(code(row), at);
          all.set(code(column), at + half);
        }
      }
      return Promise.resolve(all);
    },
  };
}

/** @returns [size, width]: all sines, then all cosines */
function lineCodes(size: number, width: number): Float32Array {
  const codes = new Float32Array(size * width);
  const half = width / 2;
  for (let at = 0; at < size; at++) {
    const coordinate = (at / (size - 1)) * TURN;
    for (let k = 0; k < half; k++) {
      const angle = coordinate / 10000 ** ((2 * k) / width);
      codes[at * width + k] = Math.sin(angle);
      codes[at * width + half + k] = Math.cos(angle);
    }
  }
  return codes;
}
