/** All of `StopReason`. */
export const STOP_REASONS = ['eos', 'noise', 'maxObjects', 'budget', 'filter', 'abort'] as const;
/** Why the reading-out of a frame ended. */
export type StopReason = (typeof STOP_REASONS)[number];
