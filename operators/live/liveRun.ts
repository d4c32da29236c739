import { Observable } from 'rxjs';
import { PipelineError, toError } from '../../models/errors.ts';
import type { DecoderEvents } from '../video/decoder.ts';
import { FfmpegLog } from '../video/ffmpegLog.ts';
import type { FrameLine } from '../video/ffmpegLog.ts';
import { filterGraph } from '../video/filterGraph.ts';
import type { PictureRequest } from '../video/filterGraph.ts';
import type { FrameSlots } from '../video/frameSlots.ts';
import { startNative } from '../video/nativeDecoder.ts';
import type { FfmpegProgram } from '../video/nativeDecoder.ts';
import { Pairs } from '../video/pairs.ts';
import type { LiveInput } from './liveInput.ts';

/** One decoded picture in its slot, and what is known of it. */
export interface LivePicture {
  readonly line: FrameLine;
  readonly slot: number;
  /** On the clock of `performance.now()`. */
  readonly arrivedAtMs: number;
  /** Between FFmpeg's word of the frame and its picture: the conversion; the decoder itself is not seen. */
  readonly convertMs: number;
  /** The source is a recording: nothing of it is dropped, and it ends. */
  readonly isFile: boolean;
}

/** The end of a connection, which another one may follow. */
export class LiveLoss extends Error {
  readonly state: 'offline' | 'stalled';
  readonly stage: LossStage;

  constructor(state: 'offline' | 'stalled', reason: string, stage: LossStage = 'known') {
    super(reason);
    this.name = 'LiveLoss';
    this.state = state;
    this.stage = stage;
  }
}

/**
 * How far a connection had come: `unanswered`, nobody was there; `blind`, FFmpeg knew the stream too
 * little to show anything of it; `known`, anything after that.
 */
export type LossStage = 'unanswered' | 'blind' | 'known';

/** The source turned out to be live HLS, which has to be opened in another way. */
export class PacingNeeded extends Error {}

/** What one connection needs. */
export interface LiveRunOptions {
  readonly program: FfmpegProgram;
  readonly input: LiveInput;
  /** The source as messages name it. */
  readonly name: string;
  readonly request: PictureRequest;
  readonly slots: FrameSlots;
  /** A duration makes the source a file: true for web addresses, where it means a recording. */
  readonly mayBeFile: boolean;
  readonly isPaced: boolean;
}

type TimedLine = FrameLine & { readonly readAtMs: number };
/** Formats without a clock of their own; FFmpeg makes one up for them, of 25 frames a second. */
const WITHOUT_CLOCK = /^(?:mpjpeg|mjpeg|jpeg_pipe|h264|hevc|m4v)$/;
/** How FFmpeg begins its sentence about an input. */
const OWN_ADDRESS = /^(?:Error opening input file )?[a-z][a-z0-9+.-]*:\/\/\S+: /i;
/** This FFmpeg can't and never will. */
const HOPELESS = /Protocol not found|Unknown input format|Option .* not found/;
/** It may be that too little of the stream was looked at. */
const BLIND = /matches no streams|codec parameters|unspecified size|Invalid data found/;

/**
 * One connection to a live source, from FFmpeg's start to its end.
 * @returns pictures, each in a slot that the subscriber releases; completes at the end of a file;
 * **errors:** LiveLoss, PacingNeeded; ERR_VIDEO_OPEN, ERR_VIDEO_DECODE where no other connection helps
 */
export function liveRun(options: LiveRunOptions): Observable<LivePicture> {
  return new Observable<LivePicture>((subscriber) => {
    const { program, input, request, slots, mayBeFile, isPaced } = options;
    const log = new FfmpegLog();
    const pairs = new Pairs<TimedLine>();
    let numFrames = 0;
    const isFile = (): boolean => mayBeFile && (log.durationSeconds ?? 0) > 0;

    const match = (): void => {
      for (let pair = pairs.take(); pair !== undefined; pair = pairs.take()) {
        const { line, slot } = pair;
        numFrames += 1;
        const arrivedAtMs = performance.now();
        const convertMs = arrivedAtMs - line.readAtMs;
        subscriber.next({ line, slot, arrivedAtMs, convertMs, isFile: isFile() });
      }
    };
    const events: DecoderEvents = {
      onLine(text) {
        const line = log.read(text);
        if (line === undefined) {
          return;
        }
        if (log.format === 'hls' && !isFile() && !isPaced) {
          subscriber.error(new PacingNeeded());
          return;
        }
        pairs.addLine({ ...withoutFalseTime(line, log), readAtMs: performance.now() });
        match();
      },
      onPicture(slot) {
        pairs.addPicture(slot);
        match();
      },
      onEnd(code, error) {
        const end = endOf(options, log, { code, error, numFrames, isFile: isFile() });
        if (end === undefined) {
          subscriber.complete();
        } else {
          subscriber.error(end);
        }
      },
    };
    subscriber.add(() => pairs.leave().forEach((slot) => slots.release(slot)));
    const running = startNative(
      {
        input: input.input,
        inputOptions: input.options,
        outputOptions: [
          ...['-filter_complex', filterGraph(request, 'out'), '-map', '[out]'],
          ...['-pix_fmt', 'rgb24', '-f', 'rawvideo', '-flush_packets', '1'],
        ],
        live: true,
        slots,
      },
      events,
      program,
    );
    subscriber.add(() => running.stop());
  });
}

function withoutFalseTime(line: FrameLine, { format }: FfmpegLog): FrameLine {
  const { width, height } = line;
  return WITHOUT_CLOCK.test(format ?? '') ? { width, height } : line;
}

interface RunEnd {
  readonly code: number;
  readonly error: Error | undefined;
  readonly numFrames: number;
  readonly isFile: boolean;
}

/** What the end of a connection means. @returns nothing where it is the end of a file */
function endOf({ name }: LiveRunOptions, log: FfmpegLog, end: RunEnd): Error | undefined {
  const problem = end.numFrames === 0 ? log.problem : log.lastProblem;
  const said = problem ?? (end.error === undefined ? '' : toError(end.error).message);
  const reason = said.replace(OWN_ADDRESS, '');
  if (end.isFile && end.numFrames > 0) {
    return end.code === 0 && !log.isCut
      ? undefined
      : new PipelineError('ERR_VIDEO_DECODE', `${name} is damaged or cut short: ${reason}`);
  }
  if (end.numFrames === 0 && HOPELESS.test(reason)) {
    return new PipelineError('ERR_VIDEO_OPEN', `This FFmpeg cannot open ${name}: ${reason}`);
  }
  const isBlind = end.numFrames === 0 && BLIND.test(reason);
  const fact = end.code === 0 ? 'the connection was closed' : 'the decoder ended unexpectedly';
  return new LiveLoss('offline', reason === '' ? fact : reason, isBlind ? 'blind' : 'known');
}
