import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import { readTls } from '../access/tls.ts';
import type { TlsOptions } from '../access/tls.ts';

/** Time for the head of a request, also for one that never comes, and for the TLS handshake, ms. */
const HEAD_MS = 10_000;
/** Time for a whole request, ms; the longest body has 16 kB. */
const REQUEST_MS = 30_000;
/** How often the two times above are looked at, ms. */
const LOOK_MS = 2_000;
/** A connection on which nothing has moved for so long is over, ms; longer than any answer is waited for. */
const SILENCE_MS = 60_000;
/** Connections that are no WebSockets at a time: with all clients still within the 1,024 descriptors that are usual. */
const MAX_CONNECTIONS = 256;

/**
 * Makes a server for HTTP, or HTTPS with a certificate. Connections that do nothing end, and where there are too many
 * the one that has been idle longest gives way to the newest: nobody keeps others out by connecting.
 * @throws PipelineError, Error where the certificate can't be read
 */
export async function createHttpServer(
  handler: RequestListener,
  tls: TlsOptions | undefined,
): Promise<Server> {
  const times = {
    headersTimeout: HEAD_MS,
    requestTimeout: REQUEST_MS,
    connectionsCheckingInterval: LOOK_MS,
  };
  const http = tls
    ? createTlsServer({ ...times, ...(await readTls(tls)), handshakeTimeout: HEAD_MS }, handler)
    : createServer(times, handler);
  http.timeout = SILENCE_MS;
  limitConnections(http, MAX_CONNECTIONS);
  return http;
}

/** Ends the connection that has been idle longest where there would be more; those that became WebSockets don't count. */
export function limitConnections(http: Server, max: number): void {
  // By its peer, as TLS has two sockets for one connection; who was heard of longest ago comes first.
  const open = new Map<string, Socket>();
  const peerOf = ({ remoteAddress, remotePort }: Socket): string =>
    `${remoteAddress} ${remotePort}`;
  const hear = (socket: Socket): void => {
    const peer = peerOf(socket);
    open.delete(peer);
    open.set(peer, socket);
  };
  http.on('connection', (socket: Socket) => {
    const peer = peerOf(socket);
    hear(socket);
    socket.once('close', () => open.delete(peer));
    const [longest] = open;
    if (open.size > max && longest !== undefined) {
      open.delete(longest[0]);
      longest[1].destroy();
    }
  });
  http.on('request', ({ socket }) => hear(socket));
  http.on('upgrade', (_request, socket) => open.delete(peerOf(socket as Socket)));
}
