import { defer, finalize } from 'rxjs';
import type { Observable, ObservableInput } from 'rxjs';

/**
 * Lends a frame to some work and closes it when the work is over, however it ends.
 * The one place that knows when a frame may go.
 *
 * ```text
 *  work    --r--r|
 *  result  --r--r|
 *  close   ------x        on completion; likewise on an error and when unsubscribed
 * ```
 *
 * The work starts when the result is subscribed to. The frame is closed once, after the work's own
 * clean-up has run: when the work completes, when it errors, when the consumer unsubscribes, and when
 * `work` itself throws. The consumer is told of the end first, then the frame is closed. The frame is
 * spent after that: subscribe once. A promise cannot be called off, so work with a promise must not
 * read the frame after its consumer has left.
 *
 * @param frame anything with an idempotent `close()`
 * @param work makes the stream that needs the frame; an rxjs input such as an observable or a promise
 * @returns what the work emits
 *
 * **Errors:** those of the work, and what `work` throws.
 *
 * **Owns:** the frame, from subscription on. Where the result is never subscribed to, the caller still does.
 */
export function withFrame<F extends { close(): void }, R>(
  frame: F,
  work: (frame: F) => ObservableInput<R>,
): Observable<R> {
  return defer(() => work(frame)).pipe(finalize(() => frame.close()));
}
