import type { Readable } from 'node:stream';
import type { FrameSlots } from './frameSlots.ts';

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
  readonly slots: FrameSlots;
}

/** What a decoder tells of its run, in this order: lines and pictures, then the end, once. */
export interface DecoderEvents {
  readonly onLine: (line: string) => void;
  /** A slot is full. */
  readonly onPicture: (slot: number) => void;
  /** @param code FFmpeg's exit code   @param error why it could not run, where it could not */
  readonly onEnd: (code: number, error?: Error) => void;
}

/** A run under way. */
export interface RunningDecoder {
  /** Ends the run at once. No event follows. */
  stop(): void;
}

/** Starts FFmpeg, however it is made available. */
export type StartDecoder = (request: DecoderRequest, events: DecoderEvents) => RunningDecoder;
