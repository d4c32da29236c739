import { resolveOptions } from '../../models/core/resolveOptions.ts';
import { isLoopbackHost } from '../access/originPolicy.ts';
import { MAX_CLIENTS, SERVER_OPTIONS } from './serverOptions.ts';
import type { ServerOptions } from './serverOptions.ts';

/**
 * Checks a server's options and fills in the defaults.
 * @throws TypeError on an unknown key or a wrong kind, RangeError on a value out of range
 */
export function resolveServerOptions(options: ServerOptions = {}): Required<ServerOptions> {
  const { maxClients = MAX_CLIENTS } = options;
  const resolved = resolveOptions('createDetectionServer', SERVER_OPTIONS, options, {
    maxClientsPerAddress: Math.ceil(maxClients / 2),
  });
  if (resolved.host === '') {
    throw new TypeError('Expected `host` to be a name or address, got ``');
  }
  expectOrigins(resolved.origins);
  if (resolved.auth === undefined && !resolved.insecure && !isLoopbackHost(resolved.host)) {
    throw new TypeError(
      `Other machines could reach ${resolved.host} without a token; set one (--token, \`auth\`), or say that you mean it (--insecure, \`insecure\`)`,
    );
  }
  return resolved;
}

/** @throws TypeError where a page's origin would never be equal to one of them */
function expectOrigins(origins: readonly unknown[]): void {
  for (const origin of origins) {
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
