import type { IncomingMessage } from 'node:http';
import { isIPv4 } from 'node:net';

/** Why a request may not change anything. */
export interface Refusal {
  readonly status: 403 | 415;
  readonly text: string;
}

/** Longest origin that is named in an answer, characters: a name of the net and a port. */
const MAX_ORIGIN = 270;
/** Different refusals that are told of. */
const MAX_TOLD = 32;

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
    return { status: 403, text: wrongHost(own) };
  }
  const { origin } = headers;
  const isAllowed =
    origin === undefined ||
    origins.includes('*') ||
    origins.includes(origin) ||
    (URL.canParse(origin) && new URL(origin).host === own?.host);
  return isAllowed ? undefined : { status: 403, text: wrongOrigin(origin) };
}

/**
 * `pageRefusal` that tells of each different refusal, once: the page learns no more than that it may not.
 * @param onRefused told one line; of so many only, as strangers choose what is in them
 */
export function createPageGuard(rules: PageRules, onRefused: (text: string) => void): PageGuard {
  const told = new Set<string>();
  return (request) => {
    const refusal = pageRefusal(request, rules);
    if (refusal !== undefined && told.size < MAX_TOLD && !told.has(refusal.text)) {
      told.add(refusal.text);
      onRefused(`Refused with ${refusal.status}: ${refusal.text}`);
    }
    return refusal;
  };
}

/** Says why a page may not ask; undefined where no page asks, or one that may. */
export type PageGuard = (request: IncomingMessage) => Refusal | undefined;

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
    return { status: 403, text: wrongHost(own) };
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

function wrongHost(own: URL | undefined): string {
  const isNamed = own !== undefined && own.host.length <= MAX_ORIGIN;
  return `Ask by the address the server listens on, or as localhost; behind a proxy start it with --origin ${isNamed ? `https://${own.host}` : 'and the origin of its page'} (\`origins\`)`;
}

/** @param origin as a page says it: `null` where it is of a file or a sandbox */
function wrongOrigin(origin: string): string {
  const isNamed =
    origin.length <= MAX_ORIGIN && URL.canParse(origin) && new URL(origin).origin === origin;
  return isNamed
    ? `Web pages of ${origin} may not ask this server; where you trust them, start it with --origin ${origin} (\`origins\`)`
    : 'Web pages without an origin of their own, such as files, may not ask this server; serve the page over HTTP and name its origin with --origin (`origins`)';
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
