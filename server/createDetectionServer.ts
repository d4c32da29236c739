import { randomUUID } from 'node:crypto';
import { STATUS_CODES, createServer } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Subscription } from 'rxjs';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import type { Demand } from '../models/index.ts';
import { CODECS, JSON_CODEC } from './codec.ts';
import { Connection } from './connection.ts';
import { createCounters } from './counters.ts';
import type { Counters, ServerStats } from './counters.ts';
import { createHttpHandler, urlOf } from './http.ts';
import { listen } from './listen.ts';
import { resolveServerOptions } from './options.ts';
import type { ServerOptions } from './options.ts';
import { packageVersion } from './packageVersion.ts';
import { PictureViewer } from './pictureViewer.ts';
import type { SourceFeed } from './sourceFeed.ts';
import { SourceHub } from './sourceHub.ts';
import { Subscriber } from './subscriber.ts';
import { resolveZones } from './zones.ts';
import type { Zone } from './zones.ts';

/** How long a client may take over the closing handshake before it is cut off, ms. */
const CLOSE_TIMEOUT_MS = 5_000;
/** Messages above this are worth compressing, bytes. */
const COMPRESS_BYTES = 1_024;
/** The same when the whole server closes. */
const SHUTDOWN_MS = 1_000;

/** A server that passes detections on to any number of clients. */
export interface DetectionServer extends AsyncDisposable {
  /** Address of the viewer, e.g. `http://127.0.0.1:8080/`. */
  readonly url: string;
  readonly port: number;
  /** Random per server; every `seq` counts within it. */
  readonly epoch: string;
  /**
   * Begins to pass a source on.
   * @returns unsubscribing removes the source and tells its clients that it has `ended`
   * @throws TypeError where the name is empty, RangeError where it is taken, Error after `close()`
   */
  attach(feed: SourceFeed): Subscription;
  /**
   * Tells what the clients want of a source now; to be asked before each of its frames.
   * Each subscription that matches the source wants its `classes`, `minScore` and `limit`, also while it
   * isn't due under `everyMs` and while its client is slow; who watches the pictures wants everything.
   * @returns each different wish once, the same list until something changes; empty where nobody wants
   *   anything, or there is no such source
   */
  demand(source: string): readonly Demand[];
  stats(): ServerStats;
  /** Detaches all sources, closes all clients with 1001, cuts off those that do not answer within a second. Idempotent. */
  close(): Promise<void>;
}

/**
 * Starts a server for detections: WebSockets at `/v1` and `/v1/pictures`, the viewer and reports over HTTP.
 * Clients may misbehave in any way; the sources never learn of it. The protocol is in `readme.md`.
 * @param options unknown ones are refused; defaults in {@link ServerOptions}
 * @throws TypeError or RangeError on wrong options
 * @throws PipelineError ERR_SERVER_LISTEN where the port is in use or not allowed
 * **Owns:** the caller owns the server, which owns its subscriptions to the feeds.
 */
export async function createDetectionServer(options?: ServerOptions): Promise<DetectionServer> {
  const resolved = resolveServerOptions(options);
  const version = await packageVersion();
  const zones = resolveZones(resolved.zones);
  const hub = new SourceHub(resolved);
  const http = createServer(
    createHttpHandler({
      isReady: resolved.isReady,
      sources: () => hub.describe(),
      source: (name) => hub.describeOne(name),
      host: resolved.host,
      manager: resolved.manager,
    }),
  );
  const { url, port } = await listen(http, resolved.host, resolved.port);
  const counters = createCounters();
  const sockets = new SocketDoor({ hub, counters, options: resolved, version, zones });
  http.on('upgrade', (request, socket, head) => sockets.accept(request, socket, head));
  // No descriptors left, for one: the clients that are connected are not concerned.
  http.on('error', () => (counters.acceptErrors += 1));

  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing ??= Promise.all([sockets.close(), closeHttp(http)]).then(() => undefined);
    hub.close(); // after the sockets began to close, which makes 1001 of it for picture clients too
    return closing;
  };
  return {
    url,
    port,
    epoch: sockets.epoch,
    attach: (feed) => hub.attach(feed),
    demand: (source) => hub.demandOn(source),
    stats: () => sockets.stats(),
    close,
    [Symbol.asyncDispose]: close,
  };
}

interface SocketDoorConfig {
  readonly hub: SourceHub;
  readonly counters: Counters;
  readonly options: Required<ServerOptions>;
  readonly version: string;
  readonly zones: readonly Zone[];
}

/** Accepts WebSockets, pings them, and closes them in the end. */
class SocketDoor {
  readonly epoch: string = randomUUID();
  readonly #config: SocketDoorConfig;
  readonly #ws: WebSocketServer;
  readonly #connections = new Set<Connection>();
  readonly #heartbeat: NodeJS.Timeout;
  #isClosed = false;

  constructor(config: SocketDoorConfig) {
    const { options } = config;
    this.#config = config;
    const settings = {
      noServer: true,
      clientTracking: false,
      maxPayload: options.maxMessageBytes,
      closeTimeout: CLOSE_TIMEOUT_MS, // missing in @types/ws 8.18
      // Without this ws agrees to whatever subprotocol a client names first.
      handleProtocols: (offered: ReadonlySet<string>): string | false =>
        [...offered].find((protocol) => CODECS.has(protocol)) ?? false,
      perMessageDeflate: options.compress && { threshold: COMPRESS_BYTES },
    };
    this.#ws = new WebSocketServer(settings);
    this.#heartbeat = setInterval(() => {
      for (const connection of this.#connections) {
        connection.beat();
      }
    }, options.heartbeatMs);
  }

  /** Answers one upgrade request. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy()); // a peer that is gone needs no answer
    const { hub, counters, options, version, zones } = this.#config;
    const url = urlOf(request);
    const pictures$ =
      url?.pathname === '/v1/pictures'
        ? hub.picturesOf(url.searchParams.get('source') ?? '')
        : undefined;
    if (url?.pathname !== '/v1' && pictures$ === undefined) {
      refuse(socket, 404);
    } else if (this.#isClosed || this.#connections.size >= options.maxClients) {
      counters.refused += 1;
      refuse(socket, 503);
    } else {
      this.#ws.handleUpgrade(request, socket, head, (accepted) => {
        this.#open(accepted, (onClose) => {
          const client = { socket: accepted, hub, counters, options, onClose };
          return pictures$ === undefined
            ? new Subscriber({
                ...{ ...client, version, zones, epoch: this.epoch },
                codec: CODECS.get(accepted.protocol) ?? JSON_CODEC,
                permits: () => true,
              })
            : new PictureViewer({ ...client, pictures$ });
        });
      });
    }
  }

  stats(): ServerStats {
    const { closed, ...counters } = this.#config.counters;
    const waiting = [...this.#connections].map(({ socket }) => socket.bufferedAmount);
    return {
      ...counters,
      clients: this.#connections.size,
      outboxBytes: waiting.reduce((sum, bytes) => sum + bytes, 0),
      closed: { ...closed },
    };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#heartbeat);
    await Promise.all([...this.#connections].map((connection) => connection.shutDown(SHUTDOWN_MS)));
  }

  #open(
    socket: WebSocket,
    createClient: (onClose: Connection['close']) => Subscriber | PictureViewer,
  ): void {
    const connection = new Connection(socket, this.#config.counters);
    this.#connections.add(connection);
    const client = createClient((ending, text) => connection.close(ending, text));
    socket.on('message', (data, isBinary) => {
      const bytes = data as Buffer; // ws's default `binaryType`
      client.receive(isBinary ? bytes : bytes.toString());
    });
    socket.on('close', () => {
      client.end();
      this.#connections.delete(connection);
    });
  }
}

function refuse(socket: Duplex, status: 404 | 503): void {
  const text = STATUS_CODES[status] ?? '';
  socket.once('finish', () => socket.destroy()); // a peer that keeps its half open would stay forever
  socket.end(
    `HTTP/1.1 ${status} ${text}\r\nConnection: close\r\nContent-Type: text/plain\r\n` +
      `Content-Length: ${text.length}\r\n\r\n${text}`,
  );
}

async function closeHttp(http: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    http.close(() => resolve());
    http.closeAllConnections();
  });
}
