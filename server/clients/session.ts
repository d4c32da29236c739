import type { Subscription } from 'rxjs';
import type { FoundObject, FrameDetections } from '../../models/index.ts';
import type { Access } from '../access/authenticator.ts';
import type { Codec } from '../protocol/codec.ts';
import type { Ending } from './connection.ts';
import type { Counters } from '../hub/counters.ts';
import { Deliverer } from './sendQueue.ts';
import type { DetectionFilter } from '../filters/detectionFilter.ts';
import { Inbox, type InboxSocket } from './inbox.ts';
import { Interests } from './subscriptions.ts';
import { MessageReader } from './messageReader.ts';
import type {
  AckMessage,
  ClientMessage,
  ServerMessage,
  SourceStatus,
  SubscribeMessage,
} from '../protocol/messages.ts';
import type { ServerOptions } from '../options/serverOptions.ts';
import { FRESH_BYTES, Outbox } from './outbox.ts';
import type { OutboxSocket } from './outbox.ts';
import type { PublishedFrame } from '../hub/publishedFrame.ts';
import type { Slices, Worker } from './slices.ts';
import type { HubListener } from '../hub/hubListener.ts';
import type { SourceHub } from '../hub/sourceHub.ts';
import type { FrameSize, Zone } from '../filters/zones.ts';

/** Bytes waiting above which `object` messages are dropped, before any frame is. */
const OBJECT_BYTES = FRESH_BYTES / 2;

/** What a subscriber is connected with. */
export interface SubscriberConfig {
  readonly socket: OutboxSocket & InboxSocket;
  /** In which the newest frames are sent. */
  readonly live: Slices;
  /** In which clients' messages are read and older frames sent: what a client can ask for at will. */
  readonly asked: Slices;
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
  readonly #inbox: Inbox;
  readonly #reader: MessageReader;
  readonly #interests: Interests;
  readonly #sending: Worker = { work: () => this.#deliverer.sendNext() };
  readonly #working: Worker = { work: () => this.#inbox.runNext() || this.#deliverer.replayNext() };
  readonly #listening: Subscription;
  #state: 'OPEN' | 'CLOSED' = 'OPEN';

  /** Greets the client. */
  constructor(config: SubscriberConfig) {
    const { socket, live, asked, hub, options, counters, version, epoch, codec, access } = config;
    const { permits, permitsSome } = access;
    // the others would tell of sources that it may not know of
    const zones = config.zones.filter(({ source }) => permitsSome(source));
    this.#config = config;
    const { maxSubscriptions, maxMessagesPerSecond } = options;
    this.#interests = new Interests({
      ...{ epoch, maxSubscriptions, codec, counters, zones, permits },
    });
    this.#outbox = new Outbox(socket, {
      maxBytes: options.maxOutboxBytes,
      slowMs: options.slowClientMs,
      binary: codec.isBinary,
      counters,
      onRoom: () => this.#deliverer.allDue(),
      onStuck: () => this.#close('slow', `Too slow: ${this.#outbox.bytes} bytes were waiting`),
    });
    this.#deliverer = new Deliverer({
      ...{ outbox: this.#outbox, interests: this.#interests, hub, codec, counters },
      onDue: () => live.ask(this.#sending),
      onBehind: () => asked.ask(this.#working),
    });
    this.#inbox = new Inbox(socket, () => asked.ask(this.#working));
    this.#reader = new MessageReader({
      ...{ codec, maxMessagesPerSecond, inbox: this.#inbox },
      onMessage: (message) => this.#do(message),
      onPing: (data) => this.#outbox.pong(data),
      onWrong: (error) => this.#tell(error),
      onTooMuch: (text) => this.#close('protocol', text),
    });
    this.#listening = hub.listen(this);
    const sources = hub.describe().filter(({ name }) => permits(name));
    const named = zones.map(({ name, source, points }) => ({ name, source, points }));
    const known = named.length === 0 ? {} : { zones: named };
    this.#tell({ v: 1, type: 'hello', version, epoch, sources, ...known });
  }

  /**
   * Takes one message of the client, to be read in its turn. What is wrong with it is answered, never thrown.
   * @param data text, or the bytes of a binary message
   */
  receive(data: string | Uint8Array): void {
    if (this.#state === 'OPEN') {
      this.#reader.receive(data);
    }
  }

  /** Takes a ping, which is answered in its turn. */
  ping(data: Uint8Array): void {
    if (this.#state === 'OPEN') {
      this.#reader.ping(data);
    }
  }

  /** Ends reading and sending, and forgets what was held. Idempotent. */
  end(): void {
    this.#state = 'CLOSED';
    this.#listening.unsubscribe();
    this.#outbox.close();
    this.#deliverer.close();
    this.#inbox.clear();
    this.#interests.clear();
  }

  readonly onForgotten = (source: string): void => this.#interests.forget(source);
  filtersFor(source: string): readonly DetectionFilter[] {
    return this.#interests.following(source).map(({ filter }) => filter);
  }

  onAttached(status: SourceStatus): void {
    this.#inOrder(() => {
      const interested = this.#interests.matching(status.source);
      if (interested.length > 0) {
        this.#tell({ v: 1, ...status });
      }
      interested.forEach((interest) => this.#deliverer.begin(interest, status.source));
    });
  }

  onFrame(frame: PublishedFrame, _result: FrameDetections, nowMs: number): void {
    for (const interest of this.#interests) {
      this.#deliverer.take(interest, frame, nowMs);
    }
  }

  onObject(object: FoundObject, size: FrameSize): void {
    const { source } = object;
    const nowMs = performance.now();
    for (const interest of this.#interests) {
      if (interest.due.has(source)) {
        this.#deliverer.flush(interest, source); // the frames before it go first
      }
      if (!interest.takesObject(object, size, nowMs)) {
        continue;
      }
      const message = this.#config.codec.encode({ v: 1, id: interest.id, ...object });
      // Objects go first where there is no room, or no time.
      if (!interest.due.has(source) && this.#outbox.hasRoom(message.byteLength, OBJECT_BYTES)) {
        this.#outbox.send(message);
      } else {
        this.#config.counters.dropped += 1;
      }
    }
  }

  onStatus(status: SourceStatus): void {
    this.#inOrder(() => this.#pass(status));
  }

  /** Does something at once, or behind what the client has asked for before. */
  #inOrder(run: () => void): void {
    if (this.#inbox.isEmpty) {
      run();
    } else {
      this.#inbox.add(run);
    }
  }

  #pass(status: SourceStatus): void {
    const interested = this.#interests.following(status.source);
    for (const interest of interested) {
      this.#deliverer.finish(interest, status.source); // the last frame goes before the news of the end
    }
    if (interested.length > 0) {
      this.#tell({ v: 1, ...status });
    }
    if (status.state === 'connecting') {
      interested.forEach((interest) => this.#deliverer.begin(interest, status.source)); // frames may count anew
    }
  }

  #do(message: ClientMessage): void {
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
    Object.keys(message.seq).forEach((source) => this.#deliverer.acknowledged(interest, source));
  }

  #unsubscribe(id: string): void {
    this.#interests.remove(id);
    this.#config.hub.changeDemand();
    this.#tell({ v: 1, type: 'unsubscribed', id });
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
