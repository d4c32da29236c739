import { Observable, Subject } from 'rxjs';
import { PipelineError } from '../../models/errors.ts';
import type { FrameMessage, HelloMessage, ServerMessage, SubscribeMessage } from '../messages.ts';
import { requestFrames } from './requestFrames.ts';

/** The part of a WebSocket this client needs; browsers' and ws's both have it. */
export interface ClientSocket {
  send(data: string): void;
  close(code?: number, reason?: string): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(
    type: 'close',
    listener: (event: { readonly code: number; readonly reason: string }) => void,
  ): void;
  addEventListener(type: 'error', listener: (event: object) => void): void;
}

/** Makes a WebSocket. */
export type ClientSocketConstructor = new (url: string) => ClientSocket;

/** Settings of {@link connect}. */
export interface ConnectOptions {
  /** Class to connect with. Default: the global one, which Node has from 22 on. */
  readonly WebSocket?: ClientSocketConstructor;
}

/** What to subscribe to; the id is chosen by the client. */
export type FrameSubscription = Omit<SubscribeMessage, 'v' | 'type' | 'id'>;

/** A connection to a detection server. */
export interface DetectionClient {
  /** The server's greeting; rejects where the connection ends before it, as `messages$` does. */
  readonly hello: Promise<HelloMessage>;
  /**
   * Everything the server sends. Hot and shared: it tells what comes after subscribing to it.
   * Completes when either side closes normally (1000, 1001 or without a code).
   * **Errors:** PipelineError ERR_CLIENT_SLOW where the server gave this client up, otherwise
   * ERR_CLIENT_PROTOCOL, also for a connection that was lost; `details.closeCode` is the close code.
   */
  readonly messages$: Observable<ServerMessage>;
  /**
   * Frames of one subscription. Cold: each subscriber subscribes at the server, and unsubscribes
   * there when it leaves. Ends as `messages$` does, not with a source: a pattern may match further ones.
   * **Errors:** those of `messages$`, and PipelineError ERR_CLIENT_PROTOCOL where the server refuses.
   */
  frames(subscription?: FrameSubscription): Observable<FrameMessage>;
  /** Closes with 1000. Idempotent. */
  close(): void;
}

/** Close codes that are no failure; 1005 stands for a close without a code. */
const NORMAL_CODES: ReadonlySet<number> = new Set([1000, 1001, 1005]);
const SLOW_CODE = 1013;

/**
 * Connects to a detection server. There is one attempt and no reconnecting.
 * @param url `ws://host:port/v1`, or the server's `http:` address
 * @throws TypeError where the URL is none, or there is no WebSocket to connect with
 * **Owns:** the caller, who calls `close()`.
 */
export function connect(url: string, options: ConnectOptions = {}): DetectionClient {
  const SocketClass = options.WebSocket ?? globalWebSocket();
  const address = socketAddress(url);
  const socket = new SocketClass(address);
  const messages$ = new Subject<ServerMessage>();
  let numSubscriptions = 0;
  let isOpen = true;

  const hello = firstHello(messages$, () => closedError(address, 1000, 'before the greeting'));
  // Whoever does not look at `hello` learns of the failure from `messages$`.
  hello.catch(() => undefined);

  const fail = (error: PipelineError): void => {
    isOpen = false;
    messages$.error(error);
  };
  socket.addEventListener('message', ({ data }) => {
    const message = readMessage(data);
    if (message === undefined) {
      fail(new PipelineError('ERR_CLIENT_PROTOCOL', `${address} does not speak protocol v1`));
      socket.close(1000);
    } else {
      messages$.next(message);
    }
  });
  // Always followed by `close`, which knows more; ws would throw without a listener.
  socket.addEventListener('error', () => undefined);
  socket.addEventListener('close', ({ code, reason }) => {
    if (NORMAL_CODES.has(code)) {
      isOpen = false;
      messages$.complete();
    } else {
      fail(closedError(address, code, reason));
    }
  });

  const frames = (subscription: FrameSubscription = {}): Observable<FrameMessage> =>
    new Observable((subscriber) => {
      const id = `frames-${(numSubscriptions += 1)}`;
      return requestFrames({ ...subscription, type: 'subscribe', id }, subscriber, {
        hello,
        messages$,
        send: (message) => (isOpen ? socket.send(JSON.stringify(message)) : undefined),
      });
    });

  return {
    hello,
    messages$: messages$.asObservable(),
    frames,
    close: () => {
      isOpen = false;
      socket.close(1000);
    },
  };
}

function firstHello(
  messages$: Observable<ServerMessage>,
  createError: () => Error,
): Promise<HelloMessage> {
  return new Promise((resolve, reject) => {
    messages$.subscribe({
      next: (message) => {
        if (message.type === 'hello') {
          resolve(message);
        }
      },
      error: reject,
      complete: () => reject(createError()),
    });
  });
}

function globalWebSocket(): ClientSocketConstructor {
  const found: unknown = Reflect.get(globalThis, 'WebSocket');
  if (typeof found !== 'function') {
    throw new TypeError('Expected `WebSocket` to be given, as there is no global one; ws has one');
  }
  return found as ClientSocketConstructor;
}

function socketAddress(url: string): string {
  const address = new URL(url);
  address.protocol = address.protocol.replace(/^http/, 'ws');
  if (address.pathname === '/') {
    address.pathname = '/v1';
  }
  return address.href;
}

/** @returns undefined where it is no message of protocol v1 */
function readMessage(data: unknown): ServerMessage | undefined {
  let value: unknown;
  try {
    value = JSON.parse(String(data));
  } catch {
    return undefined; // the caller turns it into the error of the connection
  }
  return typeof value === 'object' && value !== null && 'v' in value && value.v === 1
    ? (value as ServerMessage)
    : undefined;
}

function closedError(address: string, code: number, reason: string): PipelineError {
  return new PipelineError(
    code === SLOW_CODE ? 'ERR_CLIENT_SLOW' : 'ERR_CLIENT_PROTOCOL',
    `Connection to ${address} ended with ${code}${reason === '' ? '' : `: ${reason}`}`,
    { details: { closeCode: code } },
  );
}
