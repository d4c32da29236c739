import { Observable } from 'rxjs';
import { PipelineError } from '../../models/core/errors.ts';
import type { ServerMessage } from '../protocol/messages.ts';
import type { Acks } from './acks.ts';
import type { Link } from './link.ts';
import { Progress } from './progress.ts';
import type { DetectionQuery, SubscriptionMessage } from './query.ts';

/** What a subscription is made with. */
export interface FollowConfig {
  readonly link: Link;
  readonly acks: Acks;
  /** The name of the subscription on the wire. */
  readonly id: string;
  readonly query: DetectionQuery;
}

/** One message of a subscription. */
export interface Delivery {
  readonly message: SubscriptionMessage;
  /** To be called when the consumer is done with it; in the order of the deliveries. */
  readonly done: () => void;
}

/**
 * One subscription at the server: cold, asked for again on each connection from where the consumer is,
 * ended there when its subscriber leaves.
 * **Errors:** those of the link; PipelineError ERR_CLIENT_PROTOCOL where the server refuses.
 */
export function follow({ link, acks, id, query }: FollowConfig): Observable<Delivery> {
  return new Observable((subscriber) => {
    const { window, snapshot, ...wish } = query;
    // On this connection: `asked` until the server has answered.
    let state: 'none' | 'asked' | 'subscribed' = 'none';
    const progress = new Progress({
      id,
      query,
      onDone: (numUnacked) => {
        if (window !== undefined && numUnacked > 0) {
          acks.note(progress, numUnacked >= window / 2);
        }
      },
    });

    const subscribe = (epoch: string): void => {
      const restarts = progress.connect(epoch);
      const fromSeq = progress.fromSeq();
      const resumes = Object.keys(fromSeq).length > 0;
      state = 'asked';
      link.send({
        ...wish,
        ...(window === undefined ? {} : { window }),
        // The newest frame ahead of the ones before it would make these look like repetitions.
        ...(snapshot === true && !resumes ? { snapshot } : {}),
        ...(resumes ? { fromSeq, epoch } : {}),
        type: 'subscribe',
        id,
      });
      restarts.forEach((arrival) => subscriber.next(arrival));
    };
    const take = (message: ServerMessage): void => {
      if (message.type === 'hello') {
        subscribe(message.epoch);
      } else if (!('id' in message) || message.id !== id) {
        return;
      } else if (message.type === 'frame' || message.type === 'gap') {
        progress.accept(message).forEach((arrival) => subscriber.next(arrival));
      } else if (message.type === 'object') {
        subscriber.next({ message, done: () => undefined });
      } else if (message.type === 'subscribed') {
        state = 'subscribed';
      } else if (message.type === 'error') {
        state = state === 'asked' ? 'none' : state; // what was refused needs no end
        subscriber.error(new PipelineError('ERR_CLIENT_PROTOCOL', message.message));
      }
    };

    subscriber.add(() => {
      if (state !== 'none') {
        link.send({ type: 'unsubscribe', id });
      }
      acks.forget(progress);
    });
    subscriber.add(
      link.messages$.subscribe({
        next: take,
        error: (error: unknown) => subscriber.error(error),
      }),
    );
  });
}
