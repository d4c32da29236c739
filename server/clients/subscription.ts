import type { FoundObject } from '../../models/index.ts';
import type { Codec } from '../protocol/codec.ts';
import type { DetectionFilter } from '../filters/detectionFilter.ts';
import { matcherOf } from '../filters/matchesGlob.ts';
import type { GapCause, GapMessage, Policy, SubscribeMessage } from '../protocol/messages.ts';
import { createFrameForm } from '../hub/publishedFrame.ts';
import type { FrameForm, PublishedFrame } from '../hub/publishedFrame.ts';
import type { ReplayRange } from '../hub/replay.ts';
import { createTrack } from './cursor.ts';
import type { Delivery, Track } from './cursor.ts';
import type { FrameSize } from '../filters/zones.ts';

/** What a subscription is made of beside the client's message. */
export interface InterestConfig {
  /** The server's. */
  readonly epoch: string;
  readonly filter: DetectionFilter;
  readonly codec: Codec;
}

/**
 * One subscription of one client: what it wants, and what it is owed. Pure bookkeeping: it sends nothing.
 * A frame is taken, then either settled (sent), held (the newest only) or lost.
 */
export class Interest {
  readonly id: string;
  readonly policy: Policy;
  readonly filter: DetectionFilter;
  /** How its frames are written. */
  readonly form: FrameForm;
  readonly wantsObjects: boolean;
  /** Frames of a source that may be unacknowledged; Infinity without a limit. */
  readonly #window: number;
  /** Sources of which something is to be sent now. */
  readonly due: Set<string> = new Set();
  /** Sources of which older frames than the newest are to be sent first. */
  readonly behind: Set<string> = new Set();
  /** Tells whether a source is among the ones asked for. */
  readonly matches: (source: string) => boolean;
  /** By source; a map, as a source may have the name of something that every object has. */
  readonly #fromSeq: ReadonlyMap<string, number>;
  readonly #wantsNewest: boolean;
  readonly #hasRestarted: boolean;
  readonly #tracks = new Map<string, Track>();

  constructor(message: SubscribeMessage, { epoch, filter, codec }: InterestConfig) {
    this.id = message.id;
    this.policy = message.policy ?? 'latest';
    this.filter = filter;
    this.form = createFrameForm(message.id, filter, codec);
    this.wantsObjects = message.objects ?? false;
    this.#window = message.window ?? Infinity;
    const { sources = ['*'], fromSeq = {} } = message;
    this.matches = matcherOf(sources);
    this.#fromSeq = new Map(Object.entries(fromSeq));
    this.#wantsNewest = message.snapshot ?? false;
    this.#hasRestarted = message.epoch !== undefined && message.epoch !== epoch;
  }

  /** The sources it has begun with. */
  get sources(): readonly string[] {
    return [...this.#tracks.keys()];
  }

  /** Tells whether it has begun with a source: the same as `matches` for those that were attached, and cheap. */
  follows(source: string): boolean {
    return this.#tracks.has(source);
  }

  /**
   * Begins with a source: with what comes next, with its newest frame, or where the client was before.
   * @returns the gap between what the client asked to resume from and what there is, where there is one
   */
  begin(source: string, { oldestSeq, lastSeq }: ReplayRange): GapMessage | undefined {
    const known = this.#tracks.get(source);
    if (known !== undefined) {
      known.frame = -1; // the source was detached and is back: `seq` went on, its frames count anew
      return undefined;
    }
    const from = this.#fromSeq.get(source);
    // A number of another epoch says nothing about this one.
    const isOther = from !== undefined && (this.#hasRestarted || from > lastSeq + 1);
    // Thinned by time there is nothing to go on with: what is old is not due.
    const oldest = typeof this.policy === 'string' ? oldestSeq : lastSeq + 1;
    const newest = this.#wantsNewest ? Math.max(lastSeq, oldestSeq) : lastSeq + 1;
    const next = from === undefined ? newest : isOther ? oldest : Math.max(from, oldest);
    this.#tracks.set(source, createTrack(next));
    if (isOther) {
      return this.#gap(source, Math.min(1, next - 1), next - 1, 'restart');
    }
    return from === undefined || Math.max(1, from) >= next
      ? undefined
      : this.#gap(source, Math.max(1, from), next - 1, 'evicted');
  }

  /** Forgets a source, whose numbers mean nothing any more. */
  forget(source: string): void {
    for (const table of [this.#tracks, this.due, this.behind]) {
      table.delete(source);
    }
  }

  /** The first `seq` of a source that is neither sent nor announced; undefined while the window is full. */
  wanted(source: string): number | undefined {
    const track = this.#tracks.get(source);
    return track === undefined || track.next - 1 - track.acked >= this.#window
      ? undefined
      : track.next;
  }

  /**
   * Takes note of what the client has worked on.
   * @returns what is wrong with it, as the rest of a sentence
   */
  acknowledge(source: string, seq: number): string | undefined {
    const track = this.#tracks.get(source);
    if (this.#window === Infinity) {
      return 'to be of a subscription with a `window`';
    }
    if (track === undefined || seq >= track.next) {
      return `of \`${source}\` to be at most ${track === undefined ? 0 : track.next - 1}, the last one sent`;
    }
    track.acked = Math.max(track.acked, seq);
    return undefined;
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
  takesObject({ source, frame, detection }: FoundObject, size: FrameSize, nowMs: number): boolean {
    const track = this.#tracks.get(source);
    const isWanted =
      this.wantsObjects &&
      this.isDue(source, frame, nowMs) &&
      this.filter.passes(source, detection, size);
    if (track === undefined || !isWanted) {
      return false;
    }
    track.numObjects += 1; // whether it is sent or not: the frame has the same first ones
    return track.numObjects <= this.filter.limit && track.held === undefined;
  }

  /** @returns what is to be sent for a frame: the frame, and before it the gap up to it */
  take(source: string, frame?: PublishedFrame): Delivery {
    return { source, gap: this.#owedGap(source), frame };
  }

  /** Notes that a delivery was sent. */
  settle({ source, frame }: Delivery): void {
    const track = this.#tracks.get(source);
    if (track !== undefined) {
      track.acked += Math.max(0, track.lost - track.next + 1); // who gets none of them acknowledges none
      track.next = Math.max(track.lost, frame?.seq ?? 0) + 1;
      track.held = undefined;
    }
  }

  /** Whether a frame is kept until there is room. */
  isHolding(source: string): boolean {
    return this.#tracks.get(source)?.held !== undefined;
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
      this.lose(older.source, older.seq);
      return true;
    }
    return false;
  }

  /** Notes that frames up to one will never be sent; it is announced by the next gap, but not under `everyMs`. */
  lose(source: string, seq: number): void {
    const track = this.#tracks.get(source);
    if (track !== undefined && typeof this.policy === 'string') {
      track.lost = seq;
    }
  }

  /** @returns what is owed for a source, where there is anything */
  owed(source: string): Delivery | undefined {
    const gap = this.#owedGap(source);
    const frame = this.#tracks.get(source)?.held;
    return gap === undefined && frame === undefined ? undefined : { source, gap, frame };
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
