import type { FrameMessage, GapMessage } from './protocol.ts';

/** Model time of one frame, milliseconds. */
export interface FrameCost {
  readonly encodeMs: number;
  readonly tokensMs: number;
}

/** The numbers of one source as the page shows them. */
export interface Summary {
  /** The frame on the screen. */
  readonly frame: FrameMessage;
  /** Frames drawn per second over the last 2 s. */
  readonly framesPerSecond: number;
  /** From capture to drawing, median of the last 30; negative where the two clocks differ. */
  readonly latencyMs: number;
  /** Decoder calls per frame since the page was opened. */
  readonly meanPasses: number;
  /** Frames dropped since the page was opened, by cause, most frequent first; not those nobody asked for. */
  readonly skipped: readonly (readonly [cause: string, count: number])[];
  /** Oldest first. */
  readonly costs: readonly FrameCost[];
}

/** Counts and measures one source. */
export interface SourceStatistics {
  /** Takes in a frame that has arrived. */
  receive(frame: FrameMessage): void;
  /** Counts messages that were lost on the way to this page. */
  miss(gap: GapMessage): void;
  /** Takes in a frame that has been drawn. @param nowMs wall clock */
  show(frame: FrameMessage, nowMs: number): void;
  /** @returns undefined until a frame was drawn */
  summarize(nowMs: number): Summary | undefined;
}

/** Frames whose model time is remembered. */
export const MAX_COSTS = 120;
const RATE_WINDOW_MS = 2000;
const MAX_LATENCIES = 30;

/** Starts counting from zero. */
export function createStatistics(): SourceStatistics {
  const skipped = new Map<string, number>();
  const costs: FrameCost[] = [];
  const latencies: number[] = [];
  let drawnAtMs: number[] = [];
  let firstDrawnMs: number | undefined;
  let numFrames = 0;
  let numPasses = 0;
  let last: FrameMessage | undefined;

  function count(cause: string, increment: number): void {
    skipped.set(cause, (skipped.get(cause) ?? 0) + increment);
  }

  return {
    receive({ tokens, timing, skipped: causes }) {
      numFrames++;
      numPasses += tokens.passes;
      for (const [cause, increment] of Object.entries(causes ?? {})) {
        if (cause !== 'idle') {
          count(cause, increment); // idle: before this page asked for any
        }
      }
      push(costs, { encodeMs: timing.encodeMs, tokensMs: timing.tokensMs }, MAX_COSTS);
    },
    miss({ from, to, cause }) {
      count(cause, to - from + 1);
    },
    show(frame, nowMs) {
      last = frame;
      firstDrawnMs ??= nowMs;
      drawnAtMs.push(nowMs);
      push(latencies, nowMs - frame.capturedAt, MAX_LATENCIES);
    },
    summarize(nowMs) {
      if (last === undefined || firstDrawnMs === undefined) {
        return undefined;
      }
      drawnAtMs = drawnAtMs.filter((drawnMs) => nowMs - drawnMs < RATE_WINDOW_MS);
      // A page just opened has not watched for the whole window yet.
      const windowMs = Math.max(500, Math.min(RATE_WINDOW_MS, nowMs - firstDrawnMs));
      return {
        frame: last,
        framesPerSecond: (1000 * drawnAtMs.length) / windowMs,
        latencyMs: median(latencies),
        meanPasses: numPasses / numFrames,
        skipped: [...skipped].sort(([, a], [, b]) => b - a),
        costs,
      };
    },
  };
}

function push<T>(values: T[], value: T, limit: number): void {
  values.push(value);
  if (values.length > limit) {
    values.shift();
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? NaN) + (sorted[Math.floor(middle)] ?? NaN)) / 2;
}
