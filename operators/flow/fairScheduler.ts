import { Observable, defer, finalize } from 'rxjs';
import type { ObservableInput, Subscription } from 'rxjs';
import { invariant } from '../../models/core/errors.ts';
import { expectInteger } from '../../models/core/validate.ts';

/** Somebody in the line. */
interface Turn {
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
 *  run(a)   aaa|
 *  run(b)   ---bb|         asked at the same time, begun when a is done
 * ```
 *
 * What is to be worked on is chosen when its turn comes, not when it is asked for: see `turns` of
 * `inferLatest` and `detect`, which then take the newest frame. In a plain line a frame would be half a
 * frame interval old by then, and as often a whole one.
 */
export class Turns {
  readonly #concurrent: number;
  /** Longest wait first. */
  readonly #line: Turn[] = [];
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
  run<T>(work: () => ObservableInput<T>, newestAt: () => number = () => 0): Observable<T> {
    return new Observable<T>((subscriber) => {
      let running: Subscription | undefined;
      const turn: Turn = {
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
      this.#line.push(turn);
      this.#begin();
      return () => {
        const place = this.#line.indexOf(turn);
        if (place >= 0) {
          this.#line.splice(place, 1);
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
    while (this.#numRunning < this.#concurrent && this.#line.length > 0) {
      this.#numRunning += 1;
      this.#next().begin(() => {
        this.#numRunning -= 1;
        this.#begin();
      });
    }
    this.#isBeginning = false;
  }

  /** Takes out of the line whose turn it is. */
  #next(): Turn {
    const [first] = this.#line;
    invariant(first !== undefined, 'the line is not empty');
    const front = this.#line.slice(0, Math.ceil(this.#line.length / 2));
    const next =
      first.numPassed >= this.#line.length
        ? first
        : front.reduce((best, turn) => (turn.newestAt() > best.newestAt() ? turn : best));
    const place = this.#line.indexOf(next);
    for (const passed of this.#line.slice(0, place)) {
      passed.numPassed += 1;
    }
    this.#line.splice(place, 1);
    return next;
  }
}
