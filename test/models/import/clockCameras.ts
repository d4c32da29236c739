/**
 * Measures what an imported model brings to several cameras on this machine, their frames one after the other and
 * side by side, in turn:
 *
 *     node --import ./test/support/typescript.mjs test/models/import/clockCameras.ts MODEL_DIR
 *
 * Each of four pictures is read to ten objects, whatever they are: the time does not depend on what is seen.
 */
import { openLocalDetector } from '../../../models/index.ts';
import type { Detector, Device } from '../../../models/index.ts';

const NUM_CAMERAS = 4;
const NUM_ROUNDS = 7;
const READ = { maxObjects: 10, noiseThreshold: 1, reuse: 'off' } as const;

const [model = '.', device = 'cpu'] = process.argv.slice(2) as [string?, Device?];

/** One frame of each camera, `batch` at a time. @returns milliseconds of encoders and decoders */
async function round(detector: Detector, batch: number): Promise<number> {
  const { size } = detector.model.image;
  const image = new Uint8Array(size * size * 3).map((_, i) => (i * 2_654_435_761) >>> 24);
  const started = performance.now();
  for (let first = 0; first < NUM_CAMERAS; first += batch) {
    await Promise.all(
      Array.from({ length: batch }, async () => {
        using features = await detector.encode(image);
        await detector.decode(features, READ);
      }),
    );
  }
  return performance.now() - started;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

const batches = [1, 2, NUM_CAMERAS];
const detectors = await Promise.all(
  batches.map((batch) => openLocalDetector({ model, device, batch })),
);
const spent = batches.map((): number[] => []);
for (let i = 0; i < NUM_ROUNDS; i++) {
  for (const [k, batch] of batches.entries()) {
    const ms = await round(detectors[k]!, batch);
    spent[k]!.push(ms);
  }
}
for (const [k, batch] of batches.entries()) {
  const perSecond = (NUM_CAMERAS * 1000) / median(spent[k]!);
  process.stdout.write(`${batch} side by side: ${perSecond.toFixed(2)} frames a second in all\n`);
}
await Promise.all(detectors.map((detector) => detector.close()));
