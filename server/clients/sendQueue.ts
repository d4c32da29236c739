import { Budget } from '../access/budget.ts';
import type { Codec } from '../protocol/codec.ts';
import type { Counters } from '../hub/counters.ts';
import type { Interest } from './subscription.ts';
import { FRESH_BYTES } from './outbox.ts';
import type { Outbox } from './outbox.ts';
import type { PublishedFrame } from '../hub/publishedFrame.ts';
import type { SourceHub } from '../hub/sourceHub.ts';
import type { Delivery } from './cursor.ts';

/** What of the last frames a client can have sent again, text in bytes: as much as one source keeps, each second. */
const REPLAY_BUDGET = { atOnce: 8_388_608, perSecond: 8_388_608 };

/**
 * Frames of a source that may wait for their turn because the server is busy. Under `all` what is more counts as older
 * frames, under `latest` it gives way to the newest.
 */
const MAX_PENDING = { all: 30, latest: 8 };

/** What a deliverer works with. */
export interface DelivererConfig {
  readonly outbox: Outbox;
  readonly hub: SourceHub;
  readonly codec: Codec;
  readonly counters: Counters;
  readonly interests: Iterable<Interest>;
  /** Called when `sendNext` has something to do. */
  readonly onDue: () => void;
  /** Called when `replayNext` has something to do. */
  readonly onBehind: () => void;
}

/**
 * Sends the frames of one client's subscriptions, as fast as it reads, one at a time. Under `latest` and `everyMs` the
 * newest frame waits for room, and what it replaced becomes a gap. Under `all` nothing waits here: what
 * the client has not had is read from the source's replay, as far as that goes back. Older frames than the newest
 * have to be written anew for each client: they are sent apart from it, and within a budget.
 */
export class Deliverer {
  readonly #config: DelivererConfig;
  readonly #budget = new Budget(REPLAY_BUDGET);
  #timer: NodeJS.Timeout | undefined;

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
    if ((interest.wanted(source) ?? Infinity) > replay.lastSeq) {
      return;
    }
    if (typeof interest.policy === 'string') {
      this.#fallBehind(interest, source);
    } else {
      this.#advance(interest, source, FRESH_BYTES); // thinned by time there is the newest frame only
    }
  }

  /** Takes a new frame for a subscription. @param nowMs monotonic time */
  take(interest: Interest, frame: PublishedFrame, nowMs: number): void {
    const { source } = frame;
    const isWaiting = interest.isHolding(source);
    if (typeof interest.policy === 'string' && !isWaiting) {
      // it is read from the replay when its turn comes
      if (interest.follows(source) && !interest.behind.has(source)) {
        this.due(interest, source);
      }
    } else if (interest.isDue(source, frame.frame, nowMs)) {
      this.#config.counters.coalesced += interest.hold(frame) ? 1 : 0;
      this.due(interest, source);
    }
  }

  /** Has what there is of a source looked at soon. */
  due(interest: Interest, source: string): void {
    interest.due.add(source);
    this.#config.onDue();
  }

  /** The client has worked on something, which may let older frames come. */
  acknowledged(interest: Interest, source: string): void {
    this.#fallBehind(interest, source);
  }

  /** There is room again: has what there is of all sources looked at soon. */
  allDue(): void {
    for (const interest of this.#config.interests) {
      interest.sources.forEach((source) => this.due(interest, source));
    }
  }

  /** Sends the newest frame of one source that is due. @returns whether there may be more */
  sendNext(): boolean {
    for (const interest of this.#config.interests) {
      for (const source of interest.due) {
        this.flush(interest, source);
        return true;
      }
    }
    return false;
  }

  /** Sends one of the older frames that are wanted. @returns whether more can be sent now */
  replayNext(): boolean {
    for (const interest of this.#config.interests) {
      for (const source of interest.behind) {
        if (this.#waits()) {
          return false;
        }
        interest.behind.delete(source);
        if (this.#replayOne(interest, source)) {
          interest.behind.add(source); // behind the others
        }
        return true;
      }
    }
    return false;
  }

  /**
   * Sends the next frame of a source, where there is room.
   * @param limit bytes that may wait with it, under `latest` and `everyMs`
   */
  flush(interest: Interest, source: string, limit: number = FRESH_BYTES): void {
    interest.due.delete(source);
    const isAll = interest.policy === 'all';
    const numWanted = this.#numWanted(interest, source);
    if (!isAll && numWanted > MAX_PENDING.latest && !interest.behind.has(source)) {
      this.#skip(interest, source);
    }
    const owed = isAll ? undefined : interest.owed(source);
    if (owed !== undefined) {
      this.#deliver(interest, owed, limit);
    } else if (interest.behind.has(source) || numWanted > MAX_PENDING.all) {
      this.#fallBehind(interest, source);
    } else if (numWanted > 0 && this.#advance(interest, source, isAll ? Infinity : limit)) {
      if (numWanted > 1) {
        this.due(interest, source);
      }
    }
  }

  /** Sends all that is due of a source before something else is told of it. */
  finish(interest: Interest, source: string): void {
    do {
      this.flush(interest, source, Infinity);
    } while (interest.due.has(source));
  }

  /** Ends the wait for the budget. Idempotent. */
  close(): void {
    clearTimeout(this.#timer);
  }

  #fallBehind(interest: Interest, source: string): void {
    interest.behind.add(source);
    this.#config.onBehind();
  }

  /** Whether the budget is used up; then it is told when it is not. */
  #waits(): boolean {
    const waitMs = this.#budget.waitMs(performance.now());
    if (waitMs > 0) {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(this.#config.onBehind, waitMs);
    }
    return waitMs > 0;
  }

  /** Frames of a source that a subscription has not had yet; thinned by time it wants none that are not held. */
  #numWanted(interest: Interest, source: string): number {
    const { lastSeq } = this.#config.hub.replayOf(source);
    const wanted = typeof interest.policy === 'string' ? interest.wanted(source) : undefined;
    return Math.max(0, lastSeq + 1 - (wanted ?? Infinity));
  }

  /** @returns whether there is more to be sent now */
  #replayOne(interest: Interest, source: string): boolean {
    const replay = this.#config.hub.replayOf(source);
    const frame = replay.at(Math.max(interest.wanted(source) ?? Infinity, replay.oldestSeq));
    this.#budget.spend(frame?.numBytes ?? 0, performance.now());
    return this.#advance(interest, source, FRESH_BYTES);
  }

  /**
   * Sends the next frame that a subscription has not had yet, as far as room and window allow.
   * @returns whether there may be another
   */
  #advance(interest: Interest, source: string, limit: number): boolean {
    const replay = this.#config.hub.replayOf(source);
    const wanted = interest.wanted(source);
    if (wanted === undefined || wanted > replay.lastSeq) {
      return false;
    }
    const frame = replay.at(Math.max(wanted, replay.oldestSeq));
    const seq = frame?.seq ?? replay.lastSeq + 1; // none is left where the source is long gone
    if (seq > wanted) {
      interest.lose(source, seq - 1);
    }
    if (this.#deliver(interest, interest.take(source, frame), limit)) {
      this.#config.counters.dropped += seq - wanted;
      return true;
    }
    if (interest.policy !== 'all') {
      this.#skip(interest, source);
    }
    return false;
  }

  /** Gives up what has no room or no time for the newest frame, which is kept. */
  #skip(interest: Interest, source: string): void {
    const replay = this.#config.hub.replayOf(source);
    const newest = replay.at(replay.lastSeq);
    if (newest !== undefined) {
      this.#config.counters.coalesced += newest.seq - (interest.wanted(source) ?? newest.seq);
      interest.lose(source, newest.seq - 1);
      interest.hold(newest);
    }
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
