/** The longest that a timer waits, milliseconds, 24 days; it would fire at once beyond. */
export const MAX_TIMER_MS: number = 2 ** 31 - 1;
