import { invariant } from '../../models/index.ts';
import type { FrameCounts } from '../../server/index.ts';

/**
 * Books what becomes of one source's frames: each ends as delivered, dropped or an error, and until then it is in
 * flight. The sum always equals the frames that came in. Each frame is booked once, by whoever decides.
 */
export class FrameLedger {
  readonly #dropped = new Map<string, number>();
  #frames = 0;
  #delivered = 0;
  #errors = 0;
  #inFlight = 0;

  get inFlight(): number {
    return this.#inFlight;
  }

  /** Opens the books for one run of the source, from its opening to its end. */
  open(): RunLedger {
    return new RunLedger(this);
  }

  /** Counts frames that came in. */
  arrive(numFrames: number = 1): void {
    this.#frames += numFrames;
    this.#inFlight += numFrames;
  }

  /** Counts a frame whose result is there. */
  deliver(): void {
    this.#settle(1);
    this.#delivered += 1;
  }

  /** Counts frames that were left out on purpose. */
  drop(cause: string, numFrames: number = 1): void {
    this.#settle(numFrames);
    this.#dropped.set(cause, (this.#dropped.get(cause) ?? 0) + numFrames);
  }

  /** Counts a frame that could not be read. */
  fail(): void {
    this.#settle(1);
    this.#errors += 1;
  }

  /** A copy of the counts as they are now. */
  counts(): FrameCounts {
    return {
      frames: this.#frames,
      delivered: this.#delivered,
      dropped: Object.fromEntries(this.#dropped),
      errors: this.#errors,
      inFlight: this.#inFlight,
    };
  }

  #settle(numFrames: number): void {
    invariant(numFrames <= this.#inFlight, 'no more frames are settled than are in flight');
    this.#inFlight -= numFrames;
  }
}

/**
 * The books of one run of a source. Once it is closed it counts nothing: what comes late, of a frame that was given
 * up, is settled already.
 */
export class RunLedger {
  readonly #ledger: FrameLedger;
  /** Frames without a result since the last result, by cause. */
  #lost: Record<string, number> = {};
  #isClosed = false;

  constructor(ledger: FrameLedger) {
    this.#ledger = ledger;
  }

  /** Counts a frame that came in. */
  arrive(): void {
    this.#count(() => this.#ledger.arrive());
  }

  /**
   * Counts a frame whose result is there.
   * @returns the frames that were lost since the last result, by cause, as `skipped` of a result has them; undefined
   * where there are none
   */
  deliver(): Readonly<Record<string, number>> | undefined {
    this.#count(() => this.#ledger.deliver());
    const lost = this.#lost;
    this.#lost = {};
    return Object.keys(lost).length === 0 ? undefined : lost;
  }

  /** Counts a frame that was left out on purpose. */
  drop(cause: string): void {
    this.#count(() => this.#ledger.drop(cause));
    this.#lose(cause);
  }

  /** Counts a frame that could not be read. */
  fail(): void {
    this.#count(() => this.#ledger.fail());
    this.#lose('error');
  }

  /** Counts a frame that was dropped before it came out of its source. */
  miss(cause: string): void {
    this.arrive();
    this.drop(cause);
  }

  /** Counts whatever is in flight as an error or as dropped: the run is over. Idempotent. */
  close({ isFault, cause }: { readonly isFault: boolean; readonly cause: string }): void {
    this.#count(() => {
      if (isFault && this.#ledger.inFlight > 0) {
        this.#ledger.fail(); // the one that was being read
      }
      if (this.#ledger.inFlight > 0) {
        this.#ledger.drop(cause, this.#ledger.inFlight);
      }
    });
    this.#isClosed = true;
  }

  #lose(cause: string): void {
    this.#lost = { ...this.#lost, [cause]: (this.#lost[cause] ?? 0) + 1 };
  }

  #count(work: () => void): void {
    if (!this.#isClosed) {
      work();
    }
  }
}

/** The counts as a sum for people, such as `120 frames = 100 read + 18 busy + 2 failed`. */
export function countsLine({ frames, delivered, dropped, errors, inFlight }: FrameCounts): string {
  const parts = [
    ['read', delivered] as const,
    ...Object.entries(dropped),
    ['failed', errors] as const,
    ['under way', inFlight] as const,
  ].filter(([, count]) => count > 0);
  const sum = parts.map(([what, count]) => `${count} ${what}`).join(' + ');
  return `${frames} frames${sum === '' ? '' : ` = ${sum}`}`;
}
