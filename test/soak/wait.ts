import { setTimeout as delay } from 'node:timers/promises';

/** Waits, or until the run is over. @returns whether it goes on */
export async function wait(ms: number, over: AbortSignal): Promise<boolean> {
  try {
    await delay(ms, undefined, { signal: over });
  } catch {
    // over: the caller is told so
  }
  return !over.aborted;
}
