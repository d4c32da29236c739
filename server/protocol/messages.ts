/**
 * The messages of protocol v1 as types; nothing here runs, so the viewer and the client may import it.
 * The same messages as JSON Schema are in `schema.ts`, which the compiler holds against these types.
 */
import type { SourceState } from '../../models/core/sourceState.ts';
import type { Detection, FoundObject, FrameDetections } from '../../models/core/types.ts';

export type { SourceState } from '../../models/core/sourceState.ts';

/** The news that a source changed its state, and the body of a `status` message. */
export interface SourceStatus {
  readonly type: 'status';
  readonly source: string;
  readonly state: SourceState;
  /** Why, in words for people; empty where there is nothing to say. */
  readonly reason: string;
}

/**
 * What became of a source's frames since it was added:
 * `frames = delivered + all of dropped + errors + inFlight`, at any moment.
 */
export interface FrameCounts {
  /** Frames that came in. */
  readonly frames: number;
  /** Frames with a result. */
  readonly delivered: number;
  /** Frames left out on purpose, by cause, such as `busy`, `idle` and `stopped`; a cause without any is absent. */
  readonly dropped: Readonly<Record<string, number>>;
  /** Frames that could not be read. */
  readonly errors: number;
  /** Frames that wait or are being read. */
  readonly inFlight: number;
}

/** One source as `hello` and `/v1/sources` describe it. */
export interface SourceInfo {
  readonly name: string;
  readonly state: SourceState;
  /** Why, in words for people, as in the last `status`; absent where there is nothing to say. */
  readonly reason?: string;
  /** Size of the last frame, pixels; absent before the first one. */
  readonly width?: number;
  readonly height?: number;
  /** Frame messages per second over the last seconds; absent while unknown. */
  readonly rate?: number;
  /** What became of its frames; absent where its feed does not count them. */
  readonly counts?: FrameCounts;
}

/** Where the decoder looked to read one object. */
export interface ObjectAttention {
  readonly detection: Detection;
  /** A grid over the picture, from its upper left corner; the last cells may reach beyond its edges. */
  readonly columns: number;
  readonly rows: number;
  /** Size of a cell, pixels of the source. */
  readonly cellWidth: number;
  readonly cellHeight: number;
  /** Base64 of a byte a cell, row by row: the mean of the object's five tokens, 255 where it is most. */
  readonly heat: string;
}

/** The answer of `/v1/sources/NAME/attention`: one frame, read anew for who asks. */
export interface SourceAttention {
  readonly source: string;
  /** Index of the frame, as in the messages of the same source. */
  readonly frame: number;
  /** Size of the frame, pixels. */
  readonly width: number;
  readonly height: number;
  /** Base64 of a JPEG of that frame; absent where the source has no pictures. */
  readonly picture?: string;
  readonly objects: readonly ObjectAttention[];
}

/** A named part of the picture that subscriptions can ask for. */
export interface ZoneInfo {
  readonly name: string;
  /** Names of the sources it is of, `*` for any characters and `?` for one. */
  readonly source: string;
  /** Its corners in order; x and y from 0 to 1 of the picture's width and height. */
  readonly points: readonly (readonly [x: number, y: number])[];
}

/** The greeting, sent once and first. */
export interface HelloMessage {
  readonly v: 1;
  readonly type: 'hello';
  /** Version of the server's package. */
  readonly version: string;
  /** Random per run of the server; a new one means that every `seq` began anew. */
  readonly epoch: string;
  readonly sources: readonly SourceInfo[];
  /** Absent where the server has none. */
  readonly zones?: readonly ZoneInfo[];
}

/** Answers `subscribe`. */
export interface SubscribedMessage {
  readonly v: 1;
  readonly type: 'subscribed';
  readonly id: string;
}

/** Answers `unsubscribe`. */
export interface UnsubscribedMessage {
  readonly v: 1;
  readonly type: 'unsubscribed';
  readonly id: string;
}

/** The result of one frame, for one subscription. */
export interface FrameMessage extends FrameDetections {
  readonly v: 1;
  /** The subscription it belongs to. */
  readonly id: string;
  /** Counts the frame messages of the source from 1, +1 each, per epoch. */
  readonly seq: number;
}

/** One object of a frame that is not finished yet, for one subscription. */
export interface ObjectMessage extends FoundObject {
  readonly v: 1;
  readonly id: string;
}

/** Why frames are missing: the client was `slow`, they were gone (`evicted`), or numbering began anew (`restart`). */
export type GapCause = 'slow' | 'evicted' | 'restart';

/** Announces frame messages of a source that this subscription will not get. */
export interface GapMessage {
  readonly v: 1;
  readonly type: 'gap';
  readonly id: string;
  readonly source: string;
  /** First missing `seq`, inclusive. */
  readonly from: number;
  /** Last missing `seq`, inclusive; 0 after a restart that has sent nothing yet. */
  readonly to: number;
  readonly cause: GapCause;
}

/** A source of one of the client's subscriptions changed its state. */
export interface StatusMessage extends SourceStatus {
  readonly v: 1;
}

/** Says what was wrong with a client's message. The connection stays open. */
export interface ErrorMessage {
  readonly v: 1;
  readonly type: 'error';
  readonly code: string;
  readonly message: string;
  /** The id in the client's message, where it had one. */
  readonly id?: string;
}

/** Everything a server sends on `/v1`. */
export type ServerMessage =
  | HelloMessage
  | SubscribedMessage
  | UnsubscribedMessage
  | FrameMessage
  | ObjectMessage
  | GapMessage
  | StatusMessage
  | ErrorMessage;

/** How frames are thinned where the client is too slow, or by its own wish. */
export type Policy = 'latest' | 'all' | { readonly everyMs: number };

/** Asks for the messages of some sources; an id in use replaces the subscription of that id. */
export interface SubscribeMessage {
  readonly v?: 1;
  readonly type: 'subscribe';
  readonly id: string;
  /** Names of sources, `*` for any characters and `?` for one. Default: all sources. */
  readonly sources?: readonly string[];
  /** Only detections with one of these labels. Default: all. */
  readonly classes?: readonly string[];
  /** Only detections with at least this score, 0 to 1. Default 0. */
  readonly minScore?: number;
  /** Only detections with one of these track numbers. Default: all. */
  readonly tracks?: readonly number[];
  /** Only detections in one of these zones: the middle of the box's lower edge counts. Default: everywhere. */
  readonly zones?: readonly string[];
  /** So many detections of a frame are enough, 1 to 100: the first ones that pass. Default: all. */
  readonly limit?: number;
  /** Also partial `object` messages. Default false. */
  readonly objects?: boolean;
  /** Default `latest`. */
  readonly policy?: Policy;
  /** Policy `all` only: frames of a source that may be unacknowledged at a time, 1 to 10,000. Default: no limit. */
  readonly window?: number;
  /** Begin with the newest frame that there is of each source, not with the next one. Default false. */
  readonly snapshot?: boolean;
  /** First `seq` wanted, by source; what is gone of it is announced by a `gap`. */
  readonly fromSeq?: Readonly<Record<string, number>>;
  /** The epoch `fromSeq` belongs to. Default: the server's. */
  readonly epoch?: string;
}

/** Ends a subscription. */
export interface UnsubscribeMessage {
  readonly v?: 1;
  readonly type: 'unsubscribe';
  readonly id: string;
}

/** Tells which frames of a subscription with a `window` have been worked on. */
export interface AckMessage {
  readonly v?: 1;
  readonly type: 'ack';
  readonly id: string;
  /** By source, the last `seq` of those; all before it are acknowledged too. */
  readonly seq: Readonly<Record<string, number>>;
}

/** Says a token, as the first message; it means nothing where none is asked for, or later. */
export interface AuthMessage {
  readonly v?: 1;
  readonly type: 'auth';
  readonly token: string;
}

/** Everything a client may send on `/v1`. */
export type ClientMessage = SubscribeMessage | UnsubscribeMessage | AckMessage | AuthMessage;
