import { BehaviorSubject, defer, retry, share, startWith, tap, throwError, timer } from 'rxjs';
import type { Observable } from 'rxjs';
import type { HelloMessage, ServerMessage } from '../protocol/messages.ts';
import { connectionError, isFinal } from './connectionError.ts';
import { openSocket } from './openSocket.ts';
import type { Send } from './openSocket.ts';
import type { ResolvedOptions } from './options.ts';
import type { Outgoing } from './query.ts';
import { withStatus } from './sourceList.ts';
import { watchSilence } from './watchSilence.ts';

/** What the connection is doing; `open` from the server's greeting on. */
export type ConnectionState =
  | { readonly state: 'connecting' | 'open' }
  | {
      readonly state: 'waiting';
      /** Time until the next attempt, seconds. */
      readonly retrySeconds: number;
      /** Why the last one ended. */
      readonly error: Error;
    }
  | {
      readonly state: 'closed';
      /** Why, where it was not by wish. */
      readonly error?: Error;
    };

/** A name that no source has, and the name of the subscription to it: its answer is a sign of life. */
const PROBE = { id: 'probe', sources: ['\0'] } as const;

/**
 * One connection that is made anew whenever it is lost. It is open as long as somebody listens to `messages$`.
 */
export class Link {
  /**
   * Everything the server sends, over all connections: shared, each begins with `hello`. Who comes later
   * gets the greeting first, brought up to date.
   * **Errors:** what no further attempt would mend, or the last failure after `maxRetries`.
   */
  readonly messages$: Observable<ServerMessage>;
  /** What it is doing now, and every change of that. */
  readonly state$: Observable<ConnectionState>;
  readonly #state$ = new BehaviorSubject<ConnectionState>({ state: 'closed' });
  readonly #options: ResolvedOptions;
  /** Ways into the connection that is open, and its greeting. */
  #send: Send | undefined;
  #hello: HelloMessage | undefined;

  constructor(options: ResolvedOptions) {
    this.#options = options;
    const shared$ = this.#connections().pipe(share());
    this.messages$ = defer(() =>
      this.#hello === undefined ? shared$ : shared$.pipe(startWith(this.#hello)),
    );
    this.state$ = this.#state$.asObservable();
  }

  /** Sends to the server that has greeted; does nothing where there is none. */
  send(message: Outgoing): void {
    if (this.#hello !== undefined) {
      this.#send?.(message);
    }
  }

  /** Completes `state$`; to be called when nobody listens any more. */
  close(): void {
    this.#state$.complete();
  }

  #connections(): Observable<ServerMessage> {
    const { maxRetries } = this.#options;
    return this.#connection().pipe(
      retry({
        count: maxRetries,
        resetOnSuccess: true,
        delay: (error: unknown, numFailures) =>
          isFinal(error) ? throwError(() => error) : this.#pause(error as Error, numFailures),
      }),
      tap({
        error: (error: Error) => this.#state$.next({ state: 'closed', error }),
        unsubscribe: () => this.#state$.next({ state: 'closed' }),
      }),
    );
  }

  #connection(): Observable<ServerMessage> {
    const { address, silenceSeconds } = this.#options;
    const forget = (): void => {
      this.#send = undefined;
      this.#hello = undefined;
    };
    return openSocket(this.#options, (send) => {
      this.#send = send;
    }).pipe(
      watchSilence({
        turnMs: silenceSeconds * 1_000,
        onSilent: () => this.#probe(),
        createError: () => connectionError(address, { reason: 'nothing came any more' }),
      }),
      tap({
        subscribe: () => this.#state$.next({ state: 'connecting' }),
        next: (message) => this.#note(message),
        error: forget, // before anybody learns of it, who may come again at once
        finalize: forget,
      }),
    );
  }

  #pause(error: Error, numFailures: number): Observable<unknown> {
    const { minSeconds, maxSeconds } = this.#options.retryDelay;
    const longest = Math.min(maxSeconds, minSeconds * 2 ** (numFailures - 1));
    // Random, so that the clients of a server that was restarted do not all come at once.
    const retrySeconds = longest * (0.5 + Math.random() / 2);
    this.#state$.next({ state: 'waiting', retrySeconds, error });
    return timer(retrySeconds * 1_000);
  }

  #note(message: ServerMessage): void {
    if (message.type === 'hello') {
      this.#hello = message;
      this.#state$.next({ state: 'open' });
    } else if (message.type === 'status' && this.#hello !== undefined) {
      const sources = withStatus(this.#hello.sources, message);
      this.#hello = { ...this.#hello, sources };
    }
  }

  /** The pings of a server are not seen in browsers, and the protocol has none of its own. */
  #probe(): void {
    this.send({ type: 'subscribe', ...PROBE });
    this.send({ type: 'unsubscribe', id: PROBE.id });
  }
}
