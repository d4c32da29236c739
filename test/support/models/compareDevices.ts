/**
 * Reads one picture on two devices and prints, as one line of JSON, how far they are apart. A
 * program of its own: the Vulkan driver is chosen by the environment that a process starts with.
 */
import { openLocalDetector } from '../../../models/index.ts';
import type { Detector } from '../../../models/index.ts';
import { letterboxed } from './bundled.ts';

/** What this program prints. */
export interface Comparison {
  readonly device: string;
  /** By name: largest difference divided by the largest number of the CPU's. */
  readonly features: Readonly<Record<string, number>>;
  readonly tokens: readonly number[];
  readonly tokensOnCpu: readonly number[];
}

type Read = Record<string, Float32Array>;

async function look(detector: Detector): Promise<{ read: Read; tokens: number[] }> {
  using features = await detector.encode(await letterboxed('campus'));
  const { tokens } = await detector.decode(features, { maxObjects: 2 });
  const read = Object.entries(await features.read()).map(
    ([name, { data }]) => [name, data as Float32Array] as const,
  );
  return { read: Object.fromEntries(read), tokens: [...tokens] };
}

function apart(found: Float32Array, expected: Float32Array): number {
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const worst = expected.reduce((most, value, i) => Math.max(most, Math.abs(value - found[i]!)), 0);
  return worst / largest;
}

await using cpu = await openLocalDetector({ device: 'cpu' });
await using gpu = await openLocalDetector({ device: 'webgpu' });
const expected = await look(cpu);
const found = await look(gpu);
const comparison: Comparison = {
  device: gpu.device,
  features: Object.fromEntries(
    Object.entries(expected.read).map(([name, data]) => [name, apart(found.read[name]!, data)]),
  ),
  tokens: found.tokens,
  tokensOnCpu: expected.tokens,
};
process.stdout.write(`${JSON.stringify(comparison)}\n`);
