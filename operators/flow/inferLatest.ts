import { concatMap, filter, Observable, tap } from 'rxjs';
import type { ObservableInput, OperatorFunction } from 'rxjs';
import type { OptionTable } from '../../models/core/options.ts';
import { resolveOptions } from '../../models/core/resolveOptions.ts';
import { dropAll } from './dropAll.ts';
import type { FairScheduler } from './fairScheduler.ts';

/** Options of `inferLatest`. */
export interface InferLatestConfig<T> {
  /**
   * Takes over each value that is discarded, for frames `(frame) => frame.close()`, and hears why: a newer one took
   * its place (`replaced`), or it still waited at an error or at unsubscription (`ended`). Default: none.
   */
  readonly onDropped?: ((value: T, cause: 'replaced' | 'ended') => void) | undefined;
  /** Shared with others: each inner waits for its turn, and is made of the newest value then. Default: no waiting. */
  readonly turns?: FairScheduler | undefined;
}

const OPTIONS: OptionTable<InferLatestConfig<never>> = {
  onDropped: { type: 'hook' },
  turns: { type: 'value' },
};

/**
 * Runs one inner at a time and keeps only the newest value that comes meanwhile.
 * Old frames are thrown away, so that the newest is never late: the operator for live video.
 *
 * ```text
 *  source   -a-b-c-------d--|
 *  inner     ----r|
 *  result   -----a----c------d|
 *  dropped  -----b------------
 * ```
 *
 * A value that comes while no inner runs is projected at once, or with `turns` as soon as its turn comes. A value that comes while one runs
 * waits, and takes the place of the one that waited before, which goes to `onDropped`. When the inner
 * completes and has let go of its resources, the waiting value is projected. When the source completes,
 * the running inner and the waiting value still run; then the result completes. When the consumer
 * unsubscribes, or on an error, source and inner are unsubscribed first, then the waiting value goes
 * to `onDropped`. Memory: one running and one waiting value.
 *
 * @param project makes the inner of a value; `index` counts the projected values from 0, not the dropped ones
 * @param config see `InferLatestConfig`; all fields are optional
 * @returns an operator that emits what the inners emit, in the order of the source
 * @throws TypeError at the call for an unknown option
 *
 * **Errors:** those of the source and of the inners, and what `project` or `onDropped` throw while
 * values flow. What `onDropped` throws after the end leaves through `unsubscribe`, as rxjs does it.
 *
 * **Owns:** a waiting value, until it passes to `project` or to `onDropped`; never both.
 */
export function inferLatest<T, R>(
  project: (value: T, index: number) => ObservableInput<R>,
  config: InferLatestConfig<T> = {},
): OperatorFunction<T, R> {
  const { onDropped, turns } = resolveOptions('inferLatest', OPTIONS, config);

  return (source) =>
    new Observable<R>((subscriber) => {
      // The newest value whose turn is still to come: none or one.
      const waiting: T[] = [];
      // When it came, ms.
      let newestAt = 0;

      return source
        .pipe(
          filter((value) => {
            const older = waiting.splice(0, 1, value);
            newestAt = performance.now();
            older.forEach((dropped) => onDropped?.(dropped, 'replaced'));
            // Where one waited already, its turn is queued in `concatMap`; the newer value takes it over.
            return older.length === 0;
          }),
          concatMap((_, index) => {
            const next = (): ObservableInput<R> => project(waiting.shift() as T, index);
            return turns === undefined ? next() : turns.schedule(next, () => newestAt);
          }),
          // Runs after source and inner are unsubscribed: closing a frame may make the source emit.
          tap({ finalize: () => dropAll(waiting, (value) => onDropped?.(value, 'ended')) }),
        )
        .subscribe(subscriber);
    });
}
