import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { expectKnownKeys } from '../models/validate.ts';
import { matchesGlob } from './matchesGlob.ts';

/** What a client may do. */
export interface Permission {
  /** Names of the sources it may know of, `*` for any characters and `?` for one. Default: all. */
  readonly sources?: readonly string[];
  /** Whether it may add, remove, pause and resume sources, where the server lets anybody. Default false. */
  readonly manage?: boolean;
}

/** A secret word, and what it permits. */
export interface TokenOptions extends Permission {
  /** 16 to 512 visible ASCII characters. */
  readonly token: string;
}

/** Who may connect: those with one of some tokens, or whom a function of the caller's lets in. */
export type AuthOptions =
  | { readonly tokens: readonly TokenOptions[] }
  | {
      /** @returns what the token permits, undefined where nothing; a rejection permits nothing */
      readonly verify: (
        token: string,
        request: IncomingMessage,
      ) => Permission | undefined | Promise<Permission | undefined>;
    };

/** What one client may do. */
export interface Access {
  permits(source: string): boolean;
  readonly mayManage: boolean;
}

/** Everything: for a server without tokens. */
export const FULL_ACCESS: Access = { permits: () => true, mayManage: true };

/** How a token is sent in place of a header, by browsers: this and its base64url. */
export const TOKEN_PROTOCOL = 'pix2seq-stream.token.';
const TOKEN = /^[\x21-\x7e]{16,512}$/;
const KEYS = ['token', 'sources', 'manage'];
/** Wrong tokens of one address within a minute, after which it has to wait for the minute to pass. */
const MAX_FAILURES = 20;
const FAILURES_MS = 60_000;
/** Addresses that are remembered; the oldest goes first. */
const MAX_ADDRESSES = 1_024;

/** Checks tokens, and how often an address may be wrong. */
export class Gate {
  /** Whether no token is asked for. */
  readonly isOpen: boolean;
  readonly #auth: AuthOptions | undefined;
  readonly #known: readonly { readonly hash: Buffer; readonly access: Access }[];
  readonly #failures = new Map<string, { count: number; readonly untilMs: number }>();
  /** Wrong tokens so far. */
  numFailures = 0;

  /** @throws TypeError where a token is wrong; it never says the token */
  constructor(auth: AuthOptions | undefined) {
    this.#auth = auth;
    this.isOpen = auth === undefined;
    const tokens = auth !== undefined && 'tokens' in auth ? auth.tokens : [];
    this.#known = tokens.map((options, i) => {
      expectKnownKeys(`token ${i + 1}`, options, KEYS);
      if (!TOKEN.test(options.token)) {
        throw new TypeError(`Expected token ${i + 1} to be 16 to 512 visible ASCII characters`);
      }
      return { hash: hashOf(options.token), access: accessOf(options) };
    });
  }

  /** Whether an address has been wrong too often of late. */
  isBlocked({ socket }: IncomingMessage): boolean {
    const failures = this.#failures.get(socket.remoteAddress ?? '');
    return (
      failures !== undefined && failures.untilMs > Date.now() && failures.count >= MAX_FAILURES
    );
  }

  /** @returns what a request with this token may do; undefined where nothing */
  async check(token: string | undefined, request: IncomingMessage): Promise<Access | undefined> {
    if (this.#auth === undefined) {
      return FULL_ACCESS;
    }
    if (token === undefined || this.isBlocked(request)) {
      return undefined;
    }
    const access = await this.#accessOf(token, request);
    if (access === undefined) {
      this.#fail(request.socket.remoteAddress ?? '');
    }
    return access;
  }

  async #accessOf(token: string, request: IncomingMessage): Promise<Access | undefined> {
    if (this.#auth !== undefined && 'verify' in this.#auth) {
      const { verify } = this.#auth;
      const permission = await Promise.resolve()
        .then(() => verify(token, request))
        .catch(() => undefined);
      return permission && accessOf(permission);
    }
    const hash = hashOf(token);
    let access: Access | undefined;
    for (const known of this.#known) {
      // all of them, each in the same time: how long it takes tells nothing
      access = timingSafeEqual(hash, known.hash) ? known.access : access;
    }
    return access;
  }

  #fail(address: string): void {
    this.numFailures += 1;
    const now = Date.now();
    const known = this.#failures.get(address);
    if (known !== undefined && known.untilMs > now) {
      known.count += 1;
      return;
    }
    this.#failures.delete(address);
    this.#failures.set(address, { count: 1, untilMs: now + FAILURES_MS });
    if (this.#failures.size > MAX_ADDRESSES) {
      const [oldest = ''] = this.#failures.keys();
      this.#failures.delete(oldest);
    }
  }
}

/** The token of a request: of its `Authorization` header, or of a subprotocol it offers. Never of its address. */
export function tokenOf({ headers }: IncomingMessage): string | undefined {
  const [, bearer] = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '') ?? [];
  if (bearer !== undefined) {
    return bearer;
  }
  const offered = (headers['sec-websocket-protocol'] ?? '').split(',').map((one) => one.trim());
  const protocol = offered.find((one) => one.startsWith(TOKEN_PROTOCOL));
  return protocol && Buffer.from(protocol.slice(TOKEN_PROTOCOL.length), 'base64url').toString();
}

function accessOf({ sources = ['*'], manage = false }: Permission): Access {
  return {
    permits: (source) => sources.some((pattern) => matchesGlob(pattern, source)),
    mayManage: manage,
  };
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
