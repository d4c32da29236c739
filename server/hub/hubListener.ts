import type { FoundObject, FrameDetections } from '../../models/index.ts';
import type { DetectionFilter } from '../filters/detectionFilter.ts';
import type { FrameSize } from '../filters/zones.ts';
import type { SourceStatus } from '../protocol/messages.ts';
import type { PublishedFrame } from './publishedFrame.ts';

/** Who is told about all sources. */
export interface HubListener {
  onAttached(status: SourceStatus): void;
  /**
   * @param result what the frame is of; under the name of its feed, its `source` may be another
   * @param nowMs monotonic time, the same for all
   */
  onFrame(frame: PublishedFrame, result: FrameDetections, nowMs: number): void;
  onObject(object: FoundObject, size: FrameSize): void;
  onStatus(status: SourceStatus): void;
  /** A source that went long ago is forgotten; one of that name would be a new one. */
  onForgotten(source: string): void;
  /** What it wants to see of a source. */
  filtersFor(source: string): readonly DetectionFilter[];
}
