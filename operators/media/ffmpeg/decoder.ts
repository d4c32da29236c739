import type { Readable } from 'node:stream';
import type { FramePool } from '../frames/framePool.ts';

/** One FFmpeg run that is wanted. */
export interface DecoderRequest {
  /** A path, a URL, or bytes that come by themselves: standard input, a pipe. Who opened them closes them. */
  readonly input: string | Readable;
  /** FFmpeg's options before the input. */
  readonly inputOptions: readonly string[];
  /** FFmpeg's options after the input, without the output. */
  readonly outputOptions: readonly string[];
  /**
   * A source that may say nothing for ever: its decoder is made to end with this process, and the
   * input is passed on as it is. Default false.
   */
  readonly live?: boolean;
  /** Where the pictures go; borrowed until the end. */
  readonly pool: FramePool;
}

/** A picture that lies complete in its slot. */
export interface DecodedPicture {
  readonly slot: number;
  /** Media time, seconds, as exact as the source has it. */
  readonly pts: number;
  /** When its first bytes came, on the clock of `performance.now()`. */
  readonly startedAtMs: number;
}

/** How a run ended that was not stopped. */
export interface DecoderEnd {
  /** FFmpeg's exit code. */
  readonly code: number;
  /** The signal that ended it, where one did. */
  readonly signal?: string;
  /** Why it could not run, where it could not. */
  readonly error?: Error;
}

/** What a decoder tells of its run, in this order: lines and pictures, then the end, once. */
export interface DecoderEvents {
  /** What FFmpeg says; no longer than `MAX_LINE`. */
  readonly onLine: (line: string) => void;
  readonly onPicture: (picture: DecodedPicture) => void;
  readonly onEnd: (end: DecoderEnd) => void;
}

/** A run under way. */
export interface RunningDecoder {
  /** Ends the run at once. No event follows. */
  stop(): void;
}

/** Starts FFmpeg, however it is made available. */
export type StartDecoder = (request: DecoderRequest, events: DecoderEvents) => RunningDecoder;
