import type { ModelInfo } from '../../core/types.ts';
import { MAX_OBJECTS } from '../../core/decodeOptions.ts';
import type { ResolvedDecodeOptions } from './decodeOptions.ts';

/**
 * The draft, where it can serve: with a model whose class inputs matter the classes would have to be
 * guessed as well. It ends before an object that no frame of this model can hold, since graphs need
 * not bear every token.
 * @returns five tokens an object, whole objects only; a view
 */
export function usableDraft(
  { draft, reuse }: ResolvedDecodeOptions,
  { vocabulary, fusedClassStep }: ModelInfo,
): Int32Array {
  if (reuse === 'off' || !fusedClassStep) {
    return new Int32Array();
  }
  const { coordinateBase, bins } = vocabulary;
  const isCoordinate = (token: number): boolean =>
    token >= coordinateBase && token < coordinateBase + bins;
  const misfit = draft.findIndex((token, i) => i % 5 < 4 && !isCoordinate(token));
  const length = Math.min(misfit < 0 ? draft.length : misfit, 5 * MAX_OBJECTS);
  return draft.subarray(0, length - (length % 5));
}
