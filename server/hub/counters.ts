/** Why a WebSocket ended. */
export type CloseReason =
  | 'left' // the client closed or vanished
  | 'shutdown' // 1001
  | 'ended' // 1000 or 1011: a picture stream ended or failed
  | 'protocol' // 1002, 1007 or 1008
  | 'tooLarge' // 1009
  | 'slow' // 1013
  | 'full' // 1013: the token was right, and there was no place
  | 'dead'; // did not answer a ping, or did not finish the closing handshake

/** What a server has done since it started; all fields but `clients`, `subscriptions` and `outboxBytes` only grow. */
export interface ServerStats {
  /** WebSockets open now, picture clients included. */
  readonly clients: number;
  /** Subscriptions of all clients now. */
  readonly subscriptions: number;
  /** Bytes waiting for clients now, all together. */
  readonly outboxBytes: number;
  /** Messages handed to sockets, pictures included. */
  readonly sent: number;
  /** Frames and pictures replaced by a newer one while a client was busy. */
  readonly coalesced: number;
  /** Frames under policy `all`, and `object` messages, that a full outbox had no room for. */
  readonly dropped: number;
  /** `gap` messages sent. */
  readonly gaps: number;
  /** Upgrades refused since there was no place or the server was closing. */
  readonly refused: number;
  /** Wrong tokens. */
  readonly authFailures: number;
  /** Connections the operating system failed to hand over. */
  readonly acceptErrors: number;
  /** WebSockets that ended, by reason. */
  readonly closed: Readonly<Record<CloseReason, number>>;
}

/** The counters behind {@link ServerStats}, shared by all sockets of one server. */
export interface Counters {
  subscriptions: number;
  sent: number;
  coalesced: number;
  dropped: number;
  gaps: number;
  refused: number;
  acceptErrors: number;
  readonly closed: Record<CloseReason, number>;
}

/** Makes the counters of a server that has done nothing yet. */
export function createCounters(): Counters {
  return {
    subscriptions: 0,
    sent: 0,
    coalesced: 0,
    dropped: 0,
    gaps: 0,
    refused: 0,
    acceptErrors: 0,
    closed: { left: 0, shutdown: 0, ended: 0, protocol: 0, tooLarge: 0, slow: 0, full: 0, dead: 0 },
  };
}
