import { asyncScheduler } from 'rxjs';
import type { SchedulerLike } from 'rxjs';

/**
 * `asyncScheduler` with a clock that never jumps: rxjs's own reads the wall clock, which people and time servers set,
 * and what is due at a time would come an hour late, or all at once.
 */
export const monotonicScheduler: SchedulerLike = {
  now: () => performance.now(),
  schedule: asyncScheduler.schedule.bind(asyncScheduler),
};
