import type {
  ClientMessage,
  FrameMessage,
  GapCause,
  GapMessage,
  ObjectMessage,
  SubscribeMessage,
} from '../protocol/messages.ts';

/**
 * What to subscribe to: a `subscribe` message less what the client puts in. `fromSeq` and `epoch` are
 * where to begin; from then on the client knows by itself.
 */
export type DetectionQuery = Omit<SubscribeMessage, 'v' | 'type' | 'id'> & {
  /** Frames of a source that the server sends ahead of their acknowledgement, 1 to 10,000; only with `all`. */
  readonly window?: number;
  /** Also the newest frame of each source at once. Default false. */
  readonly snapshot?: boolean;
};

/**
 * Frames that will not come. `lost` is the client's own finding: numbers were left out without a word.
 * With `restart` the numbers began anew; 0 to 0 says that none of the new ones is missing.
 */
export interface Gap extends Omit<GapMessage, 'cause'> {
  readonly cause: GapCause | 'lost';
}

/** What a subscription gives, in the order of the server: `object` only where asked for. */
export type SubscriptionMessage = FrameMessage | ObjectMessage | Gap;

/** Everything this client sends. */
export type Outgoing =
  | ClientMessage
  | (SubscribeMessage & DetectionQuery)
  | {
      readonly type: 'ack';
      readonly id: string;
      readonly seq: Readonly<Record<string, number>>;
    }
  | { readonly type: 'auth'; readonly token: string };
