import type { Observable } from 'rxjs';
import type { OptionTable } from '../../models/core/options.ts';
import type { FoundObject, FrameDetections } from '../../models/index.ts';
import type { FrameCounts, SourceAttention, SourceStatus } from '../protocol/messages.ts';

/** One picture of a source. */
export interface Picture {
  /** Index of the frame in the source. */
  readonly frame: number;
  /** A whole JPEG; must not be written to again. */
  readonly jpeg: Uint8Array;
}

/**
 * The news that a source gave a frame, whether or not it is read: it makes the source `online` and
 * tells its size. Clients are told the state only. Once a source has told one, its results no longer
 * make it `online`: that of a frame read to its end may come after the news that the source is lost.
 */
export interface FrameArrival {
  readonly type: 'arrival';
  /** Size of the frame, pixels. */
  readonly width: number;
  readonly height: number;
}

/** Everything a source may tell. */
export type SourceEvent = FrameDetections | FoundObject | SourceStatus | FrameArrival;

/** A video source as the server sees it. */
export interface SourceFeed {
  /** Stable name, unique among the sources attached; it replaces the `source` of the events. */
  readonly name: string;
  /**
   * Everything to be told about the source; subscribed to once, at once. An error makes the source
   * `offline` with the error's message as the reason, completion makes it `ended`.
   */
  readonly events$: Observable<SourceEvent>;
  /** The source's pictures; subscribed to only while a client watches them. */
  readonly pictures$?: Observable<Picture> | undefined;
  /**
   * Where the decoder looks; each subscription has the next frame read for it, and gets one answer, or none
   * where there was no frame in time. Subscribed to only while a client asks, once at a time per server.
   * ERR_MODEL_LOAD says that the model cannot tell.
   */
  readonly attention$?: Observable<SourceAttention> | undefined;
  /** Asked for what became of its frames whenever the source is described. */
  readonly counts?: (() => FrameCounts) | undefined;
}

/** The table of {@link SourceFeed}; whoever uses them checks them. */
export const FEED_OPTIONS: OptionTable<SourceFeed> = {
  name: { type: 'value', required: true },
  events$: { type: 'value', required: true },
  pictures$: { type: 'value' },
  attention$: { type: 'value' },
  counts: { type: 'hook' },
};
