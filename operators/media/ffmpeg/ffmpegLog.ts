/**
 * Reads what FFmpeg says while it works (`-v repeat+level+info`). Pictures and their times do not come this way:
 * what is read here is the level of a line, who says it, and three facts of the summary that FFmpeg prints first.
 */

/** What FFmpeg said of something that went wrong. */
export interface Complaint {
  readonly text: string;
  /**
   * Whether it is FFmpeg's program that says so, as it does where a packet gave no picture or a file could not be
   * read on. A demuxer's or decoder's own remark may be about something that harms no picture.
   */
  readonly isFailure: boolean;
  /** Whether it is the demuxer's: something is wrong with the file as such. */
  readonly isOfFile: boolean;
}

/** Words in brackets at the beginning of a line: who speaks, and the level, in this order. */
const BRACKETS = /^\[([^\]]{0,200})\] /;
const LEVELS = /^(?:panic|fatal|error|warning|info|verbose|debug|trace)$/;
const PROBLEM_LEVELS = /^(?:panic|fatal|error)$/;
/** Those who speak for the program since FFmpeg 6; before, it speaks without a name. */
const PROGRAM = /^(?:in#|vist#|ist#|dec:|vf#|fc#|out#|vost#|ost#|enc:)/;
const REPAIRED = /(?:^|: )corrupt decoded frame(?: in stream \d+)?$/;
/** At the indentation of the summary itself; metadata stands further right. */
const DURATION = /^ {2}Duration: (\d+):(\d+):(\d+(?:\.\d+)?)/;
const INPUT = /^Input #0, ([\w,]+), from /;
const STREAM = /^ {2,6}Stream #0:\d/;
const RATE = /, (\d+(?:\.\d+)?)(k?) fps(?:,|$)/;
/** What FFmpeg prints at the end of every run in WebAssembly, and sums that repeat what was said. */
const NO_NEWS = /^Aborted\(\)|^Conversion failed|^Error opening|^Nothing was written|^Terminating/;

/** Collects the facts of one FFmpeg run, line by line. */
export class FfmpegLog {
  /** Length of the source as its container has it, seconds. */
  durationSeconds: number | undefined;
  framesPerSecond: number | undefined;
  /** What FFmpeg takes the source for: `rtsp`, `mpegts`, `hls`, … */
  format: string | undefined;
  /** The first problem that FFmpeg named: what follows from it comes after it. */
  problem: string | undefined;
  /** The first problem since `markFrame` was called last: why a stream that ran well is over. */
  lastProblem: string | undefined;
  /**
   * Pictures that the decoder calls damaged and gave all the same, repaired as well as it could. This one phrase is
   * FFmpeg's only word of them; a release with another phrase has them pass for whole.
   */
  numRepaired = 0;
  /** The summary ends where the streams begin; what looks like a part of it later is none. */
  #hasStreams = false;

  /** @returns what the line complains of, where it does */
  read(line: string): Complaint | undefined {
    const { speakers, level, text } = takeApart(line);
    if (PROBLEM_LEVELS.test(level)) {
      return this.#complain(speakers, text.trim());
    }
    if (level === 'warning' && REPAIRED.test(text) && speakers.every(isProgram)) {
      this.numRepaired += 1;
    }
    if (level === 'info' && speakers.length === 0) {
      this.#readSummary(text);
    }
    return undefined;
  }

  /** A frame has come: problems named before did not end the stream. */
  markFrame(): void {
    this.lastProblem = undefined;
  }

  #complain(speakers: readonly string[], text: string): Complaint | undefined {
    if (NO_NEWS.test(text)) {
      return undefined;
    }
    this.problem ??= text;
    this.lastProblem ??= text;
    const isOfFile = speakers.some((name) => name.replace('in#0/', '') === this.format);
    const isFailure = !isOfFile && speakers.every(isProgram);
    return { text, isFailure, isOfFile };
  }

  #readSummary(text: string): void {
    this.format ??= INPUT.exec(text)?.[1];
    const duration = DURATION.exec(text);
    if (duration !== null && !this.#hasStreams) {
      const [hours = 0, minutes = 0, seconds = 0] = duration.slice(1).map(Number);
      this.durationSeconds = (hours * 60 + minutes) * 60 + seconds;
    }
    if (STREAM.test(text)) {
      this.#hasStreams = true;
      const [, rate, thousands] = (text.includes(': Video: ') && RATE.exec(text)) || [];
      this.framesPerSecond ??=
        rate === undefined ? undefined : Number(rate) * (thousands ? 1000 : 1);
    }
  }
}

function isProgram(speaker: string): boolean {
  return PROGRAM.test(speaker);
}

/** Who speaks (without the address of the object that does), how loud, and what. */
function takeApart(line: string): {
  readonly speakers: readonly string[];
  readonly level: string;
  readonly text: string;
} {
  const speakers: string[] = [];
  let rest = line;
  for (let found = BRACKETS.exec(rest); found !== null; found = BRACKETS.exec(rest)) {
    const [all, word = ''] = found;
    rest = rest.slice(all.length);
    if (LEVELS.test(word)) {
      return { speakers, level: word, text: rest };
    }
    speakers.push(word.replace(/ @ [^ ]*$/, ''));
  }
  return { speakers, level: '', text: line };
}
