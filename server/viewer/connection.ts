import { parseMessage, socketUrl, type PageMessage } from './protocol.ts';
import { openReconnectingSocket, type ReconnectingSocket, type SocketState } from './socket.ts';

/** What the connection tells the page. */
export interface ConnectionHandlers {
  readonly onMessage: (message: PageMessage) => void;
  /** `online` is reported at the server's `hello`, not before. */
  readonly onState: (state: SocketState, retryMs?: number) => void;
  /** A message could not be read. */
  readonly onFault: (fact: string) => void;
}

/**
 * Connects to `/v1`, waits for the greeting and asks for the newest frames of all sources.
 * Owns: the caller, who calls `close()`.
 */
export function connect(handlers: ConnectionHandlers): ReconnectingSocket {
  let current: WebSocket | undefined;
  const connection = openReconnectingSocket(socketUrl('/v1'), {
    onOpen(socket) {
      current = socket;
    },
    onState(state, retryMs) {
      if (state !== 'online') {
        handlers.onState(state, retryMs);
      }
    },
    onRefused: (reason) =>
      handlers.onFault(`${reason}. Open ${location.origin}/#token=TOKEN where a token is needed`),
    onMessage(data) {
      if (typeof data !== 'string') {
        return;
      } // binary comes only to those who asked for msgpack
      let message: PageMessage | undefined;
      try {
        message = parseMessage(data);
      } catch (error) {
        handlers.onFault(error instanceof Error ? error.message : String(error));
        return;
      }
      if (message === undefined) {
        return;
      }
      if (message.type === 'hello') {
        connection.confirm();
        current?.send(
          JSON.stringify({ type: 'subscribe', id: 'viewer', sources: ['*'], policy: 'latest' }),
        );
        handlers.onState('online');
      }
      handlers.onMessage(message);
    },
  });
  return connection;
}
