/** The door to cli-progress: a bar on standard error. */
import { Presets, SingleBar } from 'cli-progress';

/** A bar that counts frames. */
export interface Progress {
  /** @param numFrames frames to come, where known */
  start(numFrames: number | undefined): void;
  /** Counts one frame. */
  tick(): void;
  stop(): void;
}

/**
 * Makes a progress bar with frames, frames a second and the time left; where standard error is no
 * terminal, a line every few seconds instead.
 * @param label what is being worked on
 */
export function createProgress(label: string): Progress {
  const bar = new SingleBar(
    {
      format: `${label} {bar} {value}/{total} frames | {fps} frames/s | ETA {eta_formatted}`,
      stream: process.stderr,
      hideCursor: true,
      clearOnComplete: true,
      noTTYOutput: true,
      notTTYSchedule: 5_000,
      etaBuffer: 100,
    },
    Presets.shades_classic,
  );
  let done = 0;
  let total: number | undefined;
  let startedMs = 0;
  return {
    start(numFrames) {
      total = numFrames;
      startedMs = performance.now();
      bar.start(numFrames ?? 0, 0, { fps: '-' });
    },
    tick() {
      done += 1;
      if (total === undefined || done > total) {
        bar.setTotal(done); // streams do not say how long they are, and some files are wrong about it
      }
      const fps = (done / ((performance.now() - startedMs) / 1000)).toFixed(1);
      bar.update(done, { fps });
    },
    stop() {
      bar.stop();
    },
  };
}
