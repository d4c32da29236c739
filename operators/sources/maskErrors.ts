import { catchError, throwError } from 'rxjs';
import type { MonoTypeOperatorFunction } from 'rxjs';
import { toError } from '../../models/core/errors.ts';
import { maskError } from '../../models/core/secrets.ts';
import type { Mask } from '../../models/core/secrets.ts';

/**
 * Hides secrets in whatever error passes: in its message, stack, causes and details.
 * **Errors:** those of the source, the same ones. **Owns:** nothing.
 */
export function maskErrors<T>(mask: Mask): MonoTypeOperatorFunction<T> {
  return catchError((thrown: unknown) => throwError(() => maskError(toError(thrown), mask)));
}
