import type { FrameDetections } from '../../models/index.ts';
import { JSON_CODEC } from '../protocol/codec.ts';
import type { Codec } from '../protocol/codec.ts';
import type { DetectionFilter } from '../filters/detectionFilter.ts';

/** Forms, and filters, that are kept of a frame for others who have the same; what is rarer is written for each. */
const MAX_KEPT = 64;

/** How one subscription has its frames. */
export interface FrameForm {
  /** Equal for forms that are the same bytes. */
  readonly key: string;
  readonly id: string;
  readonly filter: DetectionFilter;
  readonly codec: Codec;
}

/** The form of a subscription's frames. */
export function createFrameForm(id: string, filter: DetectionFilter, codec: Codec): FrameForm {
  return { key: JSON.stringify([id, filter.key, codec.name]), id, filter, codec };
}

/**
 * One frame on its way to all clients. While it is the newest of its source it is written once for each
 * different form, not once for each client; after that only its text is kept, and it is written anew for
 * each of the few that still want it.
 */
export class PublishedFrame {
  readonly source: string;
  readonly seq: number;
  /** Index of the frame in its source. */
  readonly frame: number;
  /** Of what is kept of it, as UTF-8. */
  readonly numBytes: number;
  /** Everything but the id, as JSON without its opening brace: half the memory of the object. */
  readonly #json: string;
  /** While it is the newest: the object, messages by form, and what they have in common by filter. */
  #fresh:
    | {
        readonly body: FrameDetections;
        readonly messages: Map<string, Uint8Array>;
        readonly tails: Map<string, string>;
      }
    | undefined;

  /**
   * @param source name under which the frame is published, whatever the frame itself says
   * @param seq number of the message, from 1
   * @throws TypeError where the frame is not what its type says
   */
  constructor(source: string, seq: number, body: FrameDetections) {
    this.source = source;
    this.seq = seq;
    this.frame = body.frame;
    this.#json = this.#tail(body, body.detections.slice()); // throws where there are none, here and not later
    this.numBytes = Buffer.byteLength(this.#json);
    this.#fresh = { body, messages: new Map(), tails: new Map() };
  }

  /** Keeps the text only: a newer frame is there. */
  settle(): void {
    this.#fresh = undefined;
  }

  /** Writes the `frame` message of a form. @returns shared with others of the same form; not to be written to */
  encode(form: FrameForm): Uint8Array {
    const known = this.#fresh?.messages.get(form.key);
    if (known !== undefined) {
      return known;
    }
    const message = this.#write(form);
    keep(this.#fresh?.messages, form.key, message);
    return message;
  }

  #write({ id, filter, codec }: FrameForm): Uint8Array {
    const tails = this.#fresh?.tails;
    const tail = tails?.get(filter.key) ?? this.#filtered(filter);
    keep(tails, filter.key, tail);
    const json = `{"v":1,"type":"frame","id":${JSON.stringify(id)},${tail}`;
    return codec === JSON_CODEC ? Buffer.from(json) : codec.encode(JSON.parse(json) as object);
  }

  #filtered(filter: DetectionFilter): string {
    if (filter.passesAll) {
      return this.#json;
    }
    const body = this.#fresh?.body ?? (JSON.parse(`{${this.#json}`) as FrameDetections);
    const detections = filter.select(this.source, body.detections, body);
    return detections.length === body.detections.length ? this.#json : this.#tail(body, detections);
  }

  #tail(body: FrameDetections, detections: FrameDetections['detections']): string {
    const { type: _type, source: _source, ...rest } = body;
    const fields = { source: this.source, seq: this.seq, ...rest, detections };
    return JSON.stringify(fields).slice(1);
  }
}

function keep<T>(kept: Map<string, T> | undefined, key: string, value: T): void {
  if (kept !== undefined && kept.size < MAX_KEPT) {
    kept.set(key, value);
  }
}
