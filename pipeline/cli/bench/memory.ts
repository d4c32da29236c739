import { takeUntil, fromEvent, timer, lastValueFrom, scan, merge } from 'rxjs';
import { openDetector } from '../../../models/index.ts';
import { detect, fromVideo, track } from '../../../operators/index.ts';
import { DEMO_CLIP } from '../../run/openSource.ts';

const EARLY_MS = 10_000;

/** Resident memory of this process while the bundled clip plays over and over. */
export interface MemoryFigures {
  readonly minutes: number;
  readonly numFrames: number;
  readonly earlyMegabytes: number;
  readonly lateMegabytes: number;
}

/** Plays the bundled clip in a loop, as fast as it goes, and looks at the memory at 10 s and at the end. */
export async function measureMemory(
  minutes: number,
  note: (text: string) => void,
  interrupt: AbortSignal,
): Promise<MemoryFigures> {
  note(`memory: the clip in a loop for ${minutes} min`);
  await using detector = await openDetector();
  let earlyMegabytes = NaN;
  const early = setTimeout(() => (earlyMegabytes = residentMegabytes()), EARLY_MS);
  const end$ = merge(timer(minutes * 60_000), fromEvent(interrupt, 'abort'));
  const numFrames = await lastValueFrom(
    fromVideo(DEMO_CLIP, { loop: true }).pipe(
      detect(detector),
      track(),
      scan((count) => count + 1, 0),
      takeUntil(end$),
    ),
    { defaultValue: 0 },
  );
  clearTimeout(early);
  return { minutes, numFrames, earlyMegabytes, lateMegabytes: residentMegabytes() };
}

function residentMegabytes(): number {
  return process.memoryUsage.rss() / 2 ** 20;
}
