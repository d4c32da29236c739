import { Subscription } from 'rxjs';

/**
 * Empties a list of waiting values into `onDropped`.
 * Every value is handed over, even where the callback throws for one of them.
 *
 * @param values the waiting values, oldest first; empty afterwards
 * @param onDropped takes each value over; default: the values are let go in silence
 * @throws UnsubscriptionError with everything that `onDropped` threw, after the last value
 *
 * **Owns:** nothing; the values pass to `onDropped`.
 */
export function dropAll<T>(values: T[], onDropped?: (value: T) => void): void {
  // A subscription runs all its finalizers and collects their errors, which is what is wanted here.
  const drops = new Subscription();
  for (const value of values.splice(0)) {
    drops.add(() => onDropped?.(value));
  }
  drops.unsubscribe();
}
