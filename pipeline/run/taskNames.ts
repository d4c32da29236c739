/** What `--task` knows: an object's box, its outline, its keypoints, a sentence on the frame. */
export const TASKS = ['detect', 'segment', 'pose', 'caption'] as const;
/** One of `TASKS`. */
export type TaskName = (typeof TASKS)[number];
