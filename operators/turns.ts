import { EMPTY, Observable, Subject, catchError, defer, mergeAll, takeUntil, tap } from 'rxjs';
import type { ObservableInput } from 'rxjs';
import { expectInteger } from '../models/validate.ts';

/**
 * Lets several streams share what can do only so much at a time, such as one model: first come, first
 * served, and whoever has had a turn goes to the end of the line.
 *
 * ```text
 *  run(a)   aaa|
 *  run(b)   ---bb|         asked at the same time, begun when a is done
 * ```
 *
 * What is to be worked on is chosen when its turn comes, not when it is asked for: see `turns` of
 * `inferLatest` and `detect`, which then take the newest frame.
 */
export class Turns {
  readonly #asked$ = new Subject<Observable<unknown>>();

  /** @param concurrent turns at a time, 1 or more. Default 1 */
  constructor(concurrent: number = 1) {
    expectInteger('concurrent', concurrent, { min: 1 });
    this.#asked$.pipe(mergeAll(concurrent)).subscribe();
  }

  /**
   * Waits for a turn, and does the work in it. The turn ends with the work, or when the result is unsubscribed.
   * @param work called when the turn comes; not at all where nobody is subscribed any more
   * @returns what the work gives; **errors:** its own, and what `work` throws; the line goes on
   */
  run<T>(work: () => ObservableInput<T>): Observable<T> {
    return new Observable<T>((subscriber) => {
      const left$ = new Subject<void>();
      const turn$ = defer(() => (subscriber.closed ? EMPTY : work())).pipe(
        tap(subscriber),
        takeUntil(left$),
        catchError(() => EMPTY), // the subscriber's to hear, and it has
      );
      this.#asked$.next(turn$);
      return () => left$.next();
    });
  }
}
