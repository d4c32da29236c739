import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import type { FrameMessage } from '../../../server/client/index.ts';
import { frameOf } from './sockets.ts';

/** Anything a client says. */
export interface Said {
  readonly type: string;
  readonly id: string;
  readonly sources?: readonly string[];
  readonly window?: number;
  readonly fromSeq?: Readonly<Record<string, number>>;
  readonly epoch?: string;
  readonly seq?: Readonly<Record<string, number>>;
  readonly [field: string]: unknown;
}

/** One subscription to the peer's only source. */
interface Reader {
  readonly id: string;
  readonly window: number;
  /** The next `seq` to be sent, and the last one that was acknowledged. */
  next: number;
  acked: number;
}

/** How a peer behaves. */
export interface PeerOptions {
  readonly port?: number;
  readonly epoch?: string;
  /** Called in place of the greeting. */
  readonly greet?: (socket: WebSocket) => void;
}

/**
 * Another server that speaks protocol v1: one source, `door`, of which it keeps every frame, so that a client
 * can resume; windows and acknowledgements are held to the letter.
 */
export class Peer implements AsyncDisposable {
  readonly url: string;
  /** Everything that clients said. */
  readonly said: Said[] = [];
  /** Faults of clients, as an acknowledgement of what was not sent. */
  readonly faults: string[] = [];
  /** Most frames that were sent and not acknowledged at a time, under a window. */
  maxUnacked = 0;
  /** Connections so far. */
  numConnections = 0;
  readonly #options: PeerOptions;
  readonly #server: WebSocketServer;
  readonly #readers = new Map<WebSocket, Map<string, Reader>>();
  #lastSeq = 0;

  private constructor(server: WebSocketServer, options: PeerOptions) {
    this.#server = server;
    this.#options = options;
    this.url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
    server.on('connection', (socket) => this.#accept(socket));
  }

  /** Starts a peer, on any free port unless told which. */
  static async open(options: PeerOptions = {}): Promise<Peer> {
    const server = new WebSocketServer({ host: '127.0.0.1', port: options.port ?? 0 });
    await once(server, 'listening');
    return new Peer(server, options);
  }

  /** Clients that are connected. */
  get numClients(): number {
    return this.#readers.size;
  }

  /** Adds frames to the source. */
  publish(numFrames: number): void {
    this.#lastSeq += numFrames;
    for (const [socket, readers] of this.#readers) {
      readers.forEach((reader) => this.#send(socket, reader));
    }
  }

  /** Sends anything to every client. */
  tell(message: object): void {
    for (const socket of this.#readers.keys()) {
      socket.send(JSON.stringify({ v: 1, ...message }));
    }
  }

  /** @returns a frame message of the source */
  frame(seq: number, id = 's1'): FrameMessage {
    return { v: 1, id, ...frameOf(seq), source: 'door', seq };
  }

  /** Cuts all connections off. */
  cut(): void {
    for (const socket of this.#readers.keys()) {
      socket.terminate();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.cut();
    await once(this.#server, 'close');
  }

  #accept(socket: WebSocket): void {
    const readers = new Map<string, Reader>();
    this.numConnections += 1;
    this.#readers.set(socket, readers);
    socket.on('close', () => this.#readers.delete(socket));
    socket.on('message', (data: Buffer) => {
      const said = JSON.parse(data.toString()) as Said;
      this.said.push(said);
      this.#hear(socket, readers, said);
    });
    if (this.#options.greet === undefined) {
      const epoch = this.#options.epoch ?? 'e1';
      const sources = [{ name: 'door', state: 'online' }];
      socket.send(JSON.stringify({ v: 1, type: 'hello', version: '0.0.0', epoch, sources }));
    } else {
      this.#options.greet(socket);
    }
  }

  #hear(socket: WebSocket, readers: Map<string, Reader>, said: Said): void {
    const { type, id } = said;
    if (type === 'subscribe') {
      const next = said.fromSeq?.['door'] ?? this.#lastSeq + 1;
      const reader = { id, window: said.window ?? Infinity, next, acked: next - 1 };
      socket.send(JSON.stringify({ v: 1, type: 'subscribed', id }));
      if ((said.sources ?? ['*']).some((name) => name === '*' || name === 'door')) {
        readers.set(id, reader);
        this.#send(socket, reader);
      }
    } else if (type === 'unsubscribe') {
      readers.delete(id);
      socket.send(JSON.stringify({ v: 1, type: 'unsubscribed', id }));
    } else if (type === 'ack') {
      const reader = readers.get(id);
      const seq = said.seq?.['door'] ?? NaN;
      if (reader === undefined || !(seq > reader.acked && seq < reader.next)) {
        this.faults.push(JSON.stringify({ said, reader }));
        return;
      }
      reader.acked = seq;
      this.#send(socket, reader);
    }
  }

  #send(socket: WebSocket, reader: Reader): void {
    while (reader.next <= this.#lastSeq && reader.next - reader.acked <= reader.window) {
      socket.send(JSON.stringify(this.frame(reader.next, reader.id)));
      if (reader.window !== Infinity) {
        this.maxUnacked = Math.max(this.maxUnacked, reader.next - reader.acked);
      }
      reader.next += 1;
    }
  }
}
