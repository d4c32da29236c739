import type { FrameDetections } from '../../models/core/types.ts';

/** What one window of results amounts to; all numbers are 0 where nothing came. */
export interface Measurement {
  /** Results in the window. */
  readonly frames: number;
  /** Results for each second of the window; 0 where the window took no time. */
  readonly framesPerSecond: number;
  /** Queue, encoder and tokens of a frame together, milliseconds, nearest rank; the video decoder is not counted. */
  readonly latencyMs: { readonly p50: number; readonly p95: number };
  /** Mean of the decoder calls for each result. */
  readonly passes: number;
  /** Mean of the detections of each result. */
  readonly objects: number;
  /** Frames dropped, by cause, all results together. */
  readonly skipped: Readonly<Record<string, number>>;
}

/**
 * Turns the results of one window into its measurement.
 *
 * @param results the results of the window, in any order
 * @param elapsedMs length of the window, milliseconds, 0 or more
 * @returns rate, latency, means and losses
 *
 * **Owns:** nothing.
 */
export function summarize(results: readonly FrameDetections[], elapsedMs: number): Measurement {
  const latencies = results
    .map(({ timing }) => timing.queueMs + timing.encodeMs + timing.tokensMs)
    .sort((a, b) => a - b);
  const skipped = new Map<string, number>();
  for (const result of results) {
    for (const [cause, frames] of Object.entries(result.skipped ?? {})) {
      skipped.set(cause, (skipped.get(cause) ?? 0) + frames);
    }
  }
  return {
    frames: results.length,
    framesPerSecond: elapsedMs > 0 ? (results.length * 1_000) / elapsedMs : 0,
    latencyMs: { p50: nearestRank(latencies, 0.5), p95: nearestRank(latencies, 0.95) },
    passes: mean(results.map(({ tokens }) => tokens.passes)),
    objects: mean(results.map(({ detections }) => detections.length)),
    skipped: Object.fromEntries(skipped),
  };
}

function nearestRank(sorted: readonly number[], share: number): number {
  return sorted[Math.ceil(share * sorted.length) - 1] ?? 0;
}

function mean(numbers: readonly number[]): number {
  return numbers.length === 0 ? 0 : numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
}
