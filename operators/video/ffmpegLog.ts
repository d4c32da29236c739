/**
 * Reads what FFmpeg says while it works (`-v repeat+level+info`): duration and rate, time and size
 * of each frame from the `showinfo` filter, and the first sign of damage.
 */

/** Time and size of one frame, in the order of the pictures. */
export interface FrameLine {
  /** Seconds; absent where the source has no clock. */
  readonly pts?: number;
  readonly width: number;
  readonly height: number;
}

const FRAME = /\bn: *\d+ pts: *\S+ pts_time:(\S+) .*? s:(\d+)x(\d+)/;
const DURATION = /^\[info\]\s+Duration: (\d+):(\d+):(\d+(?:\.\d+)?)/;
const INPUT = /^\[info\] Input #0, (\S+), from /;
const STREAM_RATE = /Stream #0:.*Video: .*?, (\d+(?:\.\d+)?k?) fps/;
/** A frame could not be decoded whole. FFmpeg itself says so, in the order of its frames. */
const BROKEN =
  /corrupt decoded frame|Error while decoding|Error submitting.*decoder|Decoding error/;
/** The file is not whole; frames that were read before may still come out of the decoder. */
const CUT =
  /File ended prematurely|partial file|corrupt input packet|error while decoding MB|Error at MB|error y=\d+ x=|[Tt]runcated/;
const PROBLEM = /\[(?:error|fatal|panic)\] (.*)$/;
/** What FFmpeg prints at the end of every run in WebAssembly, and sums that repeat what was said. */
const NO_NEWS = /^Aborted\(\)|^Conversion failed|^Error opening|^Nothing was written/;

/** Collects the facts of one FFmpeg run, line by line. */
export class FfmpegLog {
  /** Length of the source, seconds. */
  durationSeconds: number | undefined;
  framesPerSecond: number | undefined;
  /**
   * Whether damage was seen after which FFmpeg only guesses. Not before the first frame: a recording
   * that was cut out of a broadcast may begin anywhere.
   */
  isBroken = false;
  /** Whether a sign was seen that the source ends before its end. */
  isCut = false;
  #numFrames = 0;
  /** The first problem that FFmpeg named: what follows from it comes after it. */
  problem: string | undefined;
  /** The first problem after the newest frame: why a stream that ran well is over. */
  lastProblem: string | undefined;
  /** What FFmpeg takes the source for: `rtsp`, `mpegts`, `hls`, … */
  format: string | undefined;

  /** @returns the frame, where the line tells of one */
  read(line: string): FrameLine | undefined {
    const frame = FRAME.exec(line);
    if (frame !== null) {
      this.#numFrames += 1;
      this.lastProblem = undefined;
      const pts = Number(frame[1]);
      const size = { width: Number(frame[2]), height: Number(frame[3]) };
      return Number.isFinite(pts) ? { pts, ...size } : size;
    }
    const duration = DURATION.exec(line);
    if (duration !== null) {
      const [hours = 0, minutes = 0, seconds = 0] = duration.slice(1).map(Number);
      this.durationSeconds = (hours * 60 + minutes) * 60 + seconds;
    }
    this.format ??= INPUT.exec(line)?.[1];
    const rate = STREAM_RATE.exec(line)?.[1];
    if (rate !== undefined && this.framesPerSecond === undefined) {
      this.framesPerSecond = parseFloat(rate) * (rate.endsWith('k') ? 1000 : 1);
    }
    if (this.#numFrames > 0) {
      this.isBroken ||= BROKEN.test(line);
      this.isCut ||= CUT.test(line);
    }
    const problem = PROBLEM.exec(line)?.[1]?.trim();
    if (problem !== undefined && !NO_NEWS.test(problem)) {
      this.problem ??= problem;
      this.lastProblem ??= problem;
    }
    return undefined;
  }
}
