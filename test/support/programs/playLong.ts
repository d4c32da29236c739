/** Plays 3,000 frames of a looped clip and tells the memory in between: `playLong.ts CLIP`. */
import { take } from 'rxjs';
import { fromVideo } from '../../../operators/sources/fromVideo.ts';
import { watch } from '../media/clips.ts';

/** What the program writes, as JSON. */
export interface MemoryReport {
  readonly numFrames: number;
  /** Resident memory after every 500 frames, MB. */
  readonly rssMb: readonly number[];
}

const rssMb: number[] = [];
const frames = fromVideo(process.argv[2] ?? '', { decoder: 'wasm', loop: true, display: 160 });
const { values } = await watch(frames.pipe(take(3_000)), ({ index }) => {
  if (index % 500 === 499) {
    rssMb.push(process.memoryUsage.rss() / 2 ** 20);
  }
});
const report: MemoryReport = { numFrames: values.length, rssMb };
process.stdout.write(JSON.stringify(report));
