import { execFileSync } from 'node:child_process';
import type { Subscription } from 'rxjs';
import type { Frame } from '../../../models/core/types.ts';
import { fromLive } from '../../../operators/sources/fromLive.ts';
import type { FromLiveConfig } from '../../../operators/sources/sourceOptions.ts';
import type { LiveSource } from '../../../operators/sources/live/liveSource.ts';

/** What is kept of a live frame. */
export type LiveSeen = Pick<Frame, 'source' | 'index' | 'pts' | 'width' | 'height'>;

/** A live source under watch. */
export interface LiveWatch {
  readonly frames: LiveSeen[];
  /** `state: reason`, in order. */
  readonly states: string[];
  readonly drops: string[];
  error: (Error & { code?: string }) | undefined;
  isComplete: boolean;
  readonly subscription: Subscription;
}

/** Small pictures and short waits between tries: what a test can afford. */
export const QUICK: FromLiveConfig = {
  image: { size: 64, pad: 114 },
  stallSeconds: 10, // a busy machine is no silent camera
  retryDelay: { minSeconds: 0.05, maxSeconds: 0.3 },
};

/**
 * Plays a live source and closes each frame at once.
 * @param take told of each open frame before; closes it itself where it returns true
 */
export function watchLiveSource(
  input: string | LiveSource,
  config: FromLiveConfig = {},
  take: (frame: Frame) => boolean = () => false,
): LiveWatch {
  const frames: LiveSeen[] = [];
  const states: string[] = [];
  const drops: string[] = [];
  const watch: Omit<LiveWatch, 'subscription'> = {
    ...{ frames, states, drops, error: undefined, isComplete: false },
  };
  const live$ = fromLive(input, {
    ...QUICK,
    ...config,
    onState: (state, reason) => states.push(`${state}: ${reason}`),
    onDropped: (cause) => drops.push(cause),
  });
  const subscription = live$.subscribe({
    next(frame) {
      const { source, index, pts, width, height } = frame;
      frames.push({ source, index, pts, width, height });
      if (!take(frame)) {
        frame.close();
      }
    },
    error: (error: Error) => (watch.error = error),
    complete: () => (watch.isComplete = true),
  });
  return Object.assign(watch, { subscription });
}

/** Whether a source has come to a state. */
export function isIn({ states }: LiveWatch, state: string): boolean {
  return states.at(-1)?.startsWith(`${state}: `) === true;
}

/** How often a source has come to a state. */
export function numTimes({ states }: LiveWatch, state: string): number {
  return states.filter((text) => text.startsWith(`${state}: `)).length;
}

/** Pairs of neighbours of which the later one is not greater. */
export function stepsBack(values: readonly number[]): number[] {
  return values.filter((value, i) => i > 0 && value <= (values[i - 1] ?? -Infinity));
}

/** Numbers of the FFmpeg processes that have a word among their arguments; needs `ps`. */
export function decodersOf(word: string): number[] {
  const table = execFileSync('ps', ['-A', '-o', 'pid=,stat=,args='], { encoding: 'utf8' });
  return table
    .split('\n')
    .filter((line) => /^\s*\d+\s+[^Z]\S*\s+\S*ffmpeg\s/.test(line) && line.includes(word))
    .map((line) => parseInt(line, 10));
}
