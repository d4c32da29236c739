import type { Features, FrameDetections, FrameInfo } from '../models/types.ts';

/** A frame whose objects are found, while there is still more to be asked of it. */
export interface SeenFrame {
  readonly info: FrameInfo;
  /** What the encoder made of it; borrowed. */
  readonly features: Features;
  /** As the model saw it, uint8 [S, S, 3]; borrowed. */
  readonly image: Uint8Array;
  /** What is known of it so far. */
  readonly result: FrameDetections;
}

/**
 * Something else to be found in a frame, after its objects: for `tasks` of `detect`.
 * @param signal aborted when nobody waits for it any more
 * @returns the result with what was found
 */
export type FrameTask = (seen: SeenFrame, signal: AbortSignal) => Promise<FrameDetections>;

/**
 * Gives a frame to one task after the other.
 * @returns the last one's result; their time is that of tokens
 */
export async function runTasks(
  tasks: readonly FrameTask[],
  seen: SeenFrame,
  signal: AbortSignal,
): Promise<FrameDetections> {
  const startedMs = performance.now();
  let { result } = seen;
  for (const task of tasks) {
    result = await task({ ...seen, result }, signal);
  }
  const tokensMs = result.timing.tokensMs + performance.now() - startedMs;
  return { ...result, timing: { ...result.timing, tokensMs } };
}
