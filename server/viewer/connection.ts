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

/** The page's connection to `/v1`. */
export interface Connection extends Pick<ReconnectingSocket, 'close'> {
  /** Asks for the newest frames of these sources and of no others, also after a new connection. */
  watch(sources: readonly string[]): void;
}

const ID = 'viewer';
/** Wishes are gathered for so long: a page that is scrolled changes them faster than a server lets itself be told. */
const GATHER_MS = 100;
/** Sources that a server takes in one subscription. */
const MAX_SOURCES = 64;

/**
 * Connects to `/v1`, waits for the greeting and asks for what is watched.
 * Owns: the caller, who calls `close()`.
 */
export function connect(handlers: ConnectionHandlers): Connection {
  /** The socket, once it was greeted. */
  let current: WebSocket | undefined;
  let opened: WebSocket | undefined;
  let wanted: readonly string[] = [];
  /** What `current` was asked for. */
  let asked = '';
  let timer: number | undefined;

  function ask(): void {
    timer = undefined;
    const sources = wanted.slice(0, MAX_SOURCES);
    const key = JSON.stringify(sources);
    if (current?.readyState !== WebSocket.OPEN || key === asked) {
      return;
    }
    const message =
      sources.length > 0
        ? { type: 'subscribe', id: ID, sources, policy: 'latest' }
        : { type: 'unsubscribe', id: ID };
    asked = key;
    current.send(JSON.stringify(message));
  }

  function read(data: string): PageMessage | undefined {
    try {
      return parseMessage(data);
    } catch (error) {
      handlers.onFault(error instanceof Error ? error.message : String(error));
      return undefined;
    }
  }

  const connection = openReconnectingSocket(socketUrl('/v1'), {
    onOpen(socket) {
      opened = socket;
    },
    onState(state, retryMs) {
      if (state !== 'online') {
        current = undefined;
        handlers.onState(state, retryMs);
      }
    },
    onRefused: handlers.onFault,
    onMessage(data) {
      // Binary comes only to those who asked for msgpack.
      const message = typeof data === 'string' ? read(data) : undefined;
      if (message?.type === 'hello') {
        connection.confirm();
        current = opened;
        asked = '[]';
        handlers.onState('online');
      }
      if (message !== undefined) {
        handlers.onMessage(message);
      }
      if (message?.type === 'hello') {
        ask(); // after the page has heard which sources there are
      }
    },
  });
  return {
    watch(sources) {
      wanted = sources;
      timer ??= setTimeout(ask, GATHER_MS);
    },
    close() {
      clearTimeout(timer);
      connection.close();
    },
  };
}
