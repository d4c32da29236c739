import type { FrameMessage, GapMessage } from '../protocol/messages.ts';
import type { DetectionQuery, Gap } from './query.ts';

/** Sources that one subscription keeps count of; beyond, the one begun first is forgotten. */
const MAX_TRACKS = 1_000;

/** What a subscription knows of one source, as `seq`; each of them counts all that came before, too. */
interface Track {
  /** The last one delivered or announced as missing. */
  last: number;
  /** The last one the consumer is done with; a new connection goes on behind it. */
  done: number;
  /** The last one this connection has brought, repetitions included. */
  seen: number;
  /** The last one acknowledged on this connection. */
  acked: number;
}

/** One message for the consumer. */
export interface Arrival {
  readonly message: FrameMessage | Gap;
  /** To be called when the consumer is done with it; in the order of the arrivals. */
  readonly done: () => void;
}

/** What to count for. */
export interface ProgressConfig {
  readonly id: string;
  readonly query: DetectionQuery;
  /**
   * Called when there may be something new to acknowledge.
   * @param numUnacked messages of one source that may be acknowledged
   */
  readonly onDone: (numUnacked: number) => void;
}

/**
 * Counts what one subscription got of each source, over all its connections: leaves out repetitions, finds
 * holes, and knows where to go on. Pure bookkeeping: it sends nothing.
 */
export class Progress {
  readonly id: string;
  readonly #onDone: (numUnacked: number) => void;
  /** Whether each missing number counts; under `everyMs` they are missing by wish. */
  readonly #countsHoles: boolean;
  /** By source, in the order in which they began. */
  readonly #tracks = new Map<string, Track>();
  /** The epoch that all numbers are of; undefined before the first connection. */
  #epoch: string | undefined;

  constructor({ id, query, onDone }: ProgressConfig) {
    this.id = id;
    this.#onDone = onDone;
    this.#countsHoles = typeof query.policy !== 'object';
    this.#epoch = query.epoch;
    for (const [source, from] of Object.entries(query.fromSeq ?? {})) {
      this.#begin(source, Math.max(0, from - 1));
    }
  }

  /**
   * Begins with a new connection.
   * @param epoch the server's
   * @returns where this is another run of the server, a gap for each source: its numbers begin anew
   */
  connect(epoch: string): readonly Arrival[] {
    const hasRestarted = this.#epoch !== undefined && this.#epoch !== epoch;
    this.#epoch = epoch;
    return [...this.#tracks].flatMap(([source, track]) => {
      if (!hasRestarted) {
        track.seen = track.done;
        track.acked = track.done;
        return [];
      }
      const fresh = this.#begin(source, 0); // what the consumer is still at is of the old numbers
      return [this.#arrive(fresh, this.#gap(source, 0, 0, 'restart'), 0)];
    });
  }

  /** The first `seq` wanted of each source. */
  fromSeq(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#tracks].map(([source, { done }]) => [source, done + 1]));
  }

  /** Takes a message in. @returns what the consumer has not had yet, preceded by the hole before it */
  accept(message: FrameMessage | GapMessage): readonly Arrival[] {
    const { source } = message;
    const [from, to] =
      message.type === 'frame' ? [message.seq, message.seq] : [message.from, message.to];
    if (message.type === 'gap' && message.cause === 'restart') {
      return [this.#arrive(this.#begin(source, to), message, to)];
    }
    const track = this.#tracks.get(source) ?? this.#begin(source, from - 1);
    const expected = track.last + 1;
    track.seen = Math.max(track.seen, to);
    if (to < expected) {
      this.#tell(track); // it may be done with since an earlier connection
      return [];
    }
    track.last = to;
    const isHole = from > expected && this.#countsHoles;
    const hole = isHole ? [this.#gap(source, expected, from - 1, 'lost')] : [];
    const fresh =
      message.type === 'gap' && from < expected ? { ...message, from: expected } : message;
    return [...hole, fresh].map((one) => this.#arrive(track, one, one === fresh ? to : from - 1));
  }

  /** What is new to acknowledge, by source; it counts as acknowledged from then on. Empty where nothing is. */
  takeAcks(): Readonly<Record<string, number>> {
    const due = [...this.#tracks].filter(([, track]) => numUnacked(track) > 0);
    return Object.fromEntries(
      due.map(([source, track]) => {
        track.acked += numUnacked(track);
        return [source, track.acked];
      }),
    );
  }

  #begin(source: string, seq: number): Track {
    const track = { last: seq, done: seq, seen: seq, acked: seq };
    this.#tracks.set(source, track);
    if (this.#tracks.size > MAX_TRACKS) {
      const [oldest = source] = this.#tracks.keys();
      this.#tracks.delete(oldest);
    }
    return track;
  }

  #arrive(track: Track, message: FrameMessage | Gap, to: number): Arrival {
    const done = (): void => {
      track.done = Math.max(track.done, to);
      this.#tell(track);
    };
    return { message, done };
  }

  #tell(track: Track): void {
    this.#onDone(numUnacked(track));
  }

  #gap(source: string, from: number, to: number, cause: Gap['cause']): Gap {
    return { v: 1, type: 'gap', id: this.id, source, from, to, cause };
  }
}

/** Only what this connection has brought may be acknowledged on it. */
function numUnacked({ done, seen, acked }: Track): number {
  return Math.min(done, seen) - acked;
}
