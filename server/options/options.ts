import { expectInteger, expectKnownKeys, expectNumber } from '../../models/core/validate.ts';
import type { AuthOptions } from '../access/authenticator.ts';
import { isLoopbackHost } from '../access/originPolicy.ts';
import type { SourceManager } from '../hub/sourceManager.ts';
import type { TlsOptions } from '../access/tls.ts';
import type { ZoneOptions } from '../filters/zones.ts';

/** Settings of a detection server. Unknown ones are a `TypeError`. */
export interface ServerOptions {
  /** Address to listen on. Default `127.0.0.1`, which other machines cannot reach. */
  readonly host?: string;
  /** Port to listen on, 0 for any free one. Default 8080. */
  readonly port?: number;
  /** WebSockets at a time; further ones are refused with HTTP 503. Default 256. */
  readonly maxClients?: number;
  /**
   * WebSockets of one address at a time; behind a proxy, which is one address, as many as `maxClients`. Default: half
   * of `maxClients`.
   */
  readonly maxClientsPerAddress?: number;
  /** WebSockets that have yet to say their token, beside `maxClients`; then who has waited longest goes. Default 64. */
  readonly maxWaiting?: number;
  /** Subscriptions of one client; a further one is answered with an `error`. Default 32. */
  readonly maxSubscriptions?: number;
  /** Size of one client message, bytes; a larger one closes with 1009. Default 65,536. */
  readonly maxMessageBytes?: number;
  /** Bytes that may wait for one client, counted before sending. Default 1,048,576. */
  readonly maxOutboxBytes?: number;
  /** Time a client may stay over its limit before it is closed with 1013, ms. Default 10,000. */
  readonly slowClientMs?: number;
  /** Time between two pings; who has not answered by the next one is cut off, ms. Default 30,000. */
  readonly heartbeatMs?: number;
  /** Messages of one client within a second; more close with 1008. Default 50. */
  readonly maxMessagesPerSecond?: number;
  /**
   * Frames of a source that clients can still have later: not older than this, seconds; 0 for the last one only.
   * Default 60.
   */
  readonly replaySeconds?: number;
  /** And no more text than this of each source, bytes. Default 8,388,608. */
  readonly maxReplayBytes?: number;
  /** Named parts of the picture that subscriptions can ask for, by name. Default: none. */
  readonly zones?: Readonly<Record<string, ZoneOptions>>;
  /**
   * Compress messages above a kilobyte for clients that offer it (permessage-deflate). Default false: it costs more
   * than it saves on a fast network.
   */
  readonly compress?: boolean;
  /** Who may connect. Default: everybody who can reach the port; see `insecure`. */
  readonly auth?: AuthOptions | undefined;
  /** Listen on an address that other machines can reach without `auth`. Default false, which refuses it. */
  readonly insecure?: boolean;
  /**
   * Pages of these origins, such as `https://cams.example`, may connect beside the server's own; `*` for all.
   * Also the origin of a proxy before the server that hands on the name it was asked by. Default: none.
   */
  readonly origins?: readonly string[];
  /** Files of a certificate and its key, PEM: serves `https` and `wss`; read again when they change. Default: none. */
  readonly tls?: TlsOptions | undefined;
  /** Time a client has to say its token, and `auth.verify` to look at it, ms. Default 10,000. */
  readonly handshakeMs?: number;
  /** Told of what the server gets over by itself, one line. Default: nobody is. */
  readonly onNotice?: (text: string) => void;
  /** Whether the model is loaded, asked for at `/readyz`. Default: always. */
  readonly isReady?: () => boolean;
  /**
   * Takes the requests that add, remove, pause and resume sources. Default: none, such requests are
   * refused with 403. With one, whoever can reach the port can have any file read that this process can.
   */
  readonly manager?: SourceManager | undefined;
}

/** Defaults of {@link ServerOptions}. */
export const SERVER_DEFAULTS: Readonly<Required<ServerOptions>> = Object.freeze({
  host: '127.0.0.1',
  port: 8080,
  maxClients: 256,
  maxClientsPerAddress: 128,
  maxWaiting: 64,
  maxSubscriptions: 32,
  maxMessageBytes: 65_536,
  maxOutboxBytes: 1_048_576,
  slowClientMs: 10_000,
  heartbeatMs: 30_000,
  maxMessagesPerSecond: 50,
  replaySeconds: 60,
  maxReplayBytes: 8_388_608,
  zones: {},
  compress: false,
  auth: undefined,
  insecure: false,
  origins: [],
  tls: undefined,
  handshakeMs: 10_000,
  onNotice: () => undefined,
  isReady: () => true,
  manager: undefined,
});

/** Longest delay a timer can wait, ms. */
export const MAX_TIMER_MS = 2_147_483_647;

/**
 * Checks a server's options and fills in the defaults.
 * @throws TypeError on an unknown key or a wrong kind, RangeError on a value out of range
 */
export function resolveServerOptions(options: ServerOptions = {}): Required<ServerOptions> {
  expectKnownKeys('createDetectionServer', options, Object.keys(SERVER_DEFAULTS));
  expectKnownKeys('tls', options.tls, ['cert', 'key']);
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const { maxClients = SERVER_DEFAULTS.maxClients } = options;
  const resolved: Required<ServerOptions> = {
    ...SERVER_DEFAULTS,
    maxClientsPerAddress: Math.ceil(maxClients / 2),
    ...(Object.fromEntries(given) as ServerOptions),
  };
  if (typeof resolved.host !== 'string' || resolved.host === '') {
    throw new TypeError(`Expected \`host\` to be a name or address, got \`${resolved.host}\``);
  }
  if (typeof resolved.isReady !== 'function') {
    throw new TypeError(
      `Expected \`isReady\` to be a function, got \`${typeof resolved.isReady}\``,
    );
  }
  expectInteger('port', resolved.port, { min: 0, max: 65_535 });
  expectInteger('maxClients', resolved.maxClients, { min: 1 });
  expectInteger('maxClientsPerAddress', resolved.maxClientsPerAddress, { min: 1 });
  expectInteger('maxWaiting', resolved.maxWaiting, { min: 1 });
  expectInteger('maxSubscriptions', resolved.maxSubscriptions, { min: 1 });
  expectInteger('maxMessageBytes', resolved.maxMessageBytes, { min: 1 });
  expectInteger('maxOutboxBytes', resolved.maxOutboxBytes, { min: 1 });
  expectInteger('slowClientMs', resolved.slowClientMs, { min: 1, max: MAX_TIMER_MS });
  expectInteger('heartbeatMs', resolved.heartbeatMs, { min: 1, max: MAX_TIMER_MS });
  expectInteger('maxMessagesPerSecond', resolved.maxMessagesPerSecond, { min: 1 });
  expectInteger('handshakeMs', resolved.handshakeMs, { min: 1, max: MAX_TIMER_MS });
  expectOrigins(resolved.origins);
  if (resolved.auth === undefined && !resolved.insecure && !isLoopbackHost(resolved.host)) {
    throw new TypeError(
      `Other machines could reach ${resolved.host} without a token; set one (--token, \`auth\`), or say that you mean it (--insecure, \`insecure\`)`,
    );
  }
  expectNumber('replaySeconds', resolved.replaySeconds, { min: 0 });
  expectInteger('maxReplayBytes', resolved.maxReplayBytes, { min: 0 });
  return resolved;
}

/** @throws TypeError where a page's origin would never be equal to one of them */
function expectOrigins(origins: unknown): void {
  if (!Array.isArray(origins)) {
    throw new TypeError(`Expected \`origins\` to be an array, got \`${String(origins)}\``);
  }
  for (const origin of origins as readonly unknown[]) {
    const isRight =
      typeof origin === 'string' &&
      (origin === '*' || (URL.canParse(origin) && new URL(origin).origin === origin));
    if (!isRight) {
      throw new TypeError(
        `Expected each of \`origins\` to be * or such as https://cams.example, without a path, got \`${String(origin)}\``,
      );
    }
  }
}
