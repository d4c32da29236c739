import type { WebSocket } from 'ws';
import type { CloseReason, Counters } from '../hub/counters.ts';

/** WebSocket close codes (RFC 6455) of the endings this server decides on. */
const CLOSE_CODES = {
  ended: 1000,
  shutdown: 1001,
  protocol: 1008,
  failed: 1011,
  slow: 1013,
  full: 1013,
} as const;

/** An ending the server decides on. */
export type Ending = keyof typeof CLOSE_CODES;

/**
 * One WebSocket's life: who ended it and why, and whether the peer still answers.
 * A close that the peer does not answer is cut off by ws after its `closeTimeout`.
 */
export class Connection {
  readonly socket: WebSocket;
  readonly #counters: Counters;
  #reason: CloseReason | undefined;
  /** Whether a pong has come since the last ping. */
  #isAlive = true;

  /**
   * @param counters where the ending is counted, once, as soon as it is decided
   */
  constructor(socket: WebSocket, counters: Counters) {
    this.socket = socket;
    this.#counters = counters;
    socket.on('pong', () => {
      this.#isAlive = true;
    });
    socket.on('error', (error) => {
      // ws has already answered with the close code that belongs to the error.
      this.#settle(reasonOf(error));
    });
    socket.on('close', () => this.#settle('left'));
  }

  /** Begins the closing handshake, unless it has begun. */
  close(ending: Ending, text: string): void {
    this.#settle(ending === 'failed' ? 'ended' : ending);
    this.socket.close(CLOSE_CODES[ending], cut(text));
  }

  /** Ends it at once. */
  cutOff(): void {
    this.socket.terminate();
  }

  /** Pings the peer, or cuts it off where it has not answered the last ping. */
  beat(): void {
    if (!this.#isAlive) {
      this.#settle('dead');
      this.socket.terminate();
      return;
    }
    this.#isAlive = false;
    this.socket.ping();
  }

  /**
   * Closes because the server closes.
   * @param limitMs time the peer has to answer before it is cut off
   */
  async shutDown(limitMs: number): Promise<void> {
    const timer = setTimeout(() => this.socket.terminate(), limitMs);
    await new Promise<void>((resolve) => {
      this.socket.once('close', () => resolve());
      this.close('shutdown', 'The server is closing');
    });
    clearTimeout(timer);
  }

  #settle(reason: CloseReason): void {
    if (this.#reason === undefined) {
      this.#reason = reason;
      this.#counters.closed[reason] += 1;
    }
  }
}

function reasonOf(error: Error): CloseReason {
  const code = 'code' in error ? String(error.code) : '';
  if (code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') {
    return 'tooLarge';
  }
  return code.startsWith('WS_ERR_') ? 'protocol' : 'left';
}

/** A close reason may have 123 bytes of UTF-8. */
function cut(text: string): string {
  let end = Math.min(text.length, 123);
  while (Buffer.byteLength(text.slice(0, end)) > 123) {
    end -= 1;
  }
  return text.slice(0, end);
}
