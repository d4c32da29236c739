import { Observable, defer, finalize } from 'rxjs';
import type { ObservableInput, Subscription } from 'rxjs';
import { invariant } from '../../models/core/errors.ts';
import { expectInteger } from '../../models/core/validate.ts';

/** Work that waits for its turn. */
interface Ticket {
  /** When what is to be worked on came, so far; any clock. */
  readonly newestAt: () => number;
  /** How often somebody from further back has gone first. */
  numPassed: number;
  /** @param end to be called once, when the work is over */
  readonly begin: (end: () => void) => void;
}

/**
 * Lets several streams share what can do only so much at a time, such as one model. Whoever has had a
 * turn goes to the end of the line; of the front half of the line, whoever has the newest to show goes
 * next. Nobody is passed over more often than the line is long.
 *
 * ```text
 *  schedule(a)   aaa|
 *  schedule(b)   ---bb|         asked at the same time, begun when a is done
 * ```
 *
 * What is to be worked on is chosen when its turn comes, not when it is asked for: see `turns` of
 * `inferLatest` and `detect`, which then take the newest frame. In a plain line a frame would be half a
 * frame interval old by then, and as often a whole one.
 */
export class FairScheduler {
  readonly #concurrent: number;
  /** Longest wait first. */
  readonly #queue: Ticket[] = [];
  #numRunning = 0;
  #isBeginning = false;

  /** @param concurrent turns at a time, 1 or more. Default 1 */
  constructor(concurrent: number = 1) {
    this.#concurrent = expectInteger('concurrent', concurrent, { min: 1 });
  }

  /**
   * Waits for a turn, and does the work in it. The turn ends with the work, or when the result is unsubscribed.
   * @param work called when the turn comes; not at all where nobody is subscribed any more
   * @param newestAt when the newest came of what there is to work on, on the clock of the others. Default: all the same
   * @returns what the work gives; **errors:** its own, and what `work` throws; the line goes on
   */
  schedule<T>(work: () => ObservableInput<T>, newestAt: () => number = () => 0): Observable<T> {
    return new Observable<T>((subscriber) => {
      let running: Subscription | undefined;
      const ticket: Ticket = {
        newestAt,
        numPassed: 0,
        begin(end) {
          running = defer(work)
            .pipe(finalize(end))
            .subscribe({
              next: (value) => subscriber.next(value),
              error: (error) => subscriber.error(error),
              complete: () => subscriber.complete(),
            });
        },
      };
      this.#queue.push(ticket);
      this.#begin();
      return () => {
        const place = this.#queue.indexOf(ticket);
        if (place >= 0) {
          this.#queue.splice(place, 1);
        }
        running?.unsubscribe();
      };
    });
  }

  /** Begins as many turns as may run. Work that ends at once comes here again, and finds the loop under way. */
  #begin(): void {
    if (this.#isBeginning) {
      return;
    }
    this.#isBeginning = true;
    while (this.#numRunning < this.#concurrent && this.#queue.length > 0) {
      this.#numRunning += 1;
      this.#next().begin(() => {
        this.#numRunning -= 1;
        this.#begin();
      });
    }
    this.#isBeginning = false;
  }

  /** Takes out of the line whose turn it is. */
  #next(): Ticket {
    const [first] = this.#queue;
    invariant(first !== undefined, 'the line is not empty');
    const front = this.#queue.slice(0, Math.ceil(this.#queue.length / 2));
    const next =
      first.numPassed >= this.#queue.length
        ? first
        : front.reduce((best, ticket) => (ticket.newestAt() > best.newestAt() ? ticket : best));
    const place = this.#queue.indexOf(next);
    for (const passed of this.#queue.slice(0, place)) {
      passed.numPassed += 1;
    }
    this.#queue.splice(place, 1);
    return next;
  }
}
