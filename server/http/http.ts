import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import cors from 'cors';
import { FULL_ACCESS, tokenOf } from '../access/authenticator.ts';
import type { Access, Gate } from '../access/authenticator.ts';
import { asyncapi } from '../protocol/asyncapi.ts';
import { manageSources, methodsOf } from './manage.ts';
import type { ManageConfig } from './manage.ts';
import type { SourceInfo } from '../protocol/messages.ts';
import type { Metrics } from './metrics.ts';
import type { PageGuard } from '../access/originPolicy.ts';
import { sendJson, sendText } from './reply.ts';
import { RequestBudgets } from './requestBudget.ts';
import { schema } from '../protocol/schema.ts';
import type { ServeViewer } from './viewerFiles.ts';
import { urlOf } from '../access/urlOf.ts';

/** What the pages report on. */
export interface HttpConfig extends Omit<ManageConfig, 'access'> {
  readonly gate: Gate;
  readonly guard: PageGuard;
  /** Why nobody should be sent here now; undefined where nothing stands against it. */
  readonly notReady: () => string | undefined;
  readonly metrics: Metrics;
  /** Answers what is none of the pages. */
  readonly viewer: ServeViewer;
}

/** The viewer's own files, its own sockets and pictures made by its own scripts, nothing else. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob: data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/**
 * What pages of other origins may do, where the server lets them: read, with a token. Browsers remember it for ten
 * minutes.
 */
const CROSS_ORIGIN = { methods: ['GET', 'HEAD'], allowedHeaders: ['Authorization'], maxAge: 600 };

const HEADERS: ReadonlyMap<string, string> = new Map([
  ['Content-Security-Policy', CONTENT_SECURITY_POLICY],
  ['X-Content-Type-Options', 'nosniff'],
  ['Referrer-Policy', 'no-referrer'],
  ['Cross-Origin-Resource-Policy', 'same-origin'],
]);

/** What anybody may look at, tokens or not: neither says anything of a source. */
const PUBLIC = /^\/(?:healthz|readyz|v1|v1\/pictures|v1\/schema\.json|v1\/asyncapi\.json)$/;

/**
 * Answers plain HTTP: the viewer at `/`, `/healthz`, `/readyz`, `/metrics`, `/v1/sources`, `/v1/schema.json` and
 * `/v1/asyncapi.json`; see `manageSources` for the requests that change sources. A method that a path does
 * not know is 405; `/v1` and `/v1/pictures` without an upgrade are 426; without a token that is needed 401.
 */
export function createHttpHandler(config: HttpConfig): RequestListener {
  const { notReady, sources, metrics, viewer } = config;
  const pages = new Map<string, (response: ServerResponse, access: Access) => unknown>([
    ['/healthz', (response) => sendText(response, 200, 'ok')],
    ['/readyz', (response) => sendReadiness(response, notReady(), sources())],
    ['/metrics', (response, access) => metrics.send(response, access)],
    ['/v1/schema.json', (response) => sendJson(response, 200, schema, 'application/schema+json')],
    ['/v1/asyncapi.json', (response) => sendJson(response, 200, asyncapi)],
    ['/v1', (response) => sendUpgrade(response)],
    ['/v1/pictures', (response) => sendUpgrade(response)],
  ]);

  const budgets = new RequestBudgets();
  const shareWithPages = cors({
    ...CROSS_ORIGIN,
    origin: config.origins.includes('*') || [...config.origins],
  });
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    for (const [name, value] of HEADERS) {
      response.setHeader(name, value);
    }
    if (request.headers.origin !== undefined) {
      shareWithPages(request, response, () => undefined);
      if (response.writableEnded) {
        return; // a browser asked beforehand whether a page may ask
      }
    }
    const path = urlOf(request)?.pathname;
    const page = pages.get(path ?? '');
    const managed = methodsOf(path ?? '');
    const methods = managed.length > 0 ? managed : ['GET', 'HEAD'];
    if (!methods.includes(request.method ?? '')) {
      response.setHeader('Allow', methods.join(', '));
      sendText(response, 405);
      return;
    }
    if (path === undefined) {
      sendText(response, 400);
      return;
    }
    if (page === undefined && managed.length === 0) {
      viewer(request, response, path); // to any page: it says nothing of a source, and says why it may not connect
      return;
    }
    const refusal = isProbe(path) ? undefined : config.guard(request);
    if (refusal !== undefined) {
      sendText(response, refusal.status, refusal.text);
      return;
    }
    const access = PUBLIC.test(path) ? FULL_ACCESS : await accessOf(request, response, config.gate);
    if (access === undefined) {
      return; // it has been answered
    }
    const asker = askerOf(request, PUBLIC.test(path) || config.gate.isOpen);
    const waitMs = isProbe(path) ? 0 : budgets.ask(asker, path, performance.now());
    if (waitMs > 0) {
      response.setHeader('Retry-After', String(Math.ceil(waitMs / 1_000)));
      sendLast(response, 429, 'Too many requests');
      return;
    }
    if (page === undefined) {
      await manageSources(request, response, path, { ...config, access });
    } else {
      await page(response, access);
    }
  };
  return (request, response) => {
    answer(request, response).catch(() => response.destroy()); // a fault of ours ends one request, not the process
  };
}

/** @returns what the request may do; undefined where it may not, and has been told */
async function accessOf(
  request: IncomingMessage,
  response: ServerResponse,
  gate: Gate,
): Promise<Access | undefined> {
  const access = await gate.check(tokenOf(request), request);
  if (access === undefined) {
    const status = gate.isBlocked(request) ? 429 : 401;
    response.setHeader(
      status === 401 ? 'WWW-Authenticate' : 'Retry-After',
      status === 401 ? 'Bearer' : '60',
    );
    sendLast(
      response,
      status,
      status === 401 ? 'Send `Authorization: Bearer TOKEN`' : 'Too many wrong tokens',
    );
  }
  return access;
}

/** @returns the token of a request, where it was looked at, or its address */
function askerOf(request: IncomingMessage, isAnybody: boolean): string {
  const token = isAnybody ? undefined : tokenOf(request);
  return token === undefined ? `address ${request.socket.remoteAddress}` : `token ${token}`;
}

/** Answers with a line and ends the connection: a body that came along is not read. */
function sendLast(response: ServerResponse, status: number, text: string): void {
  response.setHeader('Connection', 'close');
  sendText(response, status, text);
}

/** What a machine asks that knows the server by any name. */
function isProbe(path: string): boolean {
  return path === '/healthz' || path === '/readyz';
}

function sendReadiness(
  response: ServerResponse,
  problem: string | undefined,
  sources: readonly SourceInfo[],
): void {
  if (problem !== undefined) {
    sendText(response, 503, problem);
  } else if (sources.every(({ state }) => state === 'offline')) {
    sendText(response, 503, sources.length === 0 ? 'no source' : 'all sources are offline');
  } else {
    sendText(response, 200, 'ok');
  }
}

function sendUpgrade(response: ServerResponse): void {
  response.setHeader('Upgrade', 'websocket');
  sendText(response, 426);
}
