import { interval, Observable, tap } from 'rxjs';
import type { MonoTypeOperatorFunction, SchedulerLike } from 'rxjs';
import type { FrameDetections } from '../../models/core/types.ts';
import type { OptionTable } from '../../models/core/options.ts';
import { resolveOptions } from '../../models/core/resolveOptions.ts';
import { monotonicScheduler } from './monotonicScheduler.ts';
import { summarize } from './summarize.ts';
import type { Measurement } from './summarize.ts';

export type { Measurement } from './summarize.ts';

/** Options of `measure`. */
export interface MeasureConfig {
  /** Is given each window's measurement. */
  readonly report: (measurement: Measurement) => void;
  /** Length of a window, milliseconds, 1 to 60000. Default 1000. */
  readonly windowMs?: number;
  /** Where the clock and the timer come from. Default `asyncScheduler`, with a clock that never jumps. */
  readonly scheduler?: SchedulerLike;
}

const OPTIONS: OptionTable<MeasureConfig> = {
  report: { type: 'hook', required: true },
  windowMs: { type: 'number', min: 1, max: 60_000, default: 1_000, unit: 'ms' },
  scheduler: { type: 'value', default: monotonicScheduler },
};

/**
 * Reports rate, latency and losses in regular intervals and passes the results on untouched.
 * Tells whether the pipeline keeps up, without standing in its way.
 *
 * ```text
 *  source                  -a-b--------c-|
 *  measure({windowMs: 5})  -a-b--------c-|
 *  report                  -----2----0---1       frames
 * ```
 *
 * The first window begins at subscription, each further one at the end of the one before. Every window
 * is reported, an empty one too, since a standstill is news. At completion the window that has begun is
 * reported before the result completes, unless it is empty; at an error or unsubscription it is not.
 * Memory: the results of one window.
 *
 * @param config see `MeasureConfig`; `report` is required
 * @returns an operator that emits the same values at the same time
 * @throws TypeError or RangeError at the call for an unknown option or a wrong value
 *
 * **Errors:** those of the source, and what `report` throws.
 *
 * **Owns:** nothing; it borrows the results until their window ends.
 */
export function measure<T extends FrameDetections>(
  config: MeasureConfig,
): MonoTypeOperatorFunction<T> {
  const { report, windowMs, scheduler } = resolveOptions('measure', OPTIONS, config);

  return (source) =>
    new Observable<T>((subscriber) => {
      // Results since the window began.
      let results: FrameDetections[] = [];
      // When the window began, milliseconds of the scheduler's clock.
      let beganAt = scheduler.now();

      const endWindow = (): void => {
        const now = scheduler.now();
        const measurement = summarize(results, now - beganAt);
        results = [];
        beganAt = now;
        report(measurement);
      };
      const complete = (): void => {
        if (results.length > 0) {
          endWindow();
        }
      };

      const windows$ = interval(windowMs, scheduler).pipe(tap(endWindow));
      subscriber.add(windows$.subscribe({ error: (thrown) => subscriber.error(thrown) }));
      return source
        .pipe(tap({ next: (value) => results.push(value), complete }))
        .subscribe(subscriber);
    });
}
