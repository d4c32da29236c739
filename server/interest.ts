import type { FoundObject } from '../models/index.ts';
import { createDetectionFilter } from './detectionFilter.ts';
import type { DetectionFilter } from './detectionFilter.ts';
import { matchesGlob } from './matchesGlob.ts';
import type { GapCause, GapMessage, Policy, SubscribeMessage } from './messages.ts';
import type { PublishedFrame } from './publishedFrame.ts';

/** What one subscription knows of one source. */
interface Track {
  /** The first `seq` that was neither sent nor announced as missing. */
  next: number;
  /** The last `seq` that is missing; nothing is owed while it is below `next`. */
  lost: number;
  /** The newest frame, kept while the client is busy. */
  held: PublishedFrame | undefined;
  /** Time from which the next frame is due under `everyMs`, ms. */
  dueMs: number;
  /** The frame last asked about, and the answer, which is the same for its objects; -1 before the first one. */
  frame: number;
  isDue: boolean;
  /** Objects of that frame so far that pass the filter. */
  numObjects: number;
}

/** What is owed to a client for one source: first the gap, then the frame. */
export interface Delivery {
  readonly source: string;
  readonly gap: GapMessage | undefined;
  readonly frame: PublishedFrame | undefined;
}

/**
 * One subscription of one client: what it wants, and what it is owed. Pure bookkeeping: it sends nothing.
 * A frame is taken, then either settled (sent), held (the newest only) or lost.
 */
export class Interest {
  readonly id: string;
  readonly policy: Policy;
  readonly filter: DetectionFilter;
  readonly wantsObjects: boolean;
  readonly #sources: readonly string[];
  readonly #fromSeq: ReadonlyMap<string, number>;
  readonly #hasRestarted: boolean;
  readonly #tracks = new Map<string, Track>();

  /** @param epoch the server's */
  constructor(message: SubscribeMessage, epoch: string) {
    this.id = message.id;
    this.policy = message.policy ?? 'latest';
    this.filter = createDetectionFilter(message);
    this.wantsObjects = message.objects ?? false;
    this.#sources = message.sources ?? ['*'];
    this.#fromSeq = new Map(Object.entries(message.fromSeq ?? {}));
    this.#hasRestarted = message.epoch !== undefined && message.epoch !== epoch;
  }

  /** Tells whether a source is among the ones asked for. */
  matches(source: string): boolean {
    return this.#sources.some((pattern) => matchesGlob(pattern, source));
  }

  /** Tells whether it has begun with a source: the same as `matches` for those that were attached, and cheap. */
  follows(source: string): boolean {
    return this.#tracks.has(source);
  }

  /**
   * Begins with a source.
   * @param seq number of the source's last message, 0 where it has sent none
   * @returns the gap between what the client asked to resume from and now, where there is one
   */
  begin(source: string, seq: number): GapMessage | undefined {
    const known = this.#tracks.get(source);
    if (known !== undefined) {
      known.frame = -1; // the source was detached and is back: `seq` went on, its frames count anew
      return undefined;
    }
    this.#tracks.set(source, {
      next: seq + 1,
      lost: seq,
      held: undefined,
      dueMs: -Infinity,
      frame: -1,
      isDue: false,
      numObjects: 0,
    });
    const from = this.#fromSeq.get(source);
    if (from === undefined) {
      return undefined;
    }
    if (this.#hasRestarted || from > seq + 1) {
      return this.#gap(source, Math.min(1, seq), seq, 'restart'); // that number is of another epoch
    }
    return from > seq ? undefined : this.#gap(source, from, seq, 'evicted');
  }

  /**
   * Tells whether the client's `everyMs` lets a frame through; the same for its objects as for itself.
   * @param nowMs monotonic time
   */
  isDue(source: string, frame: number, nowMs: number): boolean {
    const track = this.#tracks.get(source);
    if (track === undefined) {
      return false;
    }
    if (track.frame !== frame) {
      track.frame = frame;
      track.numObjects = 0;
      track.isDue = this.#becomesDue(track, nowMs);
    }
    return track.isDue;
  }

  /**
   * Tells whether an object is among the first `limit` of its frame that pass the filter, and nothing
   * older of its source waits. To be asked once for each object, in their order.
   */
  takesObject({ source, frame, detection }: FoundObject, nowMs: number): boolean {
    const track = this.#tracks.get(source);
    const isWanted =
      this.wantsObjects && this.isDue(source, frame, nowMs) && this.filter.passes(detection);
    if (track === undefined || !isWanted) {
      return false;
    }
    track.numObjects += 1; // whether it is sent or not: the frame has the same first ones
    return track.numObjects <= this.filter.limit && track.held === undefined;
  }

  /** @returns what is to be sent for this frame: the frame, and before it the gap up to it */
  take(frame: PublishedFrame): Delivery {
    return { source: frame.source, gap: this.#owedGap(frame.source), frame };
  }

  /** Notes that a delivery was sent. */
  settle({ source, frame }: Delivery): void {
    const track = this.#tracks.get(source);
    if (track !== undefined) {
      track.next = Math.max(track.lost, frame?.seq ?? 0) + 1;
      track.held = undefined;
    }
  }

  /**
   * Keeps a frame until there is room, instead of the one kept so far.
   * @returns whether an older frame was given up for it
   */
  hold(frame: PublishedFrame): boolean {
    const track = this.#tracks.get(frame.source);
    const older = track?.held;
    if (track !== undefined) {
      track.held = frame;
    }
    if (older !== undefined && older !== frame) {
      this.lose(older);
      return true;
    }
    return false;
  }

  /** Notes that a frame will never be sent; it is announced by the next gap, but not under `everyMs`. */
  lose(frame: PublishedFrame): void {
    const track = this.#tracks.get(frame.source);
    if (track !== undefined && typeof this.policy === 'string') {
      track.lost = frame.seq;
    }
  }

  /** @returns everything owed, or what is owed for one source */
  owed(only?: string): readonly Delivery[] {
    return [...this.#tracks]
      .filter(([source]) => only === undefined || source === only)
      .map(([source, { held }]) => ({ source, gap: this.#owedGap(source), frame: held }))
      .filter(({ gap, frame }) => gap !== undefined || frame !== undefined);
  }

  #becomesDue(track: Track, nowMs: number): boolean {
    if (typeof this.policy === 'string') {
      return true;
    }
    const { everyMs } = this.policy;
    const lateMs = nowMs - track.dueMs;
    if (lateMs >= 0) {
      track.dueMs = (lateMs > everyMs ? nowMs : track.dueMs) + everyMs; // keeps the mean rate through jitter
    }
    return lateMs >= 0;
  }

  #owedGap(source: string): GapMessage | undefined {
    const track = this.#tracks.get(source);
    return track === undefined || track.lost < track.next
      ? undefined
      : this.#gap(source, track.next, track.lost, 'slow');
  }

  #gap(source: string, from: number, to: number, cause: GapCause): GapMessage {
    return { v: 1, type: 'gap', id: this.id, source, from, to, cause };
  }
}
