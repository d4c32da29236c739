import type { StopReason } from './stopReason.ts';

export type { DecodeOptions, Demand, Reuse } from './decodeOptions.ts';
export type * from './detector.ts';
export type { DetectorOptions, Device } from './detectorOptions.ts';
export type * from './prompts.ts';
export type { StopReason } from './stopReason.ts';

/** A box in pixels of the source frame, corners, `xmin <= xmax` and `ymin <= ymax`. */
export interface Box {
  readonly xmin: number;
  readonly ymin: number;
  readonly xmax: number;
  readonly ymax: number;
}

/** One point of an object. */
export interface Keypoint {
  /** What it is, in the model's words. */
  readonly name: string;
  /** Pixels of the source frame; 0 where it is not visible. */
  readonly x: number;
  readonly y: number;
  /** False where the model cannot tell where it is. */
  readonly visible: boolean;
}

/** One object found in a frame. */
export interface Detection {
  readonly label: string;
  /** Index into the model's labels. */
  readonly classId: number;
  /** Probability of the class at the class position, softmax over the whole vocabulary, 0 to 1. */
  readonly score: number;
  readonly box: Box;
  /** Number of the object's track, unique per source and run; absent without tracking. */
  readonly trackId?: number;
  /**
   * Number of the object among the tokens of its source, kept while they go on from frame to frame; what `track` goes
   * by.
   */
  readonly slot?: number | undefined;
  /** True where the object's tokens were accepted from the previous frame. */
  readonly reused?: boolean;
  /**
   * Its outline where it was asked for: one or more, `[x, y, x, y, …]` in pixels of the source frame, as COCO has them.
   */
  readonly polygons?: readonly (readonly number[])[];
  /** Its keypoints where they were asked for and the model knows some of its label. */
  readonly keypoints?: readonly Keypoint[];
}

/** How a picture is fitted into the model's square input. */
export interface ImageSpec {
  /** Side of the square, pixels. */
  readonly size: number;
  /** Grey value of the padding, 0 to 255. */
  readonly pad: number;
}

/** Maps source pixels to model pixels: `model = source * scale`, both axes anchored top-left. */
export interface Letterbox {
  readonly scaleX: number;
  readonly scaleY: number;
}

/** Everything known of a frame but its pixels. */
export interface FrameInfo {
  /** Stable name of the video source. */
  readonly source: string;
  /** Index in the source, counted from 0 before any drop. */
  readonly index: number;
  /** Media time, seconds. */
  readonly pts: number;
  /** Wall clock, milliseconds since 1970; for files the time of decoding. */
  readonly capturedAt: number;
  /** Size of the source frame after rotation, pixels. */
  readonly width: number;
  readonly height: number;
  readonly letterbox: Letterbox;
  /** When the frame reached this program, on the clock of `performance.now()`. */
  readonly arrivedAtMs: number;
  /** Milliseconds the video decoder worked on it. */
  readonly decodeMs: number;
  /** Name of the picture's file where the source is a set of pictures. */
  readonly file?: string;
}

/** Pixels for people: RGB, 3 bytes a pixel, rows `stride` bytes apart. */
export interface DisplayImage {
  readonly width: number;
  readonly height: number;
  readonly stride: number;
  readonly data: Uint8Array; // [height, stride]
}

/**
 * A decoded picture and the right to its memory.
 * Owns: whoever holds it; the operator that consumes it calls `close()`. Until then its memory is
 * not used for a later frame, which is what slows a decoder down to its consumer.
 */
export interface Frame extends FrameInfo, Disposable {
  /** Letterboxed RGB for the model, uint8 [S, S, 3]; reading it after `close()` throws. */
  readonly image: Uint8Array;
  /** The picture at display size where the source was asked for it; dies with the frame. */
  readonly display?: DisplayImage | undefined;
  readonly closed: boolean;
  /** Sets `arrivedAtMs` and `capturedAt` to now: for who held the frame back on purpose, as a player does. */
  arrive(): void;
  /** Gives the memory back. Idempotent. */
  close(): void;
}

/** Counts of a frame's token work. */
export interface TokenCounts {
  /** Tokens proposed from the previous frame. */
  readonly drafted: number;
  /** Of these, the ones kept. */
  readonly accepted: number;
  /** Tokens read one after the other. */
  readonly decoded: number;
  /** Sequential decoder calls. */
  readonly passes: number;
}

/** Times of a frame, milliseconds. */
export interface FrameTiming {
  /** The video decoder's work on it. */
  readonly decodeMs: number;
  /** Between the frame's arrival and the start of its encoder run. */
  readonly queueMs: number;
  readonly encodeMs: number;
  /** From the frame's arrival to its first object; absent where nothing was found. */
  readonly firstObjectMs?: number;
  /** All decoder calls together. */
  readonly tokensMs: number;
}

/** The result of one frame, and the body of a `frame` message of the protocol. */
export interface FrameDetections {
  readonly type: 'frame';
  readonly source: string;
  readonly frame: number;
  readonly pts: number;
  readonly capturedAt: number;
  readonly width: number;
  readonly height: number;
  readonly file?: string;
  /** False where a time budget or an abort cut the frame short. */
  readonly final: boolean;
  readonly stop: StopReason;
  /** True where the scene had not moved and the objects are those of the last look, repeated. */
  readonly still?: boolean;
  /** Frames of this source dropped since the last result, by cause. */
  readonly skipped?: Readonly<Record<string, number>>;
  readonly detections: readonly Detection[];
  /** A sentence on the frame where it was asked for. */
  readonly caption?: string;
  readonly tokens: TokenCounts;
  readonly timing: FrameTiming;
}

/** An object of a frame that is still being read, and the body of an `object` message. */
export interface FoundObject {
  readonly type: 'object';
  readonly source: string;
  readonly frame: number;
  /** Position among the frame's detections so far. */
  readonly index: number;
  readonly detection: Detection;
}
