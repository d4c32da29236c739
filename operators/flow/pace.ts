import { concatMap, map, Observable, of, tap, timer } from 'rxjs';
import type { MonoTypeOperatorFunction, SchedulerLike } from 'rxjs';
import type { OptionTable } from '../../models/core/options.ts';
import { resolveOptions } from '../../models/core/resolveOptions.ts';
import { MAX_TIMER_MS } from '../../models/core/timers.ts';
import { dropAll } from './dropAll.ts';
import { monotonicScheduler } from './monotonicScheduler.ts';

/** Options of `pace`. */
export interface PaceConfig<T> {
  /** Media seconds for each second of the clock, above 0; 2 plays twice as fast. Default 1. */
  readonly rate?: number;
  /** Largest step between two media times that is waited for, seconds, above 0. Default 5. */
  readonly maxWaitSeconds?: number;
  /** Where the clock and the timers come from. Default `asyncScheduler`, with a clock that never jumps. */
  readonly scheduler?: SchedulerLike;
  /** Takes over the values that still wait at an error or at unsubscription. Default: none. */
  readonly onDropped?: ((value: T) => void) | undefined;
}

const OPTIONS: OptionTable<PaceConfig<never>> = {
  rate: { type: 'number', above: 0, default: 1 },
  maxWaitSeconds: { type: 'number', above: 0, default: 5, unit: 's' },
  scheduler: { type: 'value', default: monotonicScheduler },
  onDropped: { type: 'hook' },
};

/**
 * Emits each value when its media time is due, counted from the first value.
 * Plays a file at its own speed, as a camera would have delivered it.
 *
 * ```text
 *  source  (abc|)                pts 0, 0.003, 0.007 seconds
 *  pace()  a--b---(c|)
 * ```
 *
 * The first value passes at once and ties its media time to the clock. A later value waits until
 * `(pts - firstPts) / rate` has gone by; one that is late already passes at once, so that a halt is
 * caught up. Order is kept and nothing is left out. When `pts` goes backwards (seek, loop), or forward
 * by more than `maxWaitSeconds`, the clock is tied anew: that value passes as soon as those before it
 * have. When the source completes, the waiting values are still played; then the result completes. An
 * error passes at once, and then, as after unsubscription, the waiting values go to `onDropped`.
 * Memory: as many values as the source gives before they are due. A source of frames is slowed by the
 * waiting frames, which are not closed yet; nothing else limits their number here.
 *
 * @param config see `PaceConfig`; all fields are optional
 * @returns an operator that emits the same values, later
 * @throws TypeError or RangeError at the call for an unknown option or a wrong value
 *
 * **Errors:** those of the source. What `onDropped` throws leaves through `unsubscribe`.
 *
 * **Owns:** the waiting values, until each is emitted or passes to `onDropped`; never both.
 */
export function pace<T extends { readonly pts: number }>(
  config: PaceConfig<T> = {},
): MonoTypeOperatorFunction<T> {
  const { rate, maxWaitSeconds, scheduler, onDropped } = resolveOptions('pace', OPTIONS, config);

  return (source) =>
    new Observable<T>((subscriber) => {
      // Values that are not emitted yet, oldest first.
      const waiting: T[] = [];
      // A media time in seconds and the reading of the clock in milliseconds that belongs to it.
      let base = { pts: 0, at: 0 };
      // Media time of the value before, and when that value was due.
      let last = { pts: Infinity, dueAt: -Infinity };

      const dueAt = (pts: number): number => {
        if (pts < last.pts || pts - last.pts > maxWaitSeconds) {
          base = { pts, at: Math.max(scheduler.now(), last.dueAt) };
        }
        last = { pts, dueAt: base.at + ((pts - base.pts) * 1_000) / rate };
        return last.dueAt;
      };

      return source
        .pipe(
          map((value) => {
            const hasQueued = waiting.push(value) > 1;
            return { value, hasQueued, at: dueAt(value.pts) };
          }),
          concatMap(({ value, hasQueued, at }) => {
            const waitMs = Math.min(MAX_TIMER_MS, Math.max(0, at - scheduler.now()));
            // A late value that has queued takes a timer too: a long queue must not nest its calls.
            const isNow = waitMs === 0 && !hasQueued;
            return isNow ? of(value) : timer(waitMs, scheduler).pipe(map(() => value));
          }),
          // Ends after the source is unsubscribed: closing a frame may make the source emit.
          tap({ next: () => waiting.shift(), finalize: () => dropAll(waiting, onDropped) }),
        )
        .subscribe(subscriber);
    });
}
