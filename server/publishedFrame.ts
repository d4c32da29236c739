import type { FrameDetections } from '../models/index.ts';
import { createDetectionFilter } from './detectionFilter.ts';
import type { DetectionFilter } from './detectionFilter.ts';

/**
 * One frame on its way to all clients: written as JSON once for each different filter, not once
 * for each client. The unfiltered form is written at once, so that a frame that cannot be written
 * is found where it comes from.
 */
export class PublishedFrame {
  readonly source: string;
  readonly seq: number;
  /** Index of the frame in its source. */
  readonly frame: number;
  readonly #body: FrameDetections;
  /** The message without its beginning, by the filter's key. */
  readonly #tails = new Map<string, string>();

  /**
   * @param source name under which the frame is published, whatever the frame itself says
   * @param seq number of the message, from 1
   * @throws TypeError where the frame is not what its type says
   */
  constructor(source: string, seq: number, body: FrameDetections) {
    this.source = source;
    this.seq = seq;
    this.frame = body.frame;
    this.#body = body;
    this.encode('', createDetectionFilter());
  }

  /**
   * Writes the `frame` message of one subscription.
   * @param id the subscription
   * @returns JSON, UTF-8
   */
  encode(id: string, filter: DetectionFilter): Uint8Array {
    let tail = this.#tails.get(filter.key);
    if (tail === undefined) {
      const { type: _type, source: _source, ...rest } = this.#body;
      const detections = filter.select(rest.detections);
      const fields = { source: this.source, seq: this.seq, ...rest, detections };
      tail = JSON.stringify(fields).slice(1);
      this.#tails.set(filter.key, tail);
    }
    return Buffer.from(`{"v":1,"type":"frame","id":${JSON.stringify(id)},${tail}`);
  }
}
