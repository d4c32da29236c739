import { PipelineError } from '../../core/errors.ts';
import type { Vocabulary } from '../../core/types.ts';

/**
 * Turns a unit coordinate into its bin; what lies outside is clipped.
 * @param unit position over the padded square, 0 to 1
 * @param bins number of bins, 2 or more
 * @returns integer in [0, bins)
 * Source: google-research/pix2seq `utils.quantize`; `tf.round` rounds halves to even.
 */
export function quantize(unit: number, bins: number): number {
  return Math.min(bins - 1, Math.max(0, roundHalfToEven(unit * (bins - 1))));
}

/**
 * Turns a bin back into a unit coordinate.
 * @param bin integer in [0, bins)
 * @returns in [0, 1]
 * Source: google-research/pix2seq `utils.dequantize`.
 */
export function dequantize(bin: number, bins: number): number {
  return bin / (bins - 1);
}

/**
 * Turns a coordinate token into a unit coordinate. A token of another kind, which free sampling may
 * put there, is clipped to the nearest end.
 * @returns in [0, 1]
 * Source: google-research/pix2seq `task_utils.decode_object_seq_to_bbox`.
 */
export function tokenToUnit(token: number, { coordinateBase, bins }: Vocabulary): number {
  return dequantize(Math.min(bins - 1, Math.max(0, token - coordinateBase)), bins);
}

/** Turns a unit coordinate into its token. */
export function unitToToken(unit: number, { coordinateBase, bins }: Vocabulary): number {
  return coordinateBase + quantize(unit, bins);
}

/** Where in an object a position stands: 0 ymin, 1 xmin, 2 ymax, 3 xmax, 4 class. */
export function tokenIndexOf(position: number, { prompt }: Vocabulary): number {
  return (position - prompt.length) % 5;
}

/**
 * Turns a class token into the index of its label.
 * @throws PipelineError ERR_TOKEN_RANGE where it is no class token
 */
export function tokenToClass(token: number, { classBase }: Vocabulary, numLabels: number): number {
  const index = token - classBase;
  if (index < 0 || index >= numLabels) {
    throw new PipelineError(
      'ERR_TOKEN_RANGE',
      `Expected a class token from ${classBase} to ${classBase + numLabels - 1}, got ${token}`,
    );
  }
  return index;
}

function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  const isTie = value - floor === 0.5;
  return isTie ? floor + (floor % 2) : Math.round(value);
}
