import type { IncomingMessage } from 'node:http';
import { isIPv4 } from 'node:net';

/** Why a request may not change anything. */
export interface Refusal {
  readonly status: 403 | 415;
  readonly text: string;
}

const WRONG_HOST =
  'Ask by the address the server listens on, or as localhost; behind a proxy name its origin with --origin';

/** What pages may ask this server. */
export interface PageRules {
  /** The address that the server was told to listen on. */
  readonly host: string;
  /** Origins of pages that may ask beside the server's own, `*` for all. */
  readonly origins: readonly string[];
}

/**
 * Tells whether a page of another site asks. Browsers let any page open a WebSocket anywhere, but say which
 * page it is (`Origin`); and a page that made its own name point here (DNS rebinding) names itself in `Host`.
 * @returns undefined where no page asks, or one that may
 */
export function pageRefusal(
  { headers }: IncomingMessage,
  { host, origins }: PageRules,
): Refusal | undefined {
  const own = hostOf(headers.host ?? '');
  const isOwn = own !== undefined && (isLoopback(own.hostname) || isProxied(own, origins));
  if (isLoopbackHost(host) && !isOwn) {
    return { status: 403, text: WRONG_HOST };
  }
  const { origin } = headers;
  const isAllowed =
    origin === undefined ||
    origins.includes('*') ||
    origins.includes(origin) ||
    (URL.canParse(origin) && new URL(origin).host === own?.host);
  return isAllowed
    ? undefined
    : { status: 403, text: 'Web pages of other origins may not ask; name this one with --origin' };
}

/** Whether an address to listen on can be reached from this machine only. */
export function isLoopbackHost(host: string): boolean {
  return isLoopback(host.includes(':') ? `[${host}]` : host.toLowerCase());
}

/**
 * Tells whether a request may change the state of the server. A web page must not, wherever it comes
 * from: a browser says which page asks (`Origin`), asks beforehand for JSON bodies, and a page that
 * made its own name point here (DNS rebinding) names itself in `Host`.
 * @returns undefined where it may
 */
export function refusalOf(
  request: IncomingMessage,
  { host, origins }: PageRules,
): Refusal | undefined {
  const { headers, socket, method } = request;
  const own = hostOf(headers.host ?? '');
  const isOwn =
    own !== undefined &&
    (isLoopback(own.hostname) ||
      isProxied(own, origins) ||
      sameHost(own.hostname, [host, socket.localAddress ?? '']));
  if (!isOwn) {
    return { status: 403, text: WRONG_HOST };
  }
  const site = headers['sec-fetch-site'];
  const isForeign =
    (headers.origin !== undefined &&
      (!URL.canParse(headers.origin) || new URL(headers.origin).host !== own.host)) ||
    (site !== undefined && site !== 'same-origin' && site !== 'none');
  if (isForeign) {
    return { status: 403, text: 'Web pages of other origins may not change sources' };
  }
  const type = headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  return method === 'POST' && type !== 'application/json'
    ? { status: 415, text: 'Send `Content-Type: application/json`' }
    : undefined;
}

function hostOf(header: string): URL | undefined {
  const text = `http://${header}`;
  // nothing but a host and a port: no user, path or query
  return /^[^/?#@\\\s]+$/.test(header) && URL.canParse(text) ? new URL(text) : undefined;
}

/** Whether a proxy that hands on the name by which it was asked stands before the server. */
function isProxied(own: URL, origins: readonly string[]): boolean {
  return origins.some((origin) => URL.canParse(origin) && new URL(origin).host === own.host);
}

function isLoopback(hostname: string): boolean {
  return (
    hostname === 'localhost' ||
    hostname === '[::1]' ||
    (isIPv4(hostname) && hostname.startsWith('127.'))
  );
}

function sameHost(hostname: string, hosts: readonly string[]): boolean {
  const bare = hostname.replace(/^\[|\]$/g, '');
  // a socket that takes both kinds of address gives IPv4 ones as IPv6
  return hosts.some((one) => one.toLowerCase().replace(/^::ffff:/, '') === bare);
}
