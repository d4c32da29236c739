import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { IncomingMessage, RequestOptions } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** A proxy that has another server below a path of its own, and takes the path off. */
export interface PathProxy extends AsyncDisposable {
  /** Address of the other server's root behind it, ending in a slash. */
  readonly url: string;
}

/**
 * Starts a proxy on any free port. Requests and WebSockets below the path are handed on; everything else is 404.
 * @param target address of the other server   @param path such as `/cam/`
 * @param host `Host` to ask by. Default: the one that it was asked by
 */
export async function openPathProxy(
  target: string,
  path: string,
  host?: string,
): Promise<PathProxy> {
  const { port: targetPort } = new URL(target);
  const sockets = new Set<Socket>();
  const onwards = ({ url = '', method, headers }: IncomingMessage): RequestOptions => ({
    ...{ host: '127.0.0.1', port: targetPort, agent: false, method },
    headers: host === undefined ? headers : { ...headers, host },
    path: `/${url.slice(path.length)}`,
  });
  const server = createServer((asked, response) => {
    if (asked.url?.startsWith(path) !== true) {
      response.writeHead(404).end();
      return;
    }
    const far = request(onwards(asked), (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    far.on('error', () => response.destroy());
    asked.pipe(far);
  });
  server.on('upgrade', (asked, near: Socket) => {
    if (asked.url?.startsWith(path) !== true) {
      near.end('HTTP/1.1 404 Not Found\r\n\r\n');
      return;
    }
    const far = request(onwards(asked));
    far.on('upgrade', ({ rawHeaders }, socket, head) => {
      const lines = rawHeaders.map((text, i) => (i % 2 === 0 ? `${text}: ` : `${text}\r\n`));
      near.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('')}\r\n`);
      near.write(head); // what came along with the answer
      near.pipe(socket).pipe(near);
      socket.on('error', () => near.destroy()).on('close', () => near.destroy());
      near.on('close', () => socket.destroy());
    });
    far.on('response', ({ statusCode }) => near.end(`HTTP/1.1 ${statusCode} Refused\r\n\r\n`));
    far.on('error', () => near.destroy());
    near.on('error', () => far.destroy());
    far.end();
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`,
    async [Symbol.asyncDispose]() {
      server.close();
      sockets.forEach((socket) => socket.destroy());
      await once(server, 'close');
    },
  };
}
