import { PipelineError } from '../models/errors.ts';
import type { DetectionFilter } from './detectionFilter.ts';
import { Interest } from './interest.ts';
import type { SubscribeMessage } from './messages.ts';

/** The subscriptions of one client, by id, in the order in which they were made. */
export class Interests implements Iterable<Interest> {
  readonly #byId = new Map<string, Interest>();
  readonly #epoch: string;
  readonly #maxSubscriptions: number;

  /** @param epoch the server's   @param maxSubscriptions 1 or more */
  constructor(epoch: string, maxSubscriptions: number) {
    this.#epoch = epoch;
    this.#maxSubscriptions = maxSubscriptions;
  }

  /**
   * Adds a subscription; an id in use replaces the one of that id.
   * @throws PipelineError ERR_CLIENT_PROTOCOL where there would be too many
   */
  add(message: SubscribeMessage): Interest {
    const { id } = message;
    if (!this.#byId.has(id) && this.#byId.size >= this.#maxSubscriptions) {
      const fact = `Expected at most ${this.#maxSubscriptions} subscriptions, got one more`;
      throw new PipelineError('ERR_CLIENT_PROTOCOL', fact, { details: { id } });
    }
    const interest = new Interest(message, this.#epoch);
    this.#byId.set(id, interest);
    return interest;
  }

  /** @throws PipelineError ERR_CLIENT_PROTOCOL where there is none of that id */
  remove(id: string): void {
    if (!this.#byId.delete(id)) {
      const fact = `Expected \`id\` of unsubscribe to be that of a subscription, got \`${id}\``;
      throw new PipelineError('ERR_CLIENT_PROTOCOL', fact, { details: { id } });
    }
  }

  /** The subscriptions whose names and globs fit a source. */
  matching(source: string): readonly Interest[] {
    return [...this].filter((interest) => interest.matches(source));
  }

  /** What the subscriptions that have begun with a source want to see of it; matches no globs. */
  filtersFor(source: string): readonly DetectionFilter[] {
    return [...this].filter((interest) => interest.follows(source)).map(({ filter }) => filter);
  }

  clear(): void {
    this.#byId.clear();
  }

  [Symbol.iterator](): Iterator<Interest> {
    return this.#byId.values();
  }
}
