import type { Step, StepResult } from './stepRunner.ts';

/** A step whose result is waited for. */
interface PendingStep {
  readonly step: Step;
  readonly resolve: (result: StepResult) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Gathers the steps of frames that are read at the same time: once each of them waits for its next
 * step, all go through the graph in one run. A frame that is read alone never waits.
 */
export class StepBatcher {
  readonly #run: (steps: readonly Step[]) => Promise<StepResult[]>;
  #numFrames = 0;
  #pending: PendingStep[] = [];

  /** @param run the graph; never called again before it has answered */
  constructor(run: (steps: readonly Step[]) => Promise<StepResult[]>) {
    this.#run = run;
  }

  /** Counts a frame in, from now on until `work` settles. */
  async reading<T>(work: () => Promise<T>): Promise<T> {
    this.#numFrames += 1;
    try {
      return await work();
    } finally {
      this.#numFrames -= 1;
      this.#runIfAllWait();
    }
  }

  /**
   * One step of a frame that is counted in.
   * @returns views that are valid until the frame's next step
   */
  run(step: Step): Promise<StepResult> {
    return new Promise((resolve, reject) => {
      this.#pending.push({ step, resolve, reject });
      this.#runIfAllWait();
    });
  }

  #runIfAllWait(): void {
    if (this.#pending.length === 0 || this.#pending.length < this.#numFrames) {
      return;
    }
    const waiting = this.#pending;
    this.#pending = [];
    this.#run(waiting.map(({ step }) => step)).then(
      (results) => waiting.forEach(({ resolve }, i) => resolve(results[i] as StepResult)),
      (reason: unknown) => waiting.forEach(({ reject }) => reject(reason)),
    );
  }
}
