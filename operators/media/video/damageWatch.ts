import type { Complaint } from '../ffmpeg/ffmpegLog.ts';

/** A picture is missing where the next one is later than this, in steps of the frames before. */
const HOLE_STEPS = 1.5;
/** So many steps are remembered: with a variable rate, the longest of them is the usual one. */
const NUM_STEPS = 8;
/** A file that ends so much before its own length is cut short, seconds. */
const SHORT_SECONDS = 0.5;

/**
 * Decides where a file is damaged: by what was delivered, and by whether FFmpeg failed at something.
 *
 * A picture that FFmpeg could not decode leaves a hole in the times of those that it could, and the hole is in its
 * place, whichever thread says what first. A hole alone is no damage, since many recordings have some; and a
 * complaint alone is none, since decoders and demuxers complain of much that harms no picture.
 */
export class DamageWatch {
  /** Failures that no hole has been found for yet. */
  #numFailures = 0;
  /** Whether something is wrong with the file as such, which no hole has been found for yet. */
  #isFileSuspect = false;
  #hasBegun = false;
  /** Time of the last picture, seconds; absent where nothing can be said of the time from there to the next. */
  #lastPts: number | undefined;
  readonly #steps: number[] = [];

  /** Takes note of what FFmpeg says. */
  onComplaint({ isFailure, isOfFile }: Complaint): void {
    this.#numFailures += isFailure ? 1 : 0;
    this.#isFileSuspect ||= isOfFile;
  }

  /**
   * Whether a picture may be missing before this one.
   * @param pts seconds   @param usualStep time between two pictures, seconds, for as long as nothing else is known
   */
  isHole(pts: number, usualStep: number): boolean {
    const before = this.#hasBegun ? this.#lastPts : 0;
    return before !== undefined && pts - before > HOLE_STEPS * this.#step(usualStep);
  }

  /** Whether a hole is damage: something failed. A recording cut out of a broadcast may begin anywhere. */
  get isDamage(): boolean {
    return this.#hasBegun && (this.#numFailures > 0 || this.#isFileSuspect);
  }

  /** The damage was told: what comes after it is another. */
  reset(): void {
    this.#numFailures = 0;
    this.#isFileSuspect = false;
    this.#lastPts = undefined;
  }

  /** A picture was delivered. @param isBehindHole what `isHole` said of it */
  deliver(pts: number, isBehindHole: boolean): void {
    if (!this.#hasBegun && isBehindHole) {
      this.#numFailures = 0; // of what was cut off before it
    }
    if (this.#lastPts !== undefined && pts > this.#lastPts) {
      this.#steps.push(pts - this.#lastPts);
      this.#steps.splice(0, this.#steps.length - NUM_STEPS);
    }
    this.#lastPts = pts;
    this.#hasBegun = true;
  }

  /**
   * Whether damage is left that no hole told of, now that FFmpeg has ended.
   * @param durationSeconds what the container promises, where it does   @param usualStep see `isHole`
   */
  isDamagedAtEnd(durationSeconds: number | undefined, usualStep: number): boolean {
    const end = (this.#lastPts ?? 0) + this.#step(usualStep);
    const isShort = durationSeconds === undefined || durationSeconds - end > SHORT_SECONDS;
    return this.#numFailures > 0 || (this.#isFileSuspect && isShort);
  }

  #step(usual: number): number {
    return this.#steps.length === 0 ? usual : Math.max(...this.#steps);
  }
}
