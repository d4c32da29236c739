import {
  asyncScheduler,
  connect,
  last,
  map,
  merge,
  NEVER,
  startWith,
  switchMap,
  takeUntil,
  timer,
} from 'rxjs';
import type { MonoTypeOperatorFunction, SchedulerLike } from 'rxjs';

/**
 * Time between the end of the wait and the verdict, milliseconds. A thread that was busy for longer
 * than the wait sees its timer first and then what came meanwhile; this lets that come.
 */
const GRACE_MS = 100;

/**
 * Errors when the next value is late.
 * A camera that is connected and silent is as good as gone.
 *
 * ```text
 *  source      --a-a-a-------
 *  watchdog()  --a-a-a---#      three after the last
 * ```
 *
 * @param waitSeconds told the value before, or nothing at the start; Infinity waits for ever
 * @param toLate makes the error   @param scheduler default `asyncScheduler`
 * **Errors:** those of the source, and the one of `toLate`. **Owns:** nothing.
 */
export function watchdog<T>(
  waitSeconds: (before: T | undefined) => number,
  toLate: (before: T | undefined) => Error,
  scheduler: SchedulerLike = asyncScheduler,
): MonoTypeOperatorFunction<T> {
  return connect((shared$) =>
    merge(
      shared$,
      shared$.pipe(
        startWith(undefined),
        switchMap((before) => {
          const seconds = waitSeconds(before);
          return seconds === Infinity
            ? NEVER
            : timer(seconds * 1_000, scheduler).pipe(
                switchMap(() => timer(GRACE_MS, scheduler)),
                map((): never => {
                  throw toLate(before);
                }),
              );
        }),
        takeUntil(shared$.pipe(last(null, undefined))),
      ),
    ),
  );
}
