import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

/** Passes TCP connections on to a port, until it cuts them or falls silent. */
export class Proxy implements AsyncDisposable {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
  }

  /** Starts a proxy, on any free port. */
  static async open(target: number): Promise<Proxy> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const proxy = new Proxy(server);
    server.on('connection', (near) => {
      const far = connect(target, '127.0.0.1');
      near.pipe(far).pipe(near);
      for (const socket of [near, far]) {
        proxy.#sockets.add(socket);
        socket.on('error', () => undefined); // an end that was cut off
        socket.on('close', () => {
          near.destroy();
          far.destroy();
          proxy.#sockets.delete(socket);
        });
      }
    });
    return proxy;
  }

  /** Connections that are passed on. */
  get numConnections(): number {
    return this.#sockets.size / 2;
  }

  /** Resets every connection, as a router does that loses its state. */
  cut(): void {
    this.#sockets.forEach((socket) => socket.resetAndDestroy());
  }

  /** Keeps the connections open, and passes nothing on any more, as a cable that was pulled. */
  freeze(): void {
    this.#sockets.forEach((socket) => socket.unpipe().pause());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.cut();
    await once(this.#server, 'close');
  }
}
