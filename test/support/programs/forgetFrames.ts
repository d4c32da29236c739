/** Plays a clip without closing a frame, collects garbage, and tells the warnings: `forgetFrames.ts CLIP DECODER`. */
import { fromVideo } from '../../../operators/sources/fromVideo.ts';
import { until } from '../media/clips.ts';

/** What the program writes, as JSON. */
export interface ForgetReport {
  readonly numFrames: number;
  readonly warnings: readonly (readonly [string, string | undefined, string])[];
}

const [, , path = '', decoder = 'wasm'] = process.argv;
const warnings: [string, string | undefined, string][] = [];
process.on('warning', (warning: Error & { code?: string }) => {
  warnings.push([warning.name, warning.code, warning.message]);
});
const collect = setInterval(() => globalThis.gc?.(), 10);
let numFrames = 0;
let isOver = false;
fromVideo(path, { decoder: decoder as 'wasm' | 'native', maxOpenFrames: 2 }).subscribe({
  next: () => void (numFrames += 1),
  complete: () => (isOver = true),
});
await until(() => isOver && warnings.length >= numFrames);
clearInterval(collect);
const report: ForgetReport = { numFrames, warnings };
process.stdout.write(JSON.stringify(report));
