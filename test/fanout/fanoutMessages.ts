/** What the fan-out bench and its processes tell each other. */

/** Which of the two servers. */
export type FanoutKind = 'server' | 'bare';

/** Tells the server process to send for a while. */
export interface FanoutRequest {
  readonly kind: FanoutKind;
  readonly seconds: number;
}

/** What that took. */
export interface FanoutReply {
  /** CPU time of the process ÷ time gone by. */
  readonly cpuShare: number;
  readonly rssBytes: number;
  /** Bytes that wait for clients. */
  readonly outboxBytes: number;
}

/** Where the two servers listen. */
export type FanoutPorts = Readonly<Record<FanoutKind, number>>;

/** Tells the readers' process whom to read. */
export interface ReadersRequest {
  readonly port: number;
  readonly path: string;
  readonly numReading: number;
  /** Those that never read. */
  readonly numStalled: number;
  /** Look into each message for its age, which costs these processes time. */
  readonly isTimed: boolean;
}

/** What the readers got. */
export interface ReadersReply {
  readonly numMessages: number;
  /** Time from handing over to reading of each message, ms; empty unless asked for. */
  readonly delaysMs: readonly number[];
}
