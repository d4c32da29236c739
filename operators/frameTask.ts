import { filter, interval } from 'rxjs';
import type {
  Demand,
  Detection,
  Features,
  FrameDetections,
  FrameInfo,
  StopReason,
} from '../models/types.ts';

/** How often it is asked whether everybody has left while a task is at work, milliseconds. */
const LOOK_MS = 200;

/** A frame whose objects are found, while there is still more to be asked of it. */
export interface SeenFrame {
  readonly info: FrameInfo;
  /** What the encoder made of it; borrowed. */
  readonly features: Features;
  /** As the model saw it, uint8 [S, S, 3]; borrowed. */
  readonly image: Uint8Array;
  /** What is known of it so far. */
  readonly result: FrameDetections;
  /** Whether somebody wants to know of an object, see `demand` of `detect`; false for all once everybody has left. */
  readonly isWanted: (detection: Detection) => boolean;
}

/**
 * Something else to be found in a frame, after its objects: for `tasks` of `detect`.
 * @param signal aborted soon after nobody waits for it any more, and when the frame's time is spent; what it returns
 * then is not used
 * @returns the result with what was found
 */
export type FrameTask = (seen: SeenFrame, signal: AbortSignal) => Promise<FrameDetections>;

/** When tasks end before they are done. */
export interface TaskLimits {
  /** Aborted when nobody waits for them any more. */
  readonly signal: AbortSignal;
  /** Time for all tokens of the frame, milliseconds; 0 for no limit. */
  readonly budgetMs: number;
  /** What is wanted of the frame. */
  readonly wishes: readonly Demand[] | undefined;
  /** Whether everybody has left meanwhile; asked now and then. What it throws, the tasks do. */
  readonly isIdle: () => boolean;
}

/**
 * Gives a frame to one task after the other.
 * @returns the last one's result; their time is that of tokens. Where they end early, what the finished ones
 * found, and that it is not all
 */
export async function runTasks(
  tasks: readonly FrameTask[],
  frame: Omit<SeenFrame, 'isWanted'>,
  { signal, budgetMs, wishes, isIdle }: TaskLimits,
): Promise<FrameDetections> {
  if (tasks.length === 0) {
    return frame.result;
  }
  const startedMs = performance.now();
  let { result } = frame;
  const { tokensMs } = result.timing;
  const spent = budgetMs > 0 ? timer(budgetMs - tokensMs) : undefined;
  const left = new AbortController();
  const ended = AbortSignal.any([signal, left.signal, ...(spent ? [spent] : [])]);
  const isWanted = (detection: Detection): boolean => !isIdle() && isAskedFor(detection, wishes);
  const isLeft = (): boolean => isIdle() || left.signal.aborted || signal.aborted;
  /** Why they end here. */
  const reason = (): StopReason | undefined =>
    isLeft() ? 'abort' : spent?.aborted ? 'budget' : undefined;
  const leave = (): void => left.abort();
  const watching = interval(LOOK_MS).pipe(filter(isIdle)).subscribe({ next: leave, error: leave }); // `isLeft` meets the error again
  let stop: StopReason | undefined;
  try {
    stop = reason();
    for (const task of tasks) {
      if (stop === undefined) {
        const found = await task({ ...frame, result, isWanted }, ended);
        stop = reason();
        result = stop === undefined ? found : result; // half a task is none
      }
    }
  } finally {
    watching.unsubscribe();
  }
  const timing = { ...result.timing, tokensMs: tokensMs + performance.now() - startedMs };
  return { ...result, ...(stop && { final: false, stop }), timing };
}

/** Aborted after so many milliseconds; at once where there are none. */
function timer(ms: number): AbortSignal {
  return ms > 0 ? AbortSignal.timeout(Math.ceil(ms)) : AbortSignal.abort();
}

function isAskedFor({ label, score }: Detection, wishes: readonly Demand[] | undefined): boolean {
  return (
    wishes?.some(
      ({ classes, minScore = 0 }) => score >= minScore && (classes?.includes(label) ?? true),
    ) ?? true
  );
}
