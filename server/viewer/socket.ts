import { protocols } from './token.ts';

/** State of a connection: being opened, in use, or lost and waiting for the next attempt. */
export type SocketState = 'connecting' | 'online' | 'offline';

/** What a reconnecting socket reports. */
export interface SocketHandlers {
  /** The socket is open; messages may be sent. */
  readonly onOpen?: (socket: WebSocket) => void;
  readonly onMessage: (data: unknown) => void;
  /** @param retryMs time to the next attempt; present where `state` is `offline` */
  readonly onState?: (state: SocketState, retryMs?: number) => void;
  /** The server closed the socket for a breach of its rules, such as no token. @param reason in words */
  readonly onRefused?: (reason: string) => void;
}

/** A WebSocket that is opened again whenever it closes. */
export interface ReconnectingSocket {
  /** Says that the peer is in order, so that the next pause starts from the shortest again. */
  confirm(): void;
  /** Closes for good. Idempotent. */
  close(): void;
}

/** Close code (RFC 6455). */
const POLICY_VIOLATION = 1008;
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 8000;

/**
 * Opens a WebSocket and keeps it open: after a loss it waits 0.5, 1, 2, 4, then always 8 seconds.
 * Opening alone does not reset the pause, `confirm` does: a server that accepts and then closes
 * is not hammered.
 * Owns: the caller, who calls `close()`.
 */
export function openReconnectingSocket(url: string, handlers: SocketHandlers): ReconnectingSocket {
  let retryMs = FIRST_RETRY_MS;
  let timer: number | undefined;
  let socket: WebSocket | undefined;
  let closed = false;

  function open(): void {
    handlers.onState?.('connecting');
    const opened = new WebSocket(url, protocols());
    socket = opened;
    opened.binaryType = 'arraybuffer';
    opened.addEventListener('open', () => {
      if (closed) {
        return;
      }
      handlers.onState?.('online');
      handlers.onOpen?.(opened);
    });
    opened.addEventListener('message', (event) => {
      if (!closed) {
        handlers.onMessage(event.data);
      }
    });
    // An 'error' event is always followed by 'close', which knows no less.
    opened.addEventListener('close', ({ code, reason }) => {
      if (closed) {
        return;
      }
      if (code === POLICY_VIOLATION) {
        handlers.onRefused?.(reason);
      }
      handlers.onState?.('offline', retryMs);
      timer = setTimeout(open, retryMs);
      retryMs = Math.min(2 * retryMs, LAST_RETRY_MS);
    });
  }

  open();
  return {
    confirm() {
      retryMs = FIRST_RETRY_MS;
    },
    close() {
      closed = true;
      clearTimeout(timer);
      socket?.close();
    },
  };
}
