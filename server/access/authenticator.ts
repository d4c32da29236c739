import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { expectKnownKeys } from '../../models/core/validate.ts';
import { globsMeet, matchesGlob } from '../filters/matchesGlob.ts';

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
      /**
       * @returns what the token permits. Whatever is no {@link Permission} permits nothing: `undefined`, `false`,
       *   a rejection, no answer within `handshakeMs`
       */
      readonly verify: (
        token: string,
        request: IncomingMessage,
      ) => Permission | undefined | Promise<Permission | undefined>;
    };

/** What one client may do. */
export interface Access {
  permits(source: string): boolean;
  /** Whether a source that a glob fits may be one that it may know of. */
  permitsSome(glob: string): boolean;
  /** Whether it may know of every source. */
  readonly permitsAll: boolean;
  readonly mayManage: boolean;
}

/** Everything: for a server without tokens. */
export const FULL_ACCESS: Access = accessOf({ manage: true });

/** How a token is sent in place of a header, by browsers: this and its base64url. */
export const TOKEN_PROTOCOL = 'pix2seq-stream.token.';
const TOKEN = /^[\x21-\x7e]{16,512}$/;
const KEYS = ['sources', 'manage'];
/** Wrong tokens of one address within a minute, after which `verify` is not asked until the minute has passed. */
const MAX_FAILURES = 20;
const FAILURES_MS = 60_000;
/** Addresses that are remembered; the oldest goes first. */
const MAX_ADDRESSES = 1_024;

/** Tokens that `verify` has found right and that are remembered; who came longest ago is forgotten first. */
const MAX_TRUSTED = 1_024;

/** Checks tokens. */
export class Gate {
  readonly #auth: AuthOptions | undefined;
  readonly #limitMs: number;
  readonly #known: readonly { readonly hash: Buffer; readonly access: Access }[];
  readonly #failures = new Map<string, { count: number; readonly untilMs: number }>();
  /** Hashes of tokens that `verify` has found right: those are always asked about, whoever else is at their address. */
  readonly #trusted = new Set<string>();
  /** Wrong tokens so far. */
  numFailures = 0;

  /**
   * @param limitMs time that `verify` has, ms
   * @throws TypeError where a token is wrong; it never says the token
   */
  constructor(auth: AuthOptions | undefined, limitMs: number) {
    expectKnownKeys('auth', auth, ['tokens', 'verify']);
    this.#auth = auth;
    this.#limitMs = limitMs;
    this.#known = auth !== undefined && 'tokens' in auth ? knownTokens(auth.tokens) : [];
    if (auth !== undefined && 'verify' in auth && typeof auth.verify !== 'function') {
      throw new TypeError(
        `Expected \`auth.verify\` to be a function, got \`${typeof auth.verify}\``,
      );
    }
  }

  /** Whether everybody may do everything, with a token or without. */
  get isOpen(): boolean {
    return this.#auth === undefined;
  }

  /**
   * Whether an address has been wrong so often of late that `verify`, which may be slow, is spared. Tokens
   * that are known here are always compared: others at the same address, behind a proxy, must not suffer.
   */
  isBlocked({ socket }: IncomingMessage): boolean {
    const failures = this.#failures.get(socket.remoteAddress ?? '');
    return (
      this.#known.length === 0 &&
      failures !== undefined &&
      failures.untilMs > performance.now() &&
      failures.count >= MAX_FAILURES
    );
  }

  /** @returns what a request with this token may do; undefined where nothing; never rejects */
  async check(token: string | undefined, request: IncomingMessage): Promise<Access | undefined> {
    if (this.#auth === undefined) {
      return FULL_ACCESS;
    }
    const hash = token === undefined ? '' : hashOf(token).toString('base64');
    if (token === undefined || (this.isBlocked(request) && !this.#trusted.has(hash))) {
      return undefined;
    }
    const access =
      'verify' in this.#auth
        ? await this.#verified(token, request, this.#auth.verify)
        : this.#compared(token);
    if (access === undefined) {
      this.#fail(request.socket.remoteAddress ?? '');
    } else if ('verify' in this.#auth) {
      this.#trust(hash);
    }
    return access;
  }

  #trust(hash: string): void {
    this.#trusted.delete(hash);
    this.#trusted.add(hash);
    const [longest = ''] = this.#trusted;
    if (this.#trusted.size > MAX_TRUSTED) {
      this.#trusted.delete(longest);
    }
  }

  async #verified(
    token: string,
    request: IncomingMessage,
    verify: (token: string, request: IncomingMessage) => unknown,
  ): Promise<Access | undefined> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), this.#limitMs);
    });
    try {
      const permission = await Promise.race([verify(token, request), late]);
      return isPermission(permission) ? accessOf(permission) : undefined;
    } catch {
      return undefined;
    } finally {
      clearTimeout(timer);
    }
  }

  #compared(token: string): Access | undefined {
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
    const now = performance.now();
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

function knownTokens(
  tokens: readonly TokenOptions[],
): readonly { readonly hash: Buffer; readonly access: Access }[] {
  if (!Array.isArray(tokens) || tokens.length === 0) {
    throw new TypeError('Expected `auth.tokens` to be an array of one token or more');
  }
  return (tokens as readonly TokenOptions[]).map((options, i) => {
    const { token, ...permission } = options;
    expectKnownKeys(`token ${i + 1}`, permission, KEYS);
    if (typeof token !== 'string' || !TOKEN.test(token)) {
      throw new TypeError(`Expected token ${i + 1} to be 16 to 512 visible ASCII characters`);
    }
    if (!isPermission(permission)) {
      throw new TypeError(
        `Expected token ${i + 1} to have \`sources\`, an array of names or globs, or none, and \`manage\`, true or false, or none`,
      );
    }
    return { hash: hashOf(token), access: accessOf(permission) };
  });
}

function isPermission(value: unknown): value is Permission {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return false;
  }
  const { sources, manage } = value as Record<keyof Permission, unknown>;
  return (
    (sources === undefined ||
      (Array.isArray(sources) && sources.every((one) => typeof one === 'string'))) &&
    (manage === undefined || typeof manage === 'boolean')
  );
}

function accessOf({ sources = ['*'], manage = false }: Permission): Access {
  return {
    permits: (source) => sources.some((pattern) => matchesGlob(pattern, source)),
    permitsSome: (glob) => sources.some((pattern) => globsMeet(pattern, glob)),
    permitsAll: sources.includes('*'),
    mayManage: manage,
  };
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
