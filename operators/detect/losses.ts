import type { FrameDetections } from '../../models/core/types.ts';

/**
 * Why a frame was dropped. `busy`: a newer one took its place. `idle`: nobody wanted anything of it. `stopped`: it
 * still waited when its source ended with an error or the consumer left.
 */
export type DropCause = 'busy' | 'idle' | 'stopped';

/** Counts the frames of which there is no result, until the next result says so. */
export class Losses {
  #counts: Record<string, number> = {};

  count(cause: DropCause | 'error'): void {
    this.#counts = { ...this.#counts, [cause]: (this.#counts[cause] ?? 0) + 1 };
  }

  /** The result with the losses since the last one; counting begins anew. */
  addTo(result: FrameDetections): FrameDetections {
    const skipped = this.#counts;
    this.#counts = {};
    return Object.keys(skipped).length === 0 ? result : { ...result, skipped };
  }
}
