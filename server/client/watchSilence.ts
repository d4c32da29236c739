import { Observable, identity, interval, tap } from 'rxjs';
import type { MonoTypeOperatorFunction } from 'rxjs';

/** What becomes of a stream that is silent. */
export interface SilenceConfig {
  /** Length of a turn, ms; 0 switches the watch off. */
  readonly turnMs: number;
  /** Called after one whole turn without a value, at most two of them. */
  readonly onSilent: () => void;
  /** Makes the error that ends the stream after two whole turns without a value. */
  readonly createError: () => Error;
}

/**
 * Passes a stream on, and ends it where nothing comes any more.
 * A stream that was asked for a sign of life and gives none is dead.
 *
 * source  a-----------          turn 4, asked within the 8th frame, dead by the 12th
 * result  a-----------#
 *
 * **Errors:** those of the source, and the one made by `createError`.
 */
export function watchSilence<T>(config: SilenceConfig): MonoTypeOperatorFunction<T> {
  const { turnMs, onSilent, createError } = config;
  if (turnMs === 0) {
    return identity;
  }
  return (source) =>
    new Observable((subscriber) => {
      // Ends of turns since the last value: a counter, so that a value costs no timer.
      let numEnds = 0;
      const watching = interval(turnMs).subscribe(() => {
        numEnds += 1;
        if (numEnds === 2) {
          onSilent();
        } else if (numEnds > 2) {
          subscriber.error(createError());
        }
      });
      subscriber.add(watching);
      source
        .pipe(
          tap(() => {
            numEnds = 0;
          }),
        )
        .subscribe(subscriber);
    });
}
