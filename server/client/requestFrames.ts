import { filter } from 'rxjs';
import type { Observable, Subscriber } from 'rxjs';
import { PipelineError } from '../../models/errors.ts';
import type {
  ClientMessage,
  FrameMessage,
  HelloMessage,
  ServerMessage,
  SubscribeMessage,
} from '../messages.ts';

/** The part of a connection that a subscription needs. */
export interface FrameConnection {
  readonly hello: Promise<HelloMessage>;
  readonly messages$: Observable<ServerMessage>;
  /** Does nothing where the connection has ended. */
  readonly send: (message: ClientMessage) => void;
}

/**
 * Subscribes at the server once it has greeted, and passes the frames of that subscription on.
 * @param subscriber gets the frames; fails where the server refuses, ends as the connection does
 * @returns the teardown, which unsubscribes at the server
 */
export function requestFrames(
  request: SubscribeMessage,
  subscriber: Subscriber<FrameMessage>,
  { hello, messages$, send }: FrameConnection,
): () => void {
  const { id } = request;
  let isSubscribed = false;
  const mine$ = messages$.pipe(filter((message) => 'id' in message && message.id === id));
  const listening = mine$.subscribe({
    next: (message) => {
      if (message.type === 'frame') {
        subscriber.next(message);
      } else if (message.type === 'error') {
        isSubscribed = false;
        subscriber.error(new PipelineError('ERR_CLIENT_PROTOCOL', message.message));
      }
    },
    error: (error: unknown) => subscriber.error(error),
    complete: () => subscriber.complete(),
  });
  hello.then(
    () => {
      if (!subscriber.closed) {
        isSubscribed = true;
        send(request);
      }
    },
    () => undefined, // `messages$` has failed or completed too
  );
  return () => {
    if (isSubscribed) {
      send({ type: 'unsubscribe', id });
    }
    listening.unsubscribe();
  };
}
