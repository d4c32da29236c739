/** Longest time that work for clients holds the event loop without a break, ms. */
const SLICE_MS = 5;
/** Rest that a timer can give, ms; less is kept for the next time. */
const LEAST_REST_MS = 1;

/** Has work to do, in pieces. */
export interface Worker {
  /** Does one piece, which should take far less than a slice. @returns whether there may be more */
  work(): boolean;
}

/**
 * Works off what there is to do for many, one piece for each in turn, in slices between which the event loop goes on.
 * Where nothing waits, it is done at once; all that is asked for within one turn of the loop shares one slice.
 */
export class Slices {
  readonly #restPerWork: number;
  readonly #waiting = new Set<Worker>();
  #state: 'idle' | 'open' | 'resting' = 'idle';
  #isWorking = false;
  /** Of the slice that is open, ms. */
  #leftMs = 0;
  /** Rest that is due for what was done, ms. */
  #owedMs = 0;

  /** @param restPerWork rest after work, as a multiple of its time: with 2 at most a third of the time is taken. Default 0 */
  constructor(restPerWork: number = 0) {
    this.#restPerWork = restPerWork;
  }

  /** Whether more is asked for than could be done until now. */
  get isBehind(): boolean {
    return this.#waiting.size > 0;
  }

  /** Has a worker do what it has to do, after those that wait. Idempotent while it waits. */
  ask(worker: Worker): void {
    this.#waiting.add(worker);
    if (this.#state === 'idle') {
      this.#open();
    } else if (this.#state === 'open') {
      this.#work();
    }
  }

  /** Does all that waits, however long it takes: for the end. */
  finish(): void {
    for (const worker of this.#waiting) {
      while (worker.work()) {
        // the next piece
      }
      this.#waiting.delete(worker);
    }
  }

  #open(): void {
    this.#state = 'open';
    this.#leftMs = SLICE_MS;
    setImmediate(() => this.#close());
    this.#work();
  }

  #work(): void {
    if (this.#isWorking || this.#leftMs <= 0) {
      return; // asked from within a piece, or later in a turn whose slice is used up
    }
    this.#isWorking = true;
    try {
      let beforeMs = performance.now();
      for (const worker of this.#waiting) {
        this.#waiting.delete(worker);
        if (worker.work()) {
          this.#waiting.add(worker); // behind the others
        }
        const nowMs = performance.now();
        this.#leftMs -= nowMs - beforeMs;
        beforeMs = nowMs;
        if (this.#leftMs <= 0) {
          return;
        }
      }
    } finally {
      this.#isWorking = false;
    }
  }

  #close(): void {
    this.#owedMs += (SLICE_MS - this.#leftMs) * this.#restPerWork;
    if (this.#owedMs >= LEAST_REST_MS) {
      this.#state = 'resting';
      setTimeout(() => this.#wake(), this.#owedMs);
      this.#owedMs = 0;
    } else {
      this.#wake();
    }
  }

  #wake(): void {
    this.#state = 'idle';
    if (this.isBehind) {
      this.#open();
    }
  }
}
