import { defer, fromEvent, of } from 'rxjs';
import type { Observable } from 'rxjs';

/** Emits once when a signal is aborted, at once where it is already: for `takeUntil`. */
export function abortOf(signal: AbortSignal): Observable<unknown> {
  return defer(() => (signal.aborted ? of(undefined) : fromEvent(signal, 'abort')));
}
