import type { WebSocket } from 'ws';
import type { Counters } from '../hub/counters.ts';

/** Bytes waiting above which nothing is sent that a newer message would replace. */
export const FRESH_BYTES = 65_536;

/** What messages that must not be lost, as replies, may take beyond the limit, bytes. */
const RESERVE_BYTES = 65_536;

/** The part of a WebSocket an outbox needs. */
export type OutboxSocket = Pick<WebSocket, 'bufferedAmount' | 'send' | 'pong'>;

/** How an outbox is set up. */
export interface OutboxConfig {
  /** Bytes that may wait. */
  readonly maxBytes: number;
  /** Time it may refuse messages without a pause, ms. */
  readonly slowMs: number;
  /** Whether messages are binary; text otherwise. */
  readonly binary: boolean;
  readonly counters: Counters;
  /** Called when bytes have left and there may be room again. */
  readonly onRoom: () => void;
  /** Called when it has refused messages for `slowMs`, or had to refuse one that must not be lost. */
  readonly onStuck: () => void;
}

/**
 * Writes to one socket and never lets more than a limit of bytes wait in this process.
 * A message is counted before it is handed over; one that does not fit is refused, and what becomes
 * of it is the caller's policy. An empty outbox takes a message of any size.
 */
export class Outbox {
  readonly #socket: OutboxSocket;
  readonly #config: OutboxConfig;
  /** The lowest limit a message was refused for since the last one fitted; undefined while nothing was. */
  #refusedLimit: number | undefined;
  #stuckTimer: NodeJS.Timeout | undefined;

  constructor(socket: OutboxSocket, config: OutboxConfig) {
    this.#socket = socket;
    this.#config = config;
  }

  /** Bytes waiting now. */
  get bytes(): number {
    return this.#socket.bufferedAmount;
  }

  /**
   * Tells whether so many bytes fit, without refusing anything.
   * @param limit bytes that may wait with them
   */
  hasRoom(bytes: number, limit: number): boolean {
    const waiting = this.bytes;
    return waiting === 0 || waiting + bytes <= limit;
  }

  /**
   * Tells whether so many bytes fit; where not, it says so when there is room.
   * @param limit bytes that may wait with them, where fewer than the outbox's own limit
   */
  admits(bytes: number, limit: number = Infinity): boolean {
    const lower = Math.min(limit, this.#config.maxBytes);
    if (!this.hasRoom(bytes, lower)) {
      this.#refuse(lower);
      return false;
    }
    return true;
  }

  /**
   * Sends a message, where it fits.
   * @param limit as for `admits`
   * @returns whether it was sent
   */
  offer(message: Uint8Array, limit: number = Infinity): boolean {
    const isAdmitted = this.admits(message.byteLength, limit);
    if (isAdmitted) {
      this.send(message);
    }
    return isAdmitted;
  }

  /** Sends a message that must not be lost; where even the reserve is full, the client counts as stuck at once. */
  insist(message: Uint8Array): void {
    if (!this.hasRoom(message.byteLength, this.#config.maxBytes + RESERVE_BYTES)) {
      this.#config.onStuck();
      return;
    }
    this.send(message);
  }

  /** Sends a message that `admits` has let in. */
  send(message: Uint8Array): void {
    this.#config.counters.sent += 1;
    this.#socket.send(message, { binary: this.#config.binary }, this.#onWritten);
  }

  /** Answers a ping, where there is room: a client that does not read must not fill the memory with its pings. */
  pong(data: Uint8Array): void {
    if (this.admits(data.byteLength)) {
      this.#socket.pong(data);
    }
  }

  /** Ends the watch over the socket. Idempotent. */
  close(): void {
    clearTimeout(this.#stuckTimer);
    this.#stuckTimer = undefined;
  }

  #refuse(limit: number): void {
    this.#refusedLimit = Math.min(limit, this.#refusedLimit ?? Infinity);
    this.#stuckTimer ??= setTimeout(this.#config.onStuck, this.#config.slowMs);
  }

  /** Runs when the operating system has taken the bytes of a message, or the socket is gone. */
  readonly #onWritten = (error?: Error | null): void => {
    // A socket that failed says so in its own close event; here is nothing left to do.
    if (error || this.#refusedLimit === undefined || this.bytes > this.#refusedLimit) {
      return;
    }
    this.#refusedLimit = undefined;
    this.close();
    this.#config.onRoom();
  };
}
