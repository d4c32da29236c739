/** How long a worker may be silent that is quick. */
const LEAST_SECONDS = 20;
/** And one that is not, in first frames. */
const FRAMES = 10;

/**
 * How long a worker may say nothing while it is asked something: an encoder is silent while it runs, and one of
 * 300 million parameters may run for half a minute on a small machine.
 * @param warmUpMs what its first frame took, milliseconds
 * @returns seconds
 */
export function hangTimeoutSeconds(warmUpMs: number): number {
  return Math.max(LEAST_SECONDS, (FRAMES * warmUpMs) / 1_000);
}
