import { Observable } from 'rxjs';
import { PipelineError, toError } from '../../../models/core/errors.ts';
import type { DecoderEnd, DecoderEvents } from '../../media/ffmpeg/decoder.ts';
import { FfmpegLog } from '../../media/ffmpeg/ffmpegLog.ts';
import type { PictureRequest } from '../../media/frames/filterGraph.ts';
import type { FramePool } from '../../media/frames/framePool.ts';
import { startNative } from '../../media/native/nativeDecoder.ts';
import type { FfmpegProgram } from '../../media/native/nativeDecoder.ts';
import { PICTURE_INPUT, pictureOutput } from '../../media/nut/pictureOutput.ts';
import { watchSilence } from '../../media/video/silenceWatch.ts';
import { endedEarly } from '../../media/ffmpeg/videoFaults.ts';
import type { LiveInput } from './liveInput.ts';

/** One decoded picture in its slot, and what is known of it. */
export interface LivePicture {
  readonly slot: number;
  /** The source's own time, seconds; absent where it has no clock. */
  readonly pts?: number;
  /** On the clock of `performance.now()`. */
  readonly arrivedAtMs: number;
  /** From the first byte of the picture to its last, milliseconds; the decoder itself is not seen. */
  readonly handoverMs: number;
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
  readonly pool: FramePool;
  /** A duration makes the source a file: true for web addresses, where it means a recording. */
  readonly mayBeFile: boolean;
  readonly isPaced: boolean;
  /** Longest silence of a recording that is asked for more, seconds. */
  readonly fileSilenceSeconds: number;
}

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
    const { program, input, request, pool, mayBeFile, isPaced } = options;
    const log = new FfmpegLog();
    let numFrames = 0;
    const isFile = (): boolean => mayBeFile && (log.durationSeconds ?? 0) > 0;
    const silence = watchSilence({
      seconds: options.fileSilenceSeconds,
      isHeldUp: () => pool.isFull || numFrames === 0 || !isFile(), // these are watched elsewhere
      onSilent: () => subscriber.error(silentRecording(options)),
    });
    subscriber.add(() => silence.stop());

    const events: DecoderEvents = {
      onLine(text) {
        log.read(text);
        silence.onHeartbeat();
      },
      onPicture({ slot, pts, startedAtMs }) {
        if (log.format === 'hls' && !isFile() && !isPaced) {
          pool.release(slot);
          subscriber.error(new PacingNeeded());
          return;
        }
        silence.onHeartbeat();
        log.markFrame();
        numFrames += 1;
        const arrivedAtMs = performance.now();
        const time = WITHOUT_CLOCK.test(log.format ?? '') ? {} : { pts };
        const handoverMs = arrivedAtMs - startedAtMs;
        subscriber.next({ slot, ...time, arrivedAtMs, handoverMs, isFile: isFile() });
      },
      onEnd(end) {
        const fault = endOf(options, log, { ...end, numFrames, isFile: isFile() });
        if (fault === undefined) {
          subscriber.complete();
        } else {
          subscriber.error(fault);
        }
      },
    };
    const running = startNative(
      {
        input: input.input,
        inputOptions: [...PICTURE_INPUT, ...input.options],
        outputOptions: pictureOutput(request),
        live: true,
        pool,
      },
      events,
      program,
    );
    subscriber.add(() => running.stop());
  });
}

function silentRecording({ name, fileSilenceSeconds }: LiveRunOptions): PipelineError {
  const fact = `${name} is cut short: nothing came for ${fileSilenceSeconds} s`;
  return new PipelineError('ERR_VIDEO_DECODE', fact);
}

interface RunEnd extends DecoderEnd {
  readonly numFrames: number;
  readonly isFile: boolean;
}

/** What the end of a connection means. @returns nothing where it is the end of a file */
function endOf({ name }: LiveRunOptions, log: FfmpegLog, end: RunEnd): Error | undefined {
  const reason = saidAtEnd(log, end).replace(OWN_ADDRESS, '');
  if (end.isFile && end.numFrames > 0) {
    return end.code === 0 && log.lastProblem === undefined
      ? undefined
      : new PipelineError('ERR_VIDEO_DECODE', `${name} is damaged or cut short: ${reason}`);
  }
  if (end.numFrames === 0 && HOPELESS.test(reason)) {
    return new PipelineError('ERR_VIDEO_OPEN', `This FFmpeg cannot open ${name}: ${reason}`);
  }
  const isBlind = end.numFrames === 0 && BLIND.test(reason);
  return new LiveLoss('offline', reason, isBlind ? 'blind' : 'known');
}

/** Why a connection is over, in FFmpeg's words where it has some. */
function saidAtEnd(log: FfmpegLog, { code, signal, error, numFrames }: RunEnd): string {
  const problem = numFrames === 0 ? log.problem : log.lastProblem;
  if (problem !== undefined || error !== undefined) {
    return problem ?? toError(error).message;
  }
  const fact = code === 0 ? 'the connection was closed' : 'the decoder ended unexpectedly';
  return signal === undefined ? fact : endedEarly(signal);
}
