import type { Subscription } from 'rxjs';
import type { FoundObject, FrameDetections } from '../models/index.ts';
import { PipelineError } from '../models/errors.ts';
import type { Access } from './access.ts';
import type { Codec } from './codec.ts';
import type { Ending } from './connection.ts';
import type { Counters } from './counters.ts';
import { Deliverer } from './deliverer.ts';
import type { DetectionFilter } from './detectionFilter.ts';
import { Interests } from './interests.ts';
import { MessageLimit } from './messageLimit.ts';
import type {
  AckMessage,
  ObjectMessage,
  ServerMessage,
  SourceStatus,
  SubscribeMessage,
} from './messages.ts';
import type { ServerOptions } from './options.ts';
import { FRESH_BYTES, Outbox } from './outbox.ts';
import type { OutboxSocket } from './outbox.ts';
import { parseClientMessage } from './parseClientMessage.ts';
import type { PublishedFrame } from './publishedFrame.ts';
import type { HubListener, SourceHub } from './sourceHub.ts';
import type { FrameSize, Zone } from './zones.ts';

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
  readonly codec: Codec;
  readonly zones: readonly Zone[];
  readonly access: Access;
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
  readonly #deliverer: Deliverer;
  readonly #limit: MessageLimit;
  readonly #interests: Interests;
  readonly #listening: Subscription;
  #state: 'OPEN' | 'CLOSED' = 'OPEN';
  /** Wrong messages so far. */
  #errors = 0;

  /** Greets the client. */
  constructor(config: SubscriberConfig) {
    const { socket, hub, options, counters, version, epoch, codec, access } = config;
    const { permits, permitsSome } = access;
    // the others would tell of sources that it may not know of
    const zones = config.zones.filter(({ source }) => permitsSome(source));
    this.#config = config;
    this.#limit = new MessageLimit(options.maxMessagesPerSecond);
    const { maxSubscriptions } = options;
    this.#interests = new Interests({
      ...{ epoch, maxSubscriptions, codec, counters, zones, permits },
    });
    this.#outbox = new Outbox(socket, {
      maxBytes: options.maxOutboxBytes,
      slowMs: options.slowClientMs,
      binary: codec.isBinary,
      counters,
      onRoom: () => this.#flushAll(),
      onStuck: () => this.#close('slow', `Too slow: ${this.#outbox.bytes} bytes were waiting`),
    });
    this.#deliverer = new Deliverer({ outbox: this.#outbox, hub, codec, counters });
    this.#listening = hub.listen(this);
    const sources = hub.describe().filter(({ name }) => permits(name));
    const named = zones.map(({ name, source, points }) => ({ name, source, points }));
    const known = named.length === 0 ? {} : { zones: named };
    this.#tell({ v: 1, type: 'hello', version, epoch, sources, ...known });
  }

  /**
   * Reads one message of the client. What is wrong with it is answered, never thrown.
   * @param data text, or the bytes of a binary message
   */
  receive(data: string | Uint8Array): void {
    if (this.#state !== 'OPEN') {
      return;
    }
    if (!this.#limit.admit(performance.now())) {
      const { maxMessagesPerSecond } = this.#config.options;
      this.#close('protocol', `More than ${maxMessagesPerSecond} messages within a second`);
      return;
    }
    try {
      const message = parseClientMessage(data, this.#config.codec);
      switch (message.type) {
        case 'subscribe':
          this.#subscribe(message);
          break;
        case 'unsubscribe':
          this.#unsubscribe(message.id);
          break;
        case 'auth':
          break; // it is in already
        case 'ack':
          this.#acknowledge(message);
          break;
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
      this.#deliverer.begin(interest, status.source);
    }
  }

  onFrame(frame: PublishedFrame, _result: FrameDetections, nowMs: number): void {
    for (const interest of this.#interests) {
      this.#deliverer.frame(interest, frame, nowMs);
    }
  }

  onObject(object: FoundObject, size: FrameSize): void {
    const nowMs = performance.now();
    for (const interest of this.#interests) {
      if (!interest.takesObject(object, size, nowMs)) {
        continue;
      }
      const told: ObjectMessage = { v: 1, id: interest.id, ...object };
      const message = this.#config.codec.encode(told);
      if (this.#outbox.hasRoom(message.byteLength, OBJECT_BYTES)) {
        this.#outbox.send(message);
      } else {
        this.#config.counters.dropped += 1;
      }
    }
  }

  onStatus(status: SourceStatus): void {
    const interested = this.#interests.matching(status.source);
    for (const interest of interested) {
      this.#deliverer.flush(interest, status.source, Infinity); // the last frame goes before the news of the end
    }
    if (interested.length > 0) {
      this.#tell({ v: 1, ...status });
    }
    if (status.state === 'connecting') {
      interested.forEach((interest) => this.#deliverer.begin(interest, status.source)); // frames may count anew
    }
  }

  #subscribe(message: SubscribeMessage): void {
    const { hub, access } = this.#config;
    const interest = this.#interests.add(message);
    this.#tell({ v: 1, type: 'subscribed', id: message.id });
    for (const status of hub.statuses()) {
      if (access.permits(status.source) && interest.matches(status.source)) {
        this.#tell({ v: 1, ...status });
        this.#deliverer.begin(interest, status.source);
      }
    }
    hub.changeDemand();
  }

  #acknowledge(message: AckMessage): void {
    const interest = this.#interests.acknowledge(message);
    Object.keys(message.seq).forEach((source) => this.#deliverer.pump(interest, source));
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

  #flushAll(): void {
    for (const interest of this.#interests) {
      interest.sources.forEach((source) => this.#deliverer.flush(interest, source));
    }
  }

  /** Sends a message that must not be lost. */
  #tell(message: ServerMessage): void {
    if (this.#state === 'OPEN') {
      this.#outbox.insist(this.#config.codec.encode(message));
    }
  }

  #close(ending: Ending, text: string): void {
    this.end();
    this.#config.onClose(ending, text);
  }
}
