import { toError } from '../../models/core/errors.ts';
import type { Access } from '../access/authenticator.ts';
import type { Codec } from '../protocol/codec.ts';
import type { Ending } from './connection.ts';

/** The longest token as JSON or MessagePack, and room for it, bytes: more is not even read. */
const MAX_TOKEN_BYTES = 16_384;
/** Messages that may come while the token is looked at. */
const MAX_EARLY = 8;

/** What reads the messages of one socket. */
export interface Client {
  receive(message: string | Uint8Array): void;
  /** Takes a ping, which is to be answered. */
  ping(data: Uint8Array): void;
  /** The socket is gone. Idempotent. */
  end(): void;
}

/** What a client that has not shown a token is connected with. */
export interface DoorstepConfig {
  readonly codec: Codec;
  /** Time for the first message and its check, ms. */
  readonly limitMs: number;
  readonly check: (token: string) => Promise<Access | undefined>;
  /** Makes the client that reads on; undefined where it has been closed. */
  readonly onAccess: (access: Access) => Client | undefined;
  readonly onClose: (ending: Ending, text: string) => void;
}

/**
 * A client of `/v1` that has yet to say its token: its first message is `{ "type": "auth", "token": … }`.
 * Browsers can send no header with a WebSocket. What follows at once is kept until the token is checked.
 */
export class Doorstep implements Client {
  readonly #config: DoorstepConfig;
  readonly #timer: NodeJS.Timeout;
  readonly #early: (string | Uint8Array)[] = [];
  #state: 'waiting' | 'checking' | 'over' = 'waiting';
  #inside: Client | undefined;

  constructor(config: DoorstepConfig) {
    this.#config = config;
    this.#timer = setTimeout(
      () => this.#refuse(`No token within ${config.limitMs} ms`),
      config.limitMs,
    );
  }

  receive(message: string | Uint8Array): void {
    if (this.#inside !== undefined) {
      this.#inside.receive(message);
    } else if (this.#state === 'checking') {
      if (this.#early.push(message) > MAX_EARLY) {
        this.#refuse('Wait for `hello` before you send more');
      }
    } else if (this.#state === 'waiting') {
      const token = tokenIn(message, this.#config.codec);
      if (token === undefined) {
        this.#refuse('A token is needed: send {"type":"auth","token":"…"} first');
        return;
      }
      this.#state = 'checking';
      this.#config.check(token).then(
        (access) => this.#enter(access),
        (thrown: unknown) => this.#refuse(toError(thrown).message),
      );
    }
  }

  /** Who is not in yet gets no answer. */
  ping(data: Uint8Array): void {
    this.#inside?.ping(data);
  }

  end(): void {
    this.#state = 'over';
    clearTimeout(this.#timer);
    this.#early.length = 0;
    this.#inside?.end();
  }

  #enter(access: Access | undefined): void {
    if (this.#state !== 'checking') {
      return; // gone meanwhile
    }
    if (access === undefined) {
      this.#refuse('The token is wrong');
      return;
    }
    clearTimeout(this.#timer);
    this.#inside = this.#config.onAccess(access);
    if (this.#inside === undefined) {
      this.end();
      return;
    }
    for (const message of this.#early.splice(0)) {
      this.#inside.receive(message);
    }
  }

  #refuse(text: string): void {
    if (this.#state !== 'over') {
      this.end();
      this.#config.onClose('protocol', text);
    }
  }
}

function tokenIn(message: string | Uint8Array, codec: Codec): string | undefined {
  if ((typeof message === 'string') === codec.isBinary || message.length > MAX_TOKEN_BYTES) {
    return undefined;
  }
  try {
    const value = codec.decode(message);
    const isAuth =
      typeof value === 'object' && value !== null && 'type' in value && value.type === 'auth';
    return isAuth && 'token' in value && typeof value.token === 'string' ? value.token : undefined;
  } catch {
    return undefined; // it is told what it should have sent
  }
}
