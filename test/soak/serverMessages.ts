/** What the soak and its server process say to each other. */
import type { FrameCounts, ServerStats } from '../../server/index.ts';

/** What the server process is started with, as JSON. */
export interface ServerStart {
  readonly sources: readonly { readonly name: string; readonly source: string }[];
}

/** What the server process knows of itself. */
export interface ServerFigures {
  readonly rssBytes: number;
  readonly heapBytes: number;
  /** Timers, sockets, pipes and the like that keep a process alive, by kind. */
  readonly resources: Readonly<Record<string, number>>;
  /** Of its event loop since the last time it was asked, milliseconds. */
  readonly loopDelayMs: { readonly p99: number; readonly max: number };
  /** Of all sources there were, the removed ones included. */
  readonly counts: FrameCounts;
  /** Sources whose frames are not the sum of what became of them. */
  readonly uneven: readonly string[];
  readonly stats: ServerStats;
}

/** Asks for figures, or for the last ones, after which the process ends. */
export type ServerRequest = 'figures' | 'close';

/** What the server process says: once that it is there, then an answer to each request. */
export type ServerReply =
  | { readonly say: 'ready'; readonly url: string }
  | { readonly say: 'figures'; readonly figures: ServerFigures };

/** Counts of nothing. */
export const NO_COUNTS: FrameCounts = {
  frames: 0,
  delivered: 0,
  dropped: {},
  errors: 0,
  inFlight: 0,
};

/** Two accounts as one. */
export function addCounts(a: FrameCounts, b: FrameCounts): FrameCounts {
  const dropped = { ...a.dropped };
  for (const [cause, count] of Object.entries(b.dropped)) {
    dropped[cause] = (dropped[cause] ?? 0) + count;
  }
  return {
    frames: a.frames + b.frames,
    delivered: a.delivered + b.delivered,
    dropped,
    errors: a.errors + b.errors,
    inFlight: a.inFlight + b.inFlight,
  };
}

/** Whether the frames are the sum of what became of them. */
export function isEven({ frames, delivered, dropped, errors, inFlight }: FrameCounts): boolean {
  const numDropped = Object.values(dropped).reduce((sum, count) => sum + count, 0);
  return frames === delivered + numDropped + errors + inFlight;
}
