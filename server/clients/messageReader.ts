import { PipelineError } from '../../models/core/errors.ts';
import type { Codec } from '../protocol/codec.ts';
import type { Inbox } from './inbox.ts';
import { MessageLimit } from './messageLimit.ts';
import type { ClientMessage, ErrorMessage } from '../protocol/messages.ts';
import { parseClientMessage } from '../protocol/parseClientMessage.ts';

/** A client that sends so many wrong messages is closed. */
const MAX_ERRORS = 10;

/** What a reader works with. */
export interface MessageReaderConfig {
  readonly codec: Codec;
  readonly maxMessagesPerSecond: number;
  /** Where what has come waits for its turn. */
  readonly inbox: Inbox;
  /** @throws PipelineError ERR_CLIENT_PROTOCOL where it cannot be done */
  readonly onMessage: (message: ClientMessage) => void;
  readonly onPing: (data: Uint8Array) => void;
  /** Told of each wrong message. */
  readonly onWrong: (error: ErrorMessage) => void;
  /** Told once that this client must not send any more, and why. */
  readonly onTooMuch: (text: string) => void;
}

/** Counts one client's messages when they arrive, and reads them in their turn. */
export class MessageReader {
  readonly #config: MessageReaderConfig;
  readonly #messages: MessageLimit;
  readonly #pings: MessageLimit;
  #numErrors = 0;
  /** Whether too many have come: what comes then is not looked at. */
  #isOver = false;

  constructor(config: MessageReaderConfig) {
    this.#config = config;
    this.#messages = new MessageLimit(config.maxMessagesPerSecond);
    this.#pings = new MessageLimit(config.maxMessagesPerSecond);
  }

  /** Takes a message. @param data text, or the bytes of a binary message */
  receive(data: string | Uint8Array): void {
    this.#arrive(this.#messages, data.length, () => this.#read(data));
  }

  /** Takes a ping; they are counted as messages are, by themselves. */
  ping(data: Uint8Array): void {
    this.#arrive(this.#pings, data.byteLength, () => this.#config.onPing(data));
  }

  #arrive(limit: MessageLimit, numBytes: number, work: () => void): void {
    const { maxMessagesPerSecond, inbox, onTooMuch } = this.#config;
    if (this.#isOver) {
      return;
    }
    if (limit.admit(performance.now(), numBytes)) {
      inbox.add(work, numBytes);
      return;
    }
    this.#isOver = true; // those before it were within the limit, and are answered
    inbox.add(() =>
      onTooMuch(`More than ${maxMessagesPerSecond} messages or pings within a second`),
    );
  }

  #read(data: string | Uint8Array): void {
    try {
      this.#config.onMessage(parseClientMessage(data, this.#config.codec));
    } catch (thrown) {
      this.#complain(thrown);
    }
  }

  #complain(thrown: unknown): void {
    if (!(thrown instanceof PipelineError)) {
      throw thrown; // a fault of this package, not of the client
    }
    const { code, message, details } = thrown;
    const id = details['id'];
    this.#config.onWrong({
      ...{ v: 1, type: 'error', code, message },
      ...(typeof id === 'string' ? { id } : {}),
    });
    this.#numErrors += 1;
    if (this.#numErrors >= MAX_ERRORS) {
      this.#config.onTooMuch(`${MAX_ERRORS} wrong messages`);
    }
  }
}
