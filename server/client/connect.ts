import {
  EMPTY,
  ReplaySubject,
  concatMap,
  defer,
  distinctUntilChanged,
  filter,
  from,
  of,
  scan,
  takeUntil,
  tap,
} from 'rxjs';
import type { Observable, ObservableInput } from 'rxjs';
import type {
  FrameMessage,
  HelloMessage,
  ObjectMessage,
  SourceInfo,
  StatusMessage,
} from '../protocol/messages.ts';
import { Acks } from './acks.ts';
import { follow } from './follow.ts';
import { Link } from './link.ts';
import type { ConnectionState } from './link.ts';
import { resolveConnectOptions } from './options.ts';
import type { ConnectOptions } from './options.ts';
import type { DetectionQuery, Gap, SubscriptionMessage } from './query.ts';
import { withStatus } from './sourceList.ts';

/**
 * A client of a detection server. All its observables but `state$` share one connection, which is opened
 * by the first subscriber of any of them, made anew whenever it is lost, and closed when the last one leaves.
 * **Errors** of all of them but `state$`: PipelineError ERR_CLIENT_PROTOCOL or ERR_CLIENT_SLOW for what no
 * further attempt would mend (a wrong token, a breach of the protocol), or after `maxRetries`; subscribing
 * again tries again. They complete at `close()`, not with a source: a pattern may match further ones.
 */
export interface DetectionClient {
  /**
   * Frames of one subscription. Cold: each subscriber subscribes at the server, and unsubscribes there
   * when it leaves. None comes twice; what is missing is told by `messages` only.
   * **Errors** also: PipelineError ERR_CLIENT_PROTOCOL where the server refuses.
   */
  frames(query?: DetectionQuery): Observable<FrameMessage>;
  /** The same for single objects of frames that are not finished yet; after a loss they are not sent again. */
  objects(query?: DetectionQuery): Observable<ObjectMessage>;
  /**
   * The same for all of it in order: frames, before them the gaps, and objects where the query asks for them.
   * Between two frames of a source every missing number is in a gap, unless they are missing by `everyMs`.
   */
  messages(query?: DetectionQuery): Observable<SubscriptionMessage>;
  /**
   * Works on one message after the other, under the policy `all`: a message is acknowledged when its
   * `project` completes, so that no more than `window` (default 64) of each source wait in this process;
   * the server keeps the others as long as it can, and tells of a gap beyond.
   * @param project as `concatMap`'s, such as an async function
   */
  handle<R>(
    query: Omit<DetectionQuery, 'policy' | 'objects'>,
    project: (message: FrameMessage | Gap) => ObservableInput<R>,
  ): Observable<R>;
  /** Greetings, one for each connection; the one of the present connection at once. */
  readonly hello$: Observable<HelloMessage>;
  /**
   * The sources there are, at once and after each change. Their `state` is kept up to date for those that
   * a subscription of this client matches, the rest is as of the last greeting.
   */
  readonly sources$: Observable<readonly SourceInfo[]>;
  /** States of the sources that a subscription of this client matches, as they are told. */
  readonly status$: Observable<StatusMessage>;
  /** What the connection is doing, at once and after each change; it does not open one. Completes at `close()`. */
  readonly state$: Observable<ConnectionState>;
  /** Ends everything and closes with 1000. Idempotent. */
  close(): void;
}

/** Messages of one source that wait in this process, unless told otherwise. */
const DEFAULT_WINDOW = 64;

/**
 * Makes a client of a detection server; it connects when something is subscribed to.
 * @param url `ws://host:port/v1`, or the server's `http:` address, with the path that a proxy has it below
 * @throws TypeError or RangeError on a wrong address or option, or where there is no WebSocket to connect with
 * **Owns:** the caller owns the subscriptions; `close()` ends all of them.
 */
export function connect(url: string, options: ConnectOptions = {}): DetectionClient {
  const link = new Link(resolveConnectOptions(url, options));
  const acks = new Acks((message) => link.send(message));
  const closed$ = new ReplaySubject<void>(1);
  let numSubscriptions = 0;

  const work = <R>(
    query: DetectionQuery,
    project: (message: SubscriptionMessage) => ObservableInput<R>,
  ): Observable<R> =>
    defer(() => follow({ link, acks, id: `s${(numSubscriptions += 1)}`, query })).pipe(
      concatMap(({ message, done }) => from(project(message)).pipe(tap({ complete: done }))),
      takeUntil(closed$),
    );
  const messages = (query: DetectionQuery = {}): Observable<SubscriptionMessage> =>
    work(query, (message) => of(message));
  const all$ = link.messages$.pipe(takeUntil(closed$));

  return {
    messages,
    frames: (query) => messages(query).pipe(filter((message) => message.type === 'frame')),
    objects: (query) =>
      messages({ ...query, objects: true }).pipe(filter((message) => message.type === 'object')),
    handle: (query, project) =>
      work({ window: DEFAULT_WINDOW, ...query, policy: 'all' }, (message) =>
        message.type === 'object' ? EMPTY : project(message),
      ),
    hello$: all$.pipe(filter((message) => message.type === 'hello')),
    sources$: all$.pipe(
      scan((sources: readonly SourceInfo[], message) => {
        if (message.type === 'hello') {
          return message.sources;
        }
        return message.type === 'status' ? withStatus(sources, message) : sources;
      }, []),
      distinctUntilChanged(),
    ),
    status$: all$.pipe(filter((message) => message.type === 'status')),
    state$: link.state$,
    close: () => {
      closed$.next();
      closed$.complete();
      link.close();
    },
  };
}
