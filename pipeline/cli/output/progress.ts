/** The door to cli-progress: a bar on standard error. */
import { isatty } from 'node:tty';
import { Presets, SingleBar } from 'cli-progress';
import { printable } from './printable.ts';

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
  const bar = createBar(
    `${printable(label)} {bar} {value}/{total} frames | {fps} frames/s | ETA {eta_formatted}`,
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

/** Whether results go to the terminal that would show a bar, into which their lines would be cut. @param out as of `--out` */
export function isCutInto(out: string): boolean {
  return out === '-' && isatty(1) && isatty(2);
}

/** A bar of work that knows how far it is. */
export interface WorkProgress {
  /**
   * Tells how far the work is, and begins the bar.
   * @param what is worked on now
   */
  update(done: number, total: number, what: string): void;
  stop(): void;
}

/**
 * Makes a progress bar of shares of a whole with the time left; where standard error is no terminal, a
 * line every few seconds instead.
 * @param label what is being done
 */
export function createWorkProgress(label: string): WorkProgress {
  const bar = createBar(`${printable(label)} {bar} {percentage} % | ETA {eta_formatted} | {what}`);
  return {
    update(done, total, what) {
      if (!bar.isActive) {
        bar.start(total, 0, { what: printable(what) });
      }
      bar.setTotal(total);
      bar.update(done, { what: printable(what) });
    },
    stop() {
      bar.stop();
    },
  };
}

function createBar(format: string): SingleBar {
  return new SingleBar(
    {
      format,
      stream: process.stderr,
      hideCursor: true,
      clearOnComplete: true,
      noTTYOutput: true,
      notTTYSchedule: 5_000,
      etaBuffer: 100,
    },
    Presets.shades_classic,
  );
}
