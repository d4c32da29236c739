import { shownAddress } from '../../models/core/address.ts';
import { expectInteger, expectKnownKeys, expectNumber } from '../../models/core/validate.ts';
import type { ClientSocketConstructor } from './clientSocket.ts';
import type { ClientCodec } from './codec.ts';

/** Bounds of the pause before a new attempt, seconds. */
export interface RetryDelay {
  /** Pause after the first failure; it doubles with each further one. Default 0.5. */
  readonly minSeconds?: number;
  /** Longest pause. Default 30. */
  readonly maxSeconds?: number;
}

/** Settings of `connect`. Unknown ones are a `TypeError`. */
export interface ConnectOptions {
  /** Class to connect with. Default: the global one, which browsers have, and Node from 22 on. */
  readonly WebSocket?: ClientSocketConstructor;
  /** Token of a server that asks for one; sent as the first message, never in the address. Default: none. */
  readonly token?: string;
  /** What to speak in place of JSON text. Default: none. */
  readonly codec?: ClientCodec;
  /** Pause before a new attempt; each one is a random half to whole of it. */
  readonly retryDelay?: RetryDelay;
  /** Failures in a row, without a greeting between them, after which it gives up. Default `Infinity`. */
  readonly maxRetries?: number;
  /** A connection this long without a message is asked for a sign of life; 0 switches it off. Default 15. */
  readonly silenceSeconds?: number;
}

/** {@link ConnectOptions} with the defaults filled in. */
export interface ResolvedOptions {
  /** `ws:` or `wss:`, with the path of the protocol. */
  readonly address: string;
  readonly WebSocket: ClientSocketConstructor;
  readonly token: string | undefined;
  readonly codec: ClientCodec | undefined;
  readonly retryDelay: Required<RetryDelay>;
  readonly maxRetries: number;
  readonly silenceSeconds: number;
}

const RETRY_DELAY: Required<RetryDelay> = Object.freeze({ minSeconds: 0.5, maxSeconds: 30 });
/** All names, which the compiler checks. By hand: checks from a table of options would be a twentieth of the client. */
const KEYS: Readonly<Record<keyof ConnectOptions, true>> = {
  ...{ WebSocket: true, token: true, codec: true, retryDelay: true },
  ...{ maxRetries: true, silenceSeconds: true },
};
/** Longest time a timer can wait, seconds. */
const MAX_SECONDS = 2_147_483;

/**
 * Checks the options of a client and fills in the defaults.
 * @throws TypeError or RangeError on a wrong address or option
 */
export function resolveConnectOptions(url: string, options: ConnectOptions): ResolvedOptions {
  expectKnownKeys('connect', options, Object.keys(KEYS));
  expectKnownKeys('retryDelay', options.retryDelay, Object.keys(RETRY_DELAY));
  const retryDelay = { ...RETRY_DELAY, ...options.retryDelay };
  const { token, codec, maxRetries = Infinity, silenceSeconds = 15 } = options;
  expectNumber('minSeconds', retryDelay.minSeconds, { above: 0, max: MAX_SECONDS });
  expectNumber('maxSeconds', retryDelay.maxSeconds, {
    min: retryDelay.minSeconds,
    max: MAX_SECONDS,
  });
  if (maxRetries !== Infinity) {
    expectInteger('maxRetries', maxRetries, { min: 0 });
  }
  expectNumber('silenceSeconds', silenceSeconds, { min: 0, max: MAX_SECONDS });
  const address = socketAddress(url);
  const SocketClass = options.WebSocket ?? globalWebSocket();
  return { address, WebSocket: SocketClass, token, codec, retryDelay, maxRetries, silenceSeconds };
}

function globalWebSocket(): ClientSocketConstructor {
  const found: unknown = Reflect.get(globalThis, 'WebSocket');
  if (typeof found !== 'function') {
    throw new TypeError('Expected `WebSocket` to be given, as there is no global one; ws has one');
  }
  return found as ClientSocketConstructor;
}

/** @throws TypeError without the secrets of the address, which Node's own error has */
function parseUrl(url: string): URL {
  try {
    return new URL(url);
  } catch {
    throw new TypeError(`Expected the address of a server, got \`${shownAddress(url)}\``);
  }
}

/** A server's page may be below a path, behind a proxy; the protocol is below the same. */
function socketAddress(url: string): string {
  const address = parseUrl(url);
  const isPage = address.protocol.startsWith('http');
  address.protocol = address.protocol.replace(/^http/, 'ws');
  address.hash = ''; // WebSockets refuse it, and the address of a page may have one
  if (address.pathname.endsWith('/')) {
    address.pathname += 'v1';
  } else if (isPage && !address.pathname.endsWith('/v1')) {
    address.pathname += '/v1';
  }
  return address.href;
}
