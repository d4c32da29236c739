/** Time constant with which media time is drawn to the wall clock, seconds. */
const DRAW_SECONDS = 2;
/** Media time further than this from the wall clock has lost its tie to it, seconds. */
const MAX_APART_SECONDS = 1;
/** Smallest step between two frames, seconds. */
const MIN_STEP_SECONDS = 0.001;

/**
 * Gives the frames of a live source a time that always grows and keeps with the wall clock.
 *
 * Between two frames the camera's own clock counts, since it does not tremble as arrivals do. It is
 * drawn slowly to the time of arrival, so that a camera whose clock is a little fast or slow does not
 * run away. Where the two part by more than a second (a jump, a wrap, a new connection, no clock at
 * all), the time of arrival counts.
 */
export class LiveClock {
  /** Arrival of the very first frame, milliseconds. */
  #startMs: number | undefined;
  /** What is added to the camera's time to give ours, seconds; absent until they are tied. */
  #offset: number | undefined;
  #lastSeconds = -Infinity;
  #lastArrivalSeconds = 0;

  /** A new connection: its times have nothing to do with those before. */
  restart(): void {
    this.#offset = undefined;
  }

  /**
   * The time of the next frame.
   * @param mediaSeconds the camera's time, where it gives one   @param arrivedAtMs on a clock that never goes back
   * @returns seconds since the first frame, greater than before
   */
  next(mediaSeconds: number | undefined, arrivedAtMs: number): number {
    this.#startMs ??= arrivedAtMs;
    const arrival = (arrivedAtMs - this.#startMs) / 1_000;
    const seconds = Math.max(
      mediaSeconds === undefined ? arrival : this.#tied(mediaSeconds, arrival),
      this.#lastSeconds + MIN_STEP_SECONDS,
    );
    this.#lastSeconds = seconds;
    this.#lastArrivalSeconds = arrival;
    return seconds;
  }

  #tied(media: number, arrival: number): number {
    const apart = this.#offset === undefined ? Infinity : arrival - (media + this.#offset);
    const elapsed = arrival - this.#lastArrivalSeconds;
    this.#offset =
      this.#offset === undefined || Math.abs(apart) > MAX_APART_SECONDS
        ? arrival - media
        : this.#offset + apart * (1 - Math.exp(-elapsed / DRAW_SECONDS));
    return media + this.#offset;
  }
}
