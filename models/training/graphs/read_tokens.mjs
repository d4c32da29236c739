/**
 * Reads pictures by the package itself, for `parity.py`:
 *
 *     node read_tokens.mjs MODEL COUNT CANVAS...
 *
 * MODEL is a model folder, COUNT the objects read of each picture whatever the model's stop rules say, and
 * each CANVAS a file of bare bytes, uint8 [S, S, 3]. Prints a line of JSON for each: `[...]`, its tokens,
 * five an object. The package must be built (`npm run build`).
 */
import { readFile } from 'node:fs/promises';
import { openLocalDetector } from 'pix2seq-stream/models';

const [model, count, ...canvases] = process.argv.slice(2);
const detector = await openLocalDetector({ model, device: 'cpu', threads: 1 });
// nothing ends the sequence but its length
const options = { maxObjects: Number(count), eosOffset: 1e6, noiseThreshold: 1, reuse: 'off' };
for (const canvas of canvases) {
  const features = await detector.encode(new Uint8Array(await readFile(canvas)));
  const { tokens } = await detector.decode(features, options);
  features.close();
  process.stdout.write(`${JSON.stringify([...tokens])}\n`);
}
await detector.close();
