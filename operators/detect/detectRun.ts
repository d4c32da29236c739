import { EMPTY, catchError, map, of, tap } from 'rxjs';
import type { Observable } from 'rxjs';
import { PipelineError } from '../../models/index.ts';
import type { Demand, Frame, FrameDetections } from '../../models/core/types.ts';
import { withFrame } from '../flow/withFrame.ts';
import { abortable } from './decode.ts';
import { DraftKeeper } from './draftKeeper.ts';
import { Losses } from './losses.ts';
import type { DropCause } from './losses.ts';
import { MotionFilter } from './motionFilter.ts';
import type { MotionConfig } from './detectOptions.ts';
import { readDetections } from './readDetections.ts';
import type { ReadingConfig } from './readDetections.ts';
import type { Wishes } from './wishes.ts';

/** What all runs of one `detect` share. */
export interface DetectRunConfig extends ReadingConfig {
  readonly motion: MotionConfig | undefined;
  /** Sums up what is wanted, see `createWishes`. */
  readonly sumUp: (wishes: readonly Demand[]) => Wishes;
  readonly onDropped: ((frame: Frame, cause: DropCause) => void) | undefined;
  readonly onFault: ((error: PipelineError, frame: Frame) => void) | undefined;
}

/** One subscription of `detect`: what it knows from frame to frame, and the way of each frame. */
export class DetectRun {
  readonly #config: DetectRunConfig;
  readonly #losses = new Losses();
  readonly #drafts: DraftKeeper;
  readonly #motion: MotionFilter | undefined;

  constructor(config: DetectRunConfig) {
    this.#config = config;
    this.#drafts = new DraftKeeper(config.decoding);
    this.#motion = config.motion && new MotionFilter(config.motion);
  }

  /** Whether somebody wants something of a frame; otherwise it is dropped. */
  admit(frame: Frame): boolean {
    return this.#wishesFor(frame)?.length !== 0;
  }

  /** Reads a frame, or repeats the last result where the scene is still. Never more than one at a time. */
  read(frame: Frame): Observable<FrameDetections> {
    const wishes = this.#wishesFor(frame); // again: while it waited everybody may have left
    if (wishes?.length === 0) {
      return EMPTY;
    }
    const asked = wishes && this.#config.sumUp(wishes);
    const compared = this.#motion?.compare(frame, asked);
    const result$ =
      compared?.repeated === undefined
        ? this.#readAnew(frame, asked).pipe(tap((result) => compared?.keep(result)))
        : this.#repeat(frame, compared.repeated);
    return result$.pipe(
      map((result) => this.#losses.addTo(result)),
      catchError((error: unknown) => this.#recover(error, frame)),
    );
  }

  /** Closes a frame unread. */
  drop(frame: Frame, cause: DropCause): void {
    this.#losses.count(cause);
    frame.close();
    this.#config.onDropped?.(frame, cause);
  }

  #wishesFor(frame: Frame): readonly Demand[] | undefined {
    let wishes: readonly Demand[] | undefined;
    try {
      wishes = this.#config.demand?.();
    } catch (thrown) {
      frame.close();
      throw thrown;
    }
    if (wishes?.length === 0) {
      this.#drafts.forget();
      this.drop(frame, 'idle');
    }
    return wishes;
  }

  #readAnew(frame: Frame, asked: Wishes | undefined): Observable<FrameDetections> {
    return abortable((signal) => {
      const draft = this.#drafts.open(frame);
      return readDetections(frame, { asked, draft, signal }, this.#config);
    });
  }

  #repeat(frame: Frame, result: FrameDetections): Observable<FrameDetections> {
    return withFrame(frame, () => {
      this.#config.onFrame?.(frame);
      return of(result);
    });
  }

  /** Goes on behind a frame that the detector failed at. */
  #recover(error: unknown, frame: Frame): Observable<never> {
    const { onFault } = this.#config;
    if (onFault === undefined || !isFault(error)) {
      throw error;
    }
    this.#drafts.forget();
    this.#losses.count('error');
    onFault(error, frame);
    return EMPTY;
  }
}

/** Whether an error is one frame's, and the next may go well. */
function isFault(error: unknown): error is PipelineError {
  return (
    error instanceof PipelineError &&
    (error.code === 'ERR_WORKER_EXIT' || error.code === 'ERR_MODEL_RUN')
  );
}
