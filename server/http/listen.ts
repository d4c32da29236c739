import { once } from 'node:events';
import type { Server } from 'node:http';
import { PipelineError, invariant, toError } from '../../models/core/errors.ts';

/** What to do about the usual reasons why a port cannot be had, by the system's error code. */
const WAYS_OUT: ReadonlyMap<string, string> = new Map([
  ['EADDRINUSE', 'is in use; choose another with --port'],
  ['EACCES', 'is not allowed to this user; choose one above 1023 with --port'],
  [
    'EADDRNOTAVAIL',
    'cannot be had, as this machine has no such address; choose another with --host',
  ],
  ['ENOTFOUND', 'cannot be had, as no machine of that name is known; choose another with --host'],
]);

/** Where a server can be reached. */
export interface Listening {
  /** For people. */
  readonly url: string;
  readonly port: number;
}

/**
 * Binds a server to an address.
 * @param port 0 for any free one
 * @returns the port it got, and its address for people
 * @throws PipelineError ERR_SERVER_LISTEN
 */
export async function listen(server: Server, host: string, port: number): Promise<Listening> {
  try {
    server.listen({ host, port });
    await once(server, 'listening');
  } catch (thrown) {
    const cause = toError(thrown);
    const code = 'code' in cause ? String(cause.code) : '';
    const fact = WAYS_OUT.get(code) ?? `cannot be opened: ${cause.message}`;
    throw new PipelineError('ERR_SERVER_LISTEN', `Port ${port} of ${host} ${fact}`, {
      cause,
      details: { host, port },
    });
  }
  const address = server.address();
  invariant(typeof address === 'object' && address !== null, 'a listening server has an address');
  const shown = host.includes(':') ? `[${host}]` : host;
  const scheme = 'setSecureContext' in server ? 'https' : 'http';
  return { url: `${scheme}://${shown}:${address.port}/`, port: address.port };
}
