import type { Send } from './openSocket.ts';
import type { Progress } from './progress.ts';

/** Time that an acknowledgement may wait for others to come along, ms. */
const GATHER_MS = 100;
/** Time between two acknowledgements on the average, ms: a server closes who sends 50 messages in a second. */
const SPACING_MS = 50;

/**
 * Sends the acknowledgements of all subscriptions of a client: together where they can wait, at once where a
 * window is about to close, and never so many that the server would take offence.
 */
export class Acks {
  readonly #send: Send;
  /** Subscriptions that may have something to acknowledge. */
  readonly #waiting = new Set<Progress>();
  /** Time from which the next one may be sent, ms. */
  #freeAtMs = -Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Time at which the timer ends, ms; Infinity where there is none. */
  #dueMs = Infinity;

  constructor(send: Send) {
    this.#send = send;
  }

  /** Notes that a subscription may have something to acknowledge. @param isUrgent the server may wait for it */
  note(progress: Progress, isUrgent: boolean): void {
    this.#waiting.add(progress);
    const nowMs = performance.now();
    const dueMs = Math.max(this.#freeAtMs, isUrgent ? nowMs : nowMs + GATHER_MS);
    if (dueMs <= nowMs) {
      this.#flush();
    } else if (dueMs < this.#dueMs) {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#flush(), dueMs - nowMs);
      this.#dueMs = dueMs;
    }
  }

  /** Forgets a subscription that has ended, and the timer with the last one. */
  forget(progress: Progress): void {
    this.#waiting.delete(progress);
    if (this.#waiting.size === 0) {
      this.#rest();
    }
  }

  #flush(): void {
    this.#rest();
    for (const progress of this.#waiting) {
      const seq = progress.takeAcks();
      if (Object.keys(seq).length > 0) {
        this.#send({ type: 'ack', id: progress.id, seq });
        this.#freeAtMs = Math.max(this.#freeAtMs, performance.now()) + SPACING_MS;
      }
    }
    this.#waiting.clear();
  }

  #rest(): void {
    clearTimeout(this.#timer);
    this.#dueMs = Infinity;
  }
}
