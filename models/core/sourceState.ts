/** All of `SourceState`. */
export const SOURCE_STATES = ['connecting', 'online', 'stalled', 'offline', 'ended'] as const;
/**
 * How a source is doing: `connecting` until its first frame; `online`, frames come; `stalled`, connected and silent;
 * `offline`, lost, and tried again; `ended`, no more frames will come.
 */
export type SourceState = (typeof SOURCE_STATES)[number];
