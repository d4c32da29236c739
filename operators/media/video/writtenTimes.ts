/** The times of a video that is written: those of its source, as far as a file can have them. */

/** The least time between two pictures, microseconds: a little more than MP4's unit here. */
const LEAST_STEP = 12;
/** A picture may be so much too early, microseconds, as some are at a cut: it comes right behind the last one. */
const JITTER = 1e6;
/** The longest hole, microseconds: a week. What is further off comes of a clock that was set anew. */
const LONGEST_HOLE = 7 * 24 * 3600 * 1e6;
/** The longest that one picture may last, microseconds: MP4 counts 2^31 units of 1/90,000 s, which is 6.6 hours. */
const LONGEST_PICTURE = 6 * 3600 * 1e6;

/** Turns the times of pictures, as they come, into times that only grow. */
export class WrittenTimes {
  /** What is added to the source's times, microseconds. */
  #offset = 0;
  /** The last picture's time, and how long the one before it lasted, microseconds. */
  #last: number | undefined;
  #step: number;

  /** @param framesPerSecond about how many pictures a second has */
  constructor(framesPerSecond: number) {
    this.#step = Math.round(1e6 / framesPerSecond);
  }

  /**
   * Takes the next picture's time. Holes stay as they are. The first picture is seen from the beginning on. Where a
   * recording was put together and its clock begins anew, the video goes on as if the next picture came in time.
   * @param seconds in the source
   * @returns when it is shown, microseconds; before it, when the last picture has to come again, for a hole that is longer
   * than a picture may last
   */
  next(seconds: number): { readonly repeats: readonly number[]; readonly at: number } {
    const last = this.#last;
    const wanted = Math.round(seconds * 1e6);
    if (last === undefined) {
      this.#last = 0;
      return { repeats: [], at: 0 };
    }
    const ahead = wanted + this.#offset - last;
    if (ahead < -JITTER || ahead > LONGEST_HOLE) {
      this.#offset = last + this.#step - wanted;
    }
    const at = Math.max(last + LEAST_STEP, wanted + this.#offset);
    const numRepeats = Math.ceil((at - last) / LONGEST_PICTURE) - 1;
    const repeats = Array.from({ length: numRepeats }, (_, i) => last + (i + 1) * LONGEST_PICTURE);
    this.#last = at;
    this.#step = at - last;
    return { repeats, at };
  }
}
