import { NEVER, filter, fromEvent, interval, merge, of, timer } from 'rxjs';
import type { Subscription } from 'rxjs';
import type {
  Detection,
  Features,
  FrameDetections,
  FrameInfo,
  StopReason,
} from '../../../models/core/types.ts';
import { MAX_TIMER_MS } from '../../../models/core/timers.ts';

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
  /** Whether somebody asks for an object. */
  readonly isAsked: (detection: Detection) => boolean;
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
  limits: TaskLimits,
): Promise<FrameDetections> {
  if (tasks.length === 0) {
    return frame.result;
  }
  const startedMs = performance.now();
  let { result } = frame;
  const { tokensMs } = result.timing;
  const end = new TaskEnd(limits, tokensMs);
  const isWanted = (detection: Detection): boolean => !limits.isIdle() && limits.isAsked(detection);
  try {
    for (const task of tasks) {
      if (end.reason === undefined) {
        const found = await task({ ...frame, result, isWanted }, end.signal);
        result = end.reason === undefined ? found : result; // half a task is none
      }
    }
    const stop = end.reason;
    const timing = { ...result.timing, tokensMs: tokensMs + performance.now() - startedMs };
    return { ...result, ...(stop && { final: false, stop }), timing };
  } finally {
    end.unwatch();
  }
}

/** Watches for why the tasks of one frame end early. */
class TaskEnd {
  readonly #limits: TaskLimits;
  // one of its own, not `AbortSignal.any`: that is never forgotten where a task leaves a listener on it
  readonly #abort = new AbortController();
  readonly #watching: Subscription;
  #isSpent = false;
  #hasLeft = false;

  /** @param spentMs of the frame's time */
  constructor(limits: TaskLimits, spentMs: number) {
    this.#limits = limits;
    const { signal, budgetMs, isIdle } = limits;
    const gone$ = signal.aborted ? of(true) : fromEvent(signal, 'abort');
    const idle$ = interval(LOOK_MS).pipe(filter(isIdle));
    const spent$ = budgetMs > 0 ? timer(Math.min(MAX_TIMER_MS, budgetMs - spentMs)) : NEVER;
    const leave = (): void => {
      this.#hasLeft = true;
      this.#abort.abort();
    };
    this.#isSpent = budgetMs > 0 && budgetMs <= spentMs;
    this.#watching = merge(gone$, idle$).subscribe({ next: leave, error: leave }); // `reason` meets the error again
    this.#watching.add(
      spent$.subscribe(() => {
        this.#isSpent = true;
        this.#abort.abort();
      }),
    );
  }

  /** For the tasks. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Why they end here. @throws what `isIdle` throws */
  get reason(): StopReason | undefined {
    const { isIdle, signal } = this.#limits;
    if (isIdle() || this.#hasLeft || signal.aborted) {
      return 'abort';
    }
    return this.#isSpent ? 'budget' : undefined;
  }

  unwatch(): void {
    this.#watching.unsubscribe();
  }
}
