/** What a detection server can be told. A table only: the command line loads it to explain itself. */
import type { OptionTable } from '../../models/core/options.ts';
import type { AuthOptions } from '../access/authenticator.ts';
import type { TlsOptions } from '../access/tls.ts';
import type { ZoneOptions } from '../filters/zones.ts';
import type { SourceManager } from '../hub/sourceManager.ts';

/** Settings of a detection server. Unknown ones are a `TypeError`. */
export interface ServerOptions {
  /** Address to listen on. Default `127.0.0.1`, which other machines cannot reach. */
  readonly host?: string;
  /** Port to listen on, 0 for any free one. Default 8080. */
  readonly port?: number;
  /**
   * WebSockets at a time; further ones are refused with HTTP 503, or closed with 1013 where the token came as a message.
   * Default 256.
   */
  readonly maxClients?: number;
  /**
   * WebSockets of one address at a time, those without a token yet not counted; behind a proxy, which is one address,
   * as many as `maxClients`. Default: half of `maxClients`.
   */
  readonly maxClientsPerAddress?: number;
  /**
   * WebSockets that have yet to say their token, beside `maxClients`; then who has waited longest, of the address with
   * the most, is closed with 1013. Default 64.
   */
  readonly maxWaiting?: number;
  /** Subscriptions of one client; a further one is answered with an `error`. Default 32. */
  readonly maxSubscriptions?: number;
  /** Size of one client message, bytes; a larger one closes with 1009. Default 65,536. */
  readonly maxMessageBytes?: number;
  /**
   * Bytes that may wait for one client, counted before sending; beyond it frames are coalesced or dropped, then a `gap`
   * tells. Default 1,048,576.
   */
  readonly maxOutboxBytes?: number;
  /**
   * Time a client may stay over its limit before it is closed with 1013, ms; any bytes that leave start it anew. Default
   * 10,000.
   */
  readonly slowClientMs?: number;
  /** Time between two pings; who has not answered by the next one is cut off, ms. Default 30,000. */
  readonly heartbeatMs?: number;
  /**
   * Messages of one client within a second, each 16 KiB as one, pings by themselves; more close with 1008. Default 50.
   */
  readonly maxMessagesPerSecond?: number;
  /**
   * Frames of a source that clients can still have later: not older than this, seconds; 0 for the last one only.
   * Default 60.
   */
  readonly replaySeconds?: number;
  /** And no more text than this of each source, bytes. Default 8,388,608. */
  readonly maxReplayBytes?: number;
  /**
   * Named parts of the picture that subscriptions can ask for, at most 256, of 3 to 64 points each. Default: none.
   */
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
  /** Whether the model is loaded; `/readyz` is 503 until then. Default: always. */
  readonly isReady?: () => boolean;
  /**
   * Takes the requests that add, remove, pause and resume sources. Default: none, such requests are
   * refused with 403. With one, whoever can reach the port can have any file read that this process can.
   */
  readonly manager?: SourceManager | undefined;
}

/** WebSockets at a time, where nobody says otherwise. */
export const MAX_CLIENTS = 256;
/** Longest delay a timer can wait, ms. */
export const MAX_TIMER_MS = 2_147_483_647;

const TLS_OPTIONS: OptionTable<TlsOptions> = {
  cert: { type: 'text', required: true },
  key: { type: 'text', required: true },
};

/** The table of {@link ServerOptions}. */
export const SERVER_OPTIONS: OptionTable<ServerOptions> = {
  host: {
    type: 'text',
    default: '127.0.0.1',
    flag: '--host <address>',
    help: 'address to listen on',
  },
  port: {
    type: 'integer',
    min: 0,
    max: 65_535,
    default: 8080,
    flag: '--port <n>',
    help: 'port to listen on (0 picks a free one)',
  },
  maxClients: { type: 'integer', min: 1, default: MAX_CLIENTS },
  maxClientsPerAddress: { type: 'integer', min: 1, defaultText: 'half of `maxClients`' },
  maxWaiting: { type: 'integer', min: 1, default: 64 },
  maxSubscriptions: { type: 'integer', min: 1, default: 32 },
  maxMessageBytes: { type: 'integer', min: 1, default: 65_536, unit: 'bytes' },
  maxOutboxBytes: { type: 'integer', min: 1, default: 1_048_576, unit: 'bytes' },
  slowClientMs: { type: 'integer', min: 1, max: MAX_TIMER_MS, default: 10_000, unit: 'ms' },
  heartbeatMs: { type: 'integer', min: 1, max: MAX_TIMER_MS, default: 30_000, unit: 'ms' },
  maxMessagesPerSecond: { type: 'integer', min: 1, default: 50 },
  replaySeconds: { type: 'number', min: 0, default: 60, unit: 's' },
  maxReplayBytes: { type: 'integer', min: 0, default: 8_388_608, unit: 'bytes' },
  zones: { type: 'value', default: {} },
  compress: { type: 'boolean', default: false },
  auth: { type: 'value' },
  insecure: {
    type: 'boolean',
    default: false,
    flag: '--insecure',
    help: 'let other machines connect without a token',
  },
  origins: {
    type: 'list',
    isRepeated: true,
    default: [],
    flag: '--origin <origin>',
    help: 'pages of this origin may connect, * for all',
  },
  tls: { type: 'group', table: TLS_OPTIONS },
  handshakeMs: { type: 'integer', min: 1, max: MAX_TIMER_MS, default: 10_000, unit: 'ms' },
  onNotice: { type: 'hook', default: () => undefined },
  isReady: { type: 'hook', default: () => true },
  manager: { type: 'value' },
};
