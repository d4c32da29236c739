import type { PublishedFrame } from './publishedFrame.ts';

/** Sources that are gone and remembered. */
const MAX_GONE = 1_000;

/** How much of a source is kept. */
export interface ReplayLimits {
  /** Age of the oldest frame, seconds. */
  readonly replaySeconds: number;
  /** Text of all frames together, bytes. */
  readonly maxReplayBytes: number;
}

/** Which frames of a source there are. */
export interface ReplayRange {
  /** Number of the source's last frame, 0 before the first one. */
  readonly lastSeq: number;
  /** Number of the oldest frame that is kept; one more than the last where none is. */
  readonly oldestSeq: number;
}

/**
 * The last frames of one source, which clients that were away or are slow can still have. Bounded by time
 * and bytes; the newest frame is always there. Numbers go on when the source is detached and attached again.
 */
export class Replay implements ReplayRange {
  readonly #limits: ReplayLimits;
  /** Oldest first; numbers without a hole. */
  readonly #frames: { readonly frame: PublishedFrame; readonly atMs: number }[] = [];
  #numBytes = 0;
  #lastSeq: number;

  /** @param lastSeq the number before the first one's. Default 0 */
  constructor(limits: ReplayLimits, lastSeq = 0) {
    this.#limits = limits;
    this.#lastSeq = lastSeq;
  }

  get lastSeq(): number {
    return this.#lastSeq;
  }

  get oldestSeq(): number {
    return this.#frames[0]?.frame.seq ?? this.#lastSeq + 1;
  }

  /** Takes the source's next frame; older ones go. @param nowMs monotonic time */
  add(frame: PublishedFrame, nowMs: number): void {
    this.#frames.at(-1)?.frame.settle();
    this.#frames.push({ frame, atMs: nowMs });
    this.#numBytes += frame.numBytes;
    this.#lastSeq = frame.seq;
    this.#evict(nowMs, 1);
  }

  /** The frame of a number, where it is kept. */
  at(seq: number): PublishedFrame | undefined {
    return this.#frames[seq - this.oldestSeq]?.frame;
  }

  /** Lets go of what is too old, of all of it too: for sources that are gone. */
  expire(nowMs: number): void {
    this.#evict(nowMs, 0);
  }

  #evict(nowMs: number, numKept: number): void {
    const { replaySeconds, maxReplayBytes } = this.#limits;
    const oldestMs = nowMs - replaySeconds * 1_000;
    for (let oldest = this.#frames[0]; oldest !== undefined; oldest = this.#frames[0]) {
      const isOver = oldest.atMs < oldestMs || this.#numBytes > maxReplayBytes;
      if (!isOver || this.#frames.length <= numKept) {
        return;
      }
      this.#frames.shift();
      this.#numBytes -= oldest.frame.numBytes;
    }
  }
}

/**
 * The last frames of all sources of a server. Of those that are gone as many are remembered as are likely to come
 * back; numbers are used once all the same.
 */
export class Replays {
  readonly #limits: ReplayLimits;
  readonly #byName = new Map<string, Replay>();
  /** Names of sources that are gone, in the order in which they went. */
  readonly #gone = new Set<string>();
  /** The greatest number of all sources that are forgotten: who is not known goes on from here. */
  #floor = 0;

  constructor(limits: ReplayLimits) {
    this.#limits = limits;
  }

  /** Those of a source, which may be gone or still to come. */
  of(name: string): Replay {
    const known = this.#byName.get(name) ?? new Replay(this.#limits, this.#floor);
    this.#byName.set(name, known);
    return known;
  }

  /** A source is there, and what is too old of those that are gone is let go of. */
  come(name: string): void {
    this.#gone.delete(name);
    const nowMs = performance.now();
    for (const one of this.#gone) {
      this.of(one).expire(nowMs);
    }
  }

  /** A source has gone. @returns the one that is forgotten for it, where there are too many */
  leave(name: string): string | undefined {
    this.#gone.add(name);
    const [first] = this.#gone;
    if (first === undefined || this.#gone.size <= MAX_GONE) {
      return undefined;
    }
    this.#floor = Math.max(this.#floor, this.of(first).lastSeq);
    this.#gone.delete(first);
    this.#byName.delete(first);
    return first;
  }
}
