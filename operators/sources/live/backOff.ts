/** The longest that anything here waits, seconds: beyond 24 days a timer would fire at once. */
export const MAX_SECONDS = 86_400;

/** The wait before a lost source is tried again. */
export interface BackOff {
  /** Shortest wait, seconds, 0 or more. Default 0.25. */
  readonly minSeconds?: number;
  /** Longest wait, seconds. Default 1.5. */
  readonly maxSeconds?: number;
}

/**
 * How long to wait before a try: a random time between the shortest wait and a bound that doubles
 * with each try. Many cameras that went down together are not asked all at once.
 * @param numTries tries since the source was last there, this one included, from 1
 * @param random in [0, 1)
 * @returns seconds
 * Source: "full jitter" in the AWS Architecture Blog, Exponential Backoff And Jitter, with a floor.
 */
export function waitSeconds(
  { minSeconds, maxSeconds }: Required<BackOff>,
  numTries: number,
  random: number = Math.random(),
): number {
  const bound = Math.min(maxSeconds, minSeconds * 2 ** Math.min(numTries, 30));
  return minSeconds + (bound - minSeconds) * random;
}
