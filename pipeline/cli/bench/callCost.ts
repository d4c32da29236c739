import { bundledEncoder } from '../../../models/index.ts';
import type { ReuseFigures } from './reuse.ts';
import { percentile } from './numbers.ts';

/** Numbers copied to find out how fast memory is: far more than the caches hold. */
const NUM_COPIED = 2 ** 24;
const NUM_COPIES = 9;

/** What a decoder call of one token takes, and what it cannot go below. */
export interface CallCost {
  /** Median, of reading from nothing. */
  readonly callMs: number;
  /** What each call reads, the decoder's weights and the frame's memory, over the speed of main memory. */
  readonly leastMs: number;
  readonly gigabytesPerSecond: number;
}

/** Holds the measured call against the time that what it reads takes from main memory. */
export async function callCost(off: ReuseFigures): Promise<CallCost> {
  const encoder = await bundledEncoder();
  await encoder.release();
  const bytesPerMs = measureMemorySpeed();
  return {
    callMs: off.tokensMs / off.calls,
    leastMs: encoder.callBytes / bytesPerMs,
    gigabytesPerSecond: bytesPerMs / 1e6,
  };
}

/** Copies a large array; a byte is read once and written once. @returns bytes a millisecond */
function measureMemorySpeed(): number {
  const from = new Float32Array(NUM_COPIED).fill(1);
  const to = new Float32Array(NUM_COPIED);
  const times = Array.from({ length: NUM_COPIES }, () => {
    const started = performance.now();
    to.set(from);
    return performance.now() - started;
  });
  return (2 * from.byteLength) / percentile(times, 0.5);
}
