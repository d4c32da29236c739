import type { Subscription } from 'rxjs';
import type { FoundObject } from '../models/index.ts';
import { PipelineError } from '../models/errors.ts';
import type { Ending } from './connection.ts';
import type { Counters } from './counters.ts';
import type { DetectionFilter } from './detectionFilter.ts';
import type { Delivery, Interest } from './interest.ts';
import { Interests } from './interests.ts';
import { MessageLimit } from './messageLimit.ts';
import type { ObjectMessage, ServerMessage, SourceStatus, SubscribeMessage } from './messages.ts';
import type { ServerOptions } from './options.ts';
import { FRESH_BYTES, Outbox } from './outbox.ts';
import type { OutboxSocket } from './outbox.ts';
import { parseClientMessage } from './parseClientMessage.ts';
import type { PublishedFrame } from './publishedFrame.ts';
import type { HubListener, SourceHub } from './sourceHub.ts';

/** A client that sends so many wrong messages is closed. */
const MAX_ERRORS = 10;
/** Bytes waiting above which `object` messages are dropped, before any frame is. */
const OBJECT_BYTES = FRESH_BYTES / 2;

/** What a subscriber is connected with. */
export interface SubscriberConfig {
  readonly socket: OutboxSocket;
  readonly hub: SourceHub;
  readonly options: Required<ServerOptions>;
  readonly counters: Counters;
  readonly version: string;
  readonly epoch: string;
  /** Ends the connection; `end()` of the subscriber has been called before. */
  readonly onClose: (ending: Ending, text: string) => void;
}

/**
 * One client of `/v1`: reads its messages, and sends it what it subscribed to, as fast as it reads.
 * OPEN until either side ends; a CLOSED subscriber neither reads nor sends.
 */
export class Subscriber implements HubListener {
  readonly #config: SubscriberConfig;
  readonly #outbox: Outbox;
  readonly #limit: MessageLimit;
  readonly #interests: Interests;
  readonly #listening: Subscription;
  #state: 'OPEN' | 'CLOSED' = 'OPEN';
  /** Wrong messages so far. */
  #errors = 0;

  /** Greets the client. */
  constructor(config: SubscriberConfig) {
    const { socket, hub, options, counters, version, epoch } = config;
    this.#config = config;
    this.#limit = new MessageLimit(options.maxMessagesPerSecond);
    this.#interests = new Interests(epoch, options.maxSubscriptions);
    this.#outbox = new Outbox(socket, {
      maxBytes: options.maxOutboxBytes,
      slowMs: options.slowClientMs,
      binary: false,
      counters,
      onRoom: () => this.#flushAll(),
      onStuck: () => this.#close('slow', `Too slow: ${this.#outbox.bytes} bytes were waiting`),
    });
    this.#listening = hub.listen(this);
    this.#tell({ v: 1, type: 'hello', version, epoch, sources: hub.describe() });
  }

  /**
   * Reads one message of the client. What is wrong with it is answered, never thrown.
   * @param text undefined for a binary message
   */
  receive(text: string | undefined): void {
    if (this.#state !== 'OPEN') {
      return;
    }
    if (!this.#limit.admit(performance.now())) {
      const { maxMessagesPerSecond } = this.#config.options;
      this.#close('protocol', `More than ${maxMessagesPerSecond} messages within a second`);
      return;
    }
    try {
      if (text === undefined) {
        throw new PipelineError('ERR_CLIENT_PROTOCOL', 'Expected JSON text, got a binary message');
      }
      const message = parseClientMessage(text);
      if (message.type === 'subscribe') {
        this.#subscribe(message);
      } else {
        this.#unsubscribe(message.id);
      }
    } catch (thrown) {
      this.#complain(thrown);
    }
  }

  /** Ends reading and sending, and forgets what was held. Idempotent. */
  end(): void {
    this.#state = 'CLOSED';
    this.#listening.unsubscribe();
    this.#outbox.close();
    this.#interests.clear();
  }

  filtersFor(source: string): readonly DetectionFilter[] {
    return this.#interests.filtersFor(source);
  }

  onAttached(status: SourceStatus): void {
    const interested = this.#interests.matching(status.source);
    if (interested.length > 0) {
      this.#tell({ v: 1, ...status });
    }
    for (const interest of interested) {
      this.#begin(interest, status.source);
    }
  }

  onFrame(frame: PublishedFrame): void {
    const nowMs = performance.now();
    const { counters } = this.#config;
    for (const interest of this.#interests) {
      if (!interest.isDue(frame.source, frame.frame, nowMs)) {
        continue;
      }
      if (interest.policy !== 'all') {
        counters.coalesced += interest.hold(frame) ? 1 : 0;
        this.#flush(interest, FRESH_BYTES, frame.source);
      } else if (!this.#deliver(interest, interest.take(frame))) {
        interest.lose(frame);
        counters.dropped += 1;
      }
    }
  }

  onObject(object: FoundObject): void {
    const nowMs = performance.now();
    for (const interest of this.#interests) {
      if (!interest.takesObject(object, nowMs)) {
        continue;
      }
      const text = JSON.stringify({ v: 1, id: interest.id, ...object } satisfies ObjectMessage);
      const message = Buffer.from(text);
      if (this.#outbox.hasRoom(message.byteLength, OBJECT_BYTES)) {
        this.#outbox.offer([message]);
      } else {
        this.#config.counters.dropped += 1;
      }
    }
  }

  onStatus(status: SourceStatus): void {
    const interested = this.#interests.matching(status.source);
    for (const interest of interested) {
      this.#flush(interest, Infinity, status.source); // the last frame goes before the news of the end
    }
    if (interested.length > 0) {
      this.#tell({ v: 1, ...status });
    }
    if (status.state === 'connecting') {
      interested.forEach((interest) => this.#begin(interest, status.source)); // frames may count anew
    }
  }

  #subscribe(message: SubscribeMessage): void {
    const { hub } = this.#config;
    const interest = this.#interests.add(message);
    this.#tell({ v: 1, type: 'subscribed', id: message.id });
    for (const status of hub.statuses()) {
      if (interest.matches(status.source)) {
        this.#tell({ v: 1, ...status });
        this.#begin(interest, status.source);
      }
    }
    hub.changeDemand();
  }

  #unsubscribe(id: string): void {
    this.#interests.remove(id);
    this.#config.hub.changeDemand();
    this.#tell({ v: 1, type: 'unsubscribed', id });
  }

  #complain(thrown: unknown): void {
    if (!(thrown instanceof PipelineError)) {
      throw thrown; // a fault of this package, not of the client
    }
    const { code, message, details } = thrown;
    const id = details['id'];
    this.#tell({ v: 1, type: 'error', code, message, ...(typeof id === 'string' ? { id } : {}) });
    this.#errors += 1;
    if (this.#errors >= MAX_ERRORS) {
      this.#close('protocol', `${MAX_ERRORS} wrong messages`);
    }
  }

  #begin(interest: Interest, source: string): void {
    const gap = interest.begin(source, this.#config.hub.seqOf(source));
    if (gap !== undefined) {
      this.#config.counters.gaps += 1;
      this.#tell(gap);
    }
  }

  #flushAll(): void {
    for (const interest of this.#interests) {
      this.#flush(interest, interest.policy === 'all' ? Infinity : FRESH_BYTES);
    }
  }

  /** Sends what is owed, of all sources or of one, as long as there is room. */
  #flush(interest: Interest, limit: number, source?: string): void {
    for (const delivery of interest.owed(source)) {
      if (!this.#deliver(interest, delivery, limit)) {
        return;
      }
    }
  }

  /** @returns whether it was sent; where not, all of it is still owed */
  #deliver(interest: Interest, delivery: Delivery, limit: number = Infinity): boolean {
    // Asked first without a message, which spares a stalled client's frames the encoding.
    if (this.#state !== 'OPEN' || !this.#outbox.offer([], limit)) {
      return false;
    }
    const { gap, frame } = delivery;
    const messages = [
      ...(gap === undefined ? [] : [Buffer.from(JSON.stringify(gap))]),
      ...(frame === undefined ? [] : [frame.encode(interest.id, interest.filter)]),
    ];
    if (!this.#outbox.offer(messages, limit)) {
      return false;
    }
    interest.settle(delivery);
    this.#config.counters.gaps += gap === undefined ? 0 : 1;
    return true;
  }

  /** Sends a message that must not be lost. */
  #tell(message: ServerMessage): void {
    if (this.#state === 'OPEN') {
      this.#outbox.insist(JSON.stringify(message));
    }
  }

  #close(ending: Ending, text: string): void {
    this.end();
    this.#config.onClose(ending, text);
  }
}
