import type { Codec } from './codec.ts';
import type { Counters } from './counters.ts';
import type { Delivery, Interest } from './interest.ts';
import { FRESH_BYTES } from './outbox.ts';
import type { Outbox } from './outbox.ts';
import type { PublishedFrame } from './publishedFrame.ts';
import type { SourceHub } from './sourceHub.ts';

/** What a deliverer works with. */
export interface DelivererConfig {
  readonly outbox: Outbox;
  readonly hub: SourceHub;
  readonly codec: Codec;
  readonly counters: Counters;
}

/**
 * Sends the frames of one client's subscriptions, as fast as it reads. Under `latest` and `everyMs` the
 * newest frame waits for room, and what it replaced becomes a gap. Under `all` nothing waits here: what
 * the client has not had is read from the source's replay, as far as that goes back.
 */
export class Deliverer {
  readonly #config: DelivererConfig;

  constructor(config: DelivererConfig) {
    this.#config = config;
  }

  /** Begins with a source, which may have frames that are wanted. */
  begin(interest: Interest, source: string): void {
    const replay = this.#config.hub.replayOf(source);
    const gap = interest.begin(source, replay);
    if (gap !== undefined) {
      this.#config.counters.gaps += 1;
      this.#config.outbox.insist(this.#config.codec.encode(gap));
    }
    if (interest.policy === 'all') {
      this.pump(interest, source);
      return;
    }
    const first = interest.wanted(source) ?? Infinity;
    for (let seq = first; seq <= replay.lastSeq; seq++) {
      const frame = replay.at(seq);
      if (frame !== undefined) {
        this.#show(interest, frame);
      }
    }
  }

  /** Takes a new frame to a subscription. @param nowMs monotonic time */
  frame(interest: Interest, frame: PublishedFrame, nowMs: number): void {
    if (interest.policy === 'all') {
      this.pump(interest, frame.source);
    } else if (interest.holdNext(frame)) {
      this.#deliver(interest, { source: frame.source, gap: undefined, frame }, FRESH_BYTES);
    } else if (interest.isDue(frame.source, frame.frame, nowMs)) {
      this.#show(interest, frame);
    }
  }

  /** Sends what a subscription to all frames has not had yet, as far as room and window allow. */
  pump(interest: Interest, source: string): void {
    const replay = this.#config.hub.replayOf(source);
    let wanted = interest.wanted(source);
    while (wanted !== undefined && wanted <= replay.lastSeq) {
      const frame = replay.at(Math.max(wanted, replay.oldestSeq));
      const seq = frame?.seq ?? replay.lastSeq + 1; // none is left where the source is long gone
      if (seq > wanted) {
        interest.lose(source, seq - 1);
      }
      if (!this.#deliver(interest, interest.take(source, frame), Infinity)) {
        return;
      }
      this.#config.counters.dropped += seq - wanted;
      wanted = interest.wanted(source);
    }
  }

  /** Sends what is owed of a source, where there is room. */
  flush(interest: Interest, source: string, limit: number = FRESH_BYTES): void {
    if (interest.policy === 'all') {
      this.pump(interest, source);
      return;
    }
    const delivery = interest.owed(source);
    if (delivery !== undefined) {
      this.#deliver(interest, delivery, limit);
    }
  }

  /** Sends a frame, or keeps it in place of the one that waits. */
  #show(interest: Interest, frame: PublishedFrame): void {
    this.#config.counters.coalesced += interest.hold(frame) ? 1 : 0;
    this.flush(interest, frame.source);
  }

  /** @returns whether it was sent; where not, all of it is still owed */
  #deliver(interest: Interest, delivery: Delivery, limit: number): boolean {
    const { outbox, codec, counters } = this.#config;
    // Asked first without a message, which spares a stalled client's frames the encoding.
    if (!outbox.admits(0, limit)) {
      return false;
    }
    const gap = delivery.gap && codec.encode(delivery.gap);
    const frame = delivery.frame?.encode(interest.form);
    if (!outbox.admits((gap?.byteLength ?? 0) + (frame?.byteLength ?? 0), limit)) {
      return false;
    }
    if (gap !== undefined) {
      outbox.send(gap);
      counters.gaps += 1;
    }
    if (frame !== undefined) {
      outbox.send(frame);
    }
    interest.settle(delivery);
    return true;
  }
}
