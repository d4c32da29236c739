import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { Subject, filter, firstValueFrom, startWith, timeout } from 'rxjs';
import type { Observable } from 'rxjs';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import { expectInteger } from '../../models/core/validate.ts';
import { tokenOf } from '../access/authenticator.ts';
import type { Access, Gate } from '../access/authenticator.ts';
import { CODECS, JSON_CODEC } from '../protocol/codec.ts';
import { Connection } from './connection.ts';
import type { Counters, ServerStats } from '../hub/counters.ts';
import { Doorstep } from './handshake.ts';
import type { Client } from './handshake.ts';
import { urlOf } from '../access/urlOf.ts';
import { MAX_TIMER_MS } from '../options/serverOptions.ts';
import type { ServerOptions } from '../options/serverOptions.ts';
import { PictureViewer } from './pictureStream.ts';
import { Places } from '../access/connectionLimits.ts';
import type { Place } from '../access/connectionLimits.ts';
import type { PageGuard } from '../access/originPolicy.ts';
import { Slices } from './slices.ts';
import type { SourceHub } from '../hub/sourceHub.ts';
import { Subscriber } from './session.ts';
import type { Zone } from '../filters/zones.ts';

/** How long a client may take over the closing handshake before it is cut off, ms. */
const CLOSE_TIMEOUT_MS = 5_000;
/** The same when the whole server closes. */
const SHUTDOWN_MS = 1_000;
/** Messages above this are worth compressing, bytes. */
const COMPRESS_BYTES = 1_024;

/** Rest for the time that messages and replays of clients take: at most a third of the whole is theirs. */
const REST_PER_ASKED = 2;

/** What the door opens to. */
export interface SocketDoorConfig {
  readonly hub: SourceHub;
  readonly gate: Gate;
  readonly guard: PageGuard;
  readonly counters: Counters;
  readonly options: Required<ServerOptions>;
  readonly version: string;
  readonly zones: readonly Zone[];
}

/** Accepts WebSockets, pings them, and closes them in the end. */
export class SocketDoor {
  readonly epoch: string = randomUUID();
  readonly #config: SocketDoorConfig;
  readonly #ws: WebSocketServer;
  readonly #connections = new Set<Connection>();
  readonly #places: Places;
  readonly #heartbeat: NodeJS.Timeout;
  readonly #live = new Slices();
  readonly #asked = new Slices(REST_PER_ASKED);
  /** Told each time a client has gone. */
  readonly #left$ = new Subject<void>();
  #isShut = false;

  constructor(config: SocketDoorConfig) {
    const { options } = config;
    this.#config = config;
    this.#places = new Places(options);
    const settings = {
      noServer: true,
      clientTracking: false,
      autoPong: false, // pings are answered in their turn, and count
      maxPayload: options.maxMessageBytes,
      closeTimeout: CLOSE_TIMEOUT_MS, // missing in @types/ws 8.18
      // Without this ws agrees to whatever subprotocol a client names first, be it its token.
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

  /** Answers one upgrade request. Never rejects. */
  async accept(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on('error', () => socket.destroy()); // a peer that is gone needs no answer
    const { hub, gate } = this.#config;
    const url = urlOf(request);
    const isPictures = url?.pathname === '/v1/pictures';
    if (url?.pathname !== '/v1' && !isPictures) {
      refuse(socket, 404);
      return;
    }
    const refusal = this.#config.guard(request);
    if (refusal !== undefined) {
      refuse(socket, 403, refusal.text);
      return;
    }
    const token = tokenOf(request);
    const access = await gate.check(token, request);
    if (access === undefined && (isPictures || token !== undefined || gate.isBlocked(request))) {
      refuse(socket, gate.isBlocked(request) ? 429 : 401);
      return;
    }
    const name = url.searchParams.get('source') ?? '';
    const pictures$ =
      isPictures && access?.permits(name) === true ? hub.picturesOf(name) : undefined;
    if (isPictures && pictures$ === undefined) {
      refuse(socket, 404);
      return;
    }
    const address = request.socket.remoteAddress ?? '';
    const full = this.#isShut ? 'The server is closing' : access && this.#places.refusal(address);
    if (full !== undefined) {
      this.#config.counters.refused += 1;
      refuse(socket, 503, full);
      return;
    }
    this.#ws.handleUpgrade(request, socket, head, (accepted) => {
      const state = access === undefined ? 'waiting' : 'inside';
      this.#open(accepted, { address, state }, (onClose, place) =>
        pictures$ === undefined
          ? this.#greet(accepted, request, access, onClose, place)
          : this.#show(accepted, pictures$, onClose),
      );
    });
  }

  stats(): ServerStats {
    const { closed, ...counters } = this.#config.counters;
    const waiting = [...this.#connections].map(({ socket }) => socket.bufferedAmount);
    return {
      ...counters,
      clients: this.#connections.size,
      outboxBytes: waiting.reduce((sum, bytes) => sum + bytes, 0),
      authFailures: this.#config.gate.numFailures,
      closed: { ...closed },
    };
  }

  /**
   * Lets nobody in any more, and serves those who are in.
   * @param limitMs time after which it settles all the same
   */
  async drain(limitMs: number): Promise<void> {
    expectInteger('limitMs', limitMs, { min: 0, max: MAX_TIMER_MS });
    this.#isShut = true;
    const empty$ = this.#left$.pipe(
      startWith(undefined),
      filter(() => this.#connections.size === 0),
    );
    await firstValueFrom(empty$.pipe(timeout({ first: limitMs, with: () => [undefined] })));
  }

  async close(): Promise<void> {
    this.#isShut = true;
    clearInterval(this.#heartbeat);
    this.#live.finish(); // what was told before is sent before
    await Promise.all([...this.#connections].map((connection) => connection.shutDown(SHUTDOWN_MS)));
  }

  /** A client of `/v1`, which may have to say its token first. */
  #greet(
    socket: WebSocket,
    request: IncomingMessage,
    known: Access | undefined,
    onClose: Connection['close'],
    place: Place,
  ): Client {
    const { hub, gate, counters, options, version, zones } = this.#config;
    const codec = CODECS.get(socket.protocol) ?? JSON_CODEC;
    const onAccess = (access: Access): Client =>
      new Subscriber({
        ...{ socket, hub, counters, options, version, zones, codec, access, onClose },
        ...{ epoch: this.epoch, live: this.#live, asked: this.#asked },
      });
    if (known !== undefined) {
      return onAccess(known);
    }
    const check = (token: string): Promise<Access | undefined> => gate.check(token, request);
    return new Doorstep({
      ...{ codec, limitMs: options.handshakeMs, check, onClose },
      onAccess: (access) => {
        const full = this.#places.admit(place);
        if (full !== undefined) {
          onClose('full', full);
        }
        return full === undefined ? onAccess(access) : undefined;
      },
    });
  }

  #show(
    socket: WebSocket,
    pictures$: Observable<Uint8Array>,
    onClose: Connection['close'],
  ): Client {
    const { counters, options } = this.#config;
    return new PictureViewer({ socket, pictures$, counters, options, onClose });
  }

  #open(
    socket: WebSocket,
    who: Pick<Place, 'address' | 'state'>,
    createClient: (onClose: Connection['close'], place: Place) => Client,
  ): void {
    const connection = new Connection(socket, this.#config.counters);
    const close: Connection['close'] = (ending, text) => {
      this.#places.dismiss(place);
      connection.close(ending, text);
    };
    const place: Place = {
      ...who,
      turnAway: (text) => close('full', text),
      cutOff: () => connection.cutOff(),
    };
    this.#connections.add(connection);
    this.#places.take(place);
    const client = createClient(close, place);
    socket.on('message', (data, isBinary) => {
      const bytes = data as Buffer; // ws's default `binaryType`
      client.receive(isBinary ? bytes : bytes.toString());
    });
    socket.on('ping', (data) => client.ping(data));
    socket.on('close', () => {
      client.end();
      this.#connections.delete(connection);
      this.#places.leave(place);
      this.#left$.next();
    });
  }
}

function refuse(
  socket: Duplex,
  status: 401 | 403 | 404 | 429 | 503,
  text: string = STATUS_CODES[status] ?? '',
): void {
  const how = status === 401 ? 'WWW-Authenticate: Bearer\r\n' : '';
  socket.once('finish', () => socket.destroy()); // a peer that keeps its half open would stay forever
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${how}Connection: close\r\nContent-Type: text/plain\r\n` +
      `Content-Length: ${text.length}\r\n\r\n${text}`,
  );
}
