import type { GapMessage } from '../protocol/messages.ts';
import type { PublishedFrame } from '../hub/publishedFrame.ts';

/** What is owed to a client for one source: first the gap, then the frame. */
export interface Delivery {
  readonly source: string;
  readonly gap: GapMessage | undefined;
  readonly frame: PublishedFrame | undefined;
}

/** What one subscription knows of one source. */
export interface Track {
  /** The first `seq` that was neither sent nor announced as missing. */
  next: number;
  /** The last `seq` that is missing; nothing is owed while it is below `next`. */
  lost: number;
  /** The last `seq` that the client has acknowledged, or that it was not sent. */
  acked: number;
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

/** A source with which a subscription begins. @param next the first `seq` it is to have */
export function createTrack(next: number): Track {
  return {
    next,
    lost: next - 1,
    acked: next - 1,
    held: undefined,
    dueMs: -Infinity,
    frame: -1,
    isDue: false,
    numObjects: 0,
  };
}
