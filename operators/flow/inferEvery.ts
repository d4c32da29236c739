import { EMPTY, Observable, catchError, concat, concatMap, defer, tap, throwError } from 'rxjs';
import type { ObservableInput, OperatorFunction } from 'rxjs';
import { PipelineError } from '../../models/core/errors.ts';
import type { OptionTable } from '../../models/core/options.ts';
import { resolveOptions } from '../../models/core/resolveOptions.ts';
import { dropAll } from './dropAll.ts';

/** Options of `inferEvery`. */
export interface InferEveryConfig<T> {
  /** Values that may wait for the running inner, 1 or more. Default 64. */
  readonly maxBuffered?: number;
  /** Takes over the values that still wait at an error or at unsubscription. Default: none. */
  readonly onDropped?: ((value: T) => void) | undefined;
}

const OPTIONS: OptionTable<InferEveryConfig<never>> = {
  maxBuffered: { type: 'integer', min: 1, default: 64 },
  onDropped: { type: 'hook' },
};

/**
 * Runs one inner at a time, for every value, in order.
 * Nothing is left out, however long it takes: the operator for files and pictures.
 *
 * ```text
 *  source   -a-b-c---------|
 *  inner     ----r|
 *  result   -----a----b----c|
 * ```
 *
 * A value that comes while an inner runs waits behind the earlier ones. When the inner completes and
 * has let go of its resources, the next value is projected. When the source completes, all waiting
 * values still run; then the result completes. An error of the source waits its turn like a value, so
 * that what came before it is not lost. When the consumer unsubscribes, or on any other error, source
 * and inner are unsubscribed first, then the waiting values go to `onDropped`, oldest first.
 * Memory: at most `maxBuffered` waiting values. A source of frames is slowed by frames that are not
 * closed and never comes near that number; a source that cannot be slowed can.
 *
 * @param project makes the inner of a value; `index` counts the values from 0
 * @param config see `InferEveryConfig`; all fields are optional
 * @returns an operator that emits what the inners emit, in the order of the source
 * @throws TypeError or RangeError at the call for an unknown option or a wrong value
 *
 * **Errors:** `ERR_BUFFER_FULL` when one value more than `maxBuffered` waits; those of the source and
 * of the inners, and what `project` throws. What `onDropped` throws leaves through `unsubscribe`.
 *
 * **Owns:** the waiting values, until each passes to `project` or to `onDropped`; never both.
 */
export function inferEvery<T, R>(
  project: (value: T, index: number) => ObservableInput<R>,
  config: InferEveryConfig<T> = {},
): OperatorFunction<T, R> {
  const { maxBuffered, onDropped } = resolveOptions('inferEvery', OPTIONS, config);

  return (source) =>
    new Observable<R>((subscriber) => {
      // Values whose turn is still to come, oldest first.
      const waiting: T[] = [];
      // How the source ended, where it did not complete.
      let failure: { readonly thrown: unknown } | undefined;

      const results$ = source.pipe(
        catchError((thrown: unknown) => {
          failure = { thrown };
          return EMPTY;
        }),
        tap((value) => {
          waiting.push(value);
          if (waiting.length > maxBuffered) {
            throw new PipelineError(
              'ERR_BUFFER_FULL',
              `More than ${maxBuffered} values wait for the running one, since the source ignores back-pressure; ` +
                'close frames so that the source slows down, use `inferLatest`, or raise `maxBuffered`',
              { details: { maxBuffered } },
            );
          }
        }),
        concatMap((value, index) => {
          waiting.shift();
          return project(value, index);
        }),
        // Runs after source and inner are unsubscribed: closing a frame may make the source emit.
        tap({ finalize: () => dropAll(waiting, onDropped) }),
      );
      const end$ = defer(() => {
        const held = failure;
        return held === undefined ? EMPTY : throwError(() => held.thrown);
      });
      return concat(results$, end$).subscribe(subscriber);
    });
}
