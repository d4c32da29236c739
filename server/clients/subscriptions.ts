import { PipelineError } from '../../models/core/errors.ts';
import { suggest } from '../../models/core/validate.ts';
import type { Codec } from '../protocol/codec.ts';
import type { Counters } from '../hub/counters.ts';
import { createDetectionFilter } from '../filters/detectionFilter.ts';
import { Interest } from './subscription.ts';
import type { AckMessage, SubscribeMessage } from '../protocol/messages.ts';
import type { Zone } from '../filters/zones.ts';

/** What the subscriptions of one client share. */
export interface InterestsConfig {
  /** The server's. */
  readonly epoch: string;
  /** 1 or more. */
  readonly maxSubscriptions: number;
  readonly codec: Codec;
  /** Where their number is kept. */
  readonly counters: Counters;
  /** Those that the client may name. */
  readonly zones: readonly Zone[];
  /** Whether the client may know of a source. */
  readonly permits: (source: string) => boolean;
}

/** The subscriptions of one client, by id, in the order in which they were made. */
export class Interests implements Iterable<Interest> {
  readonly #byId = new Map<string, Interest>();
  readonly #config: InterestsConfig;

  constructor(config: InterestsConfig) {
    this.#config = config;
  }

  /**
   * Adds a subscription; an id in use replaces the one of that id.
   * @throws PipelineError ERR_CLIENT_PROTOCOL where there would be too many, or its words do not go together
   */
  add(message: SubscribeMessage): Interest {
    const { id } = message;
    const { maxSubscriptions, epoch, codec } = this.#config;
    if (!this.#byId.has(id) && this.#byId.size >= maxSubscriptions) {
      throw wrong(id, `Expected at most ${maxSubscriptions} subscriptions, got one more`);
    }
    if (message.window !== undefined && message.policy !== 'all') {
      throw wrong(id, 'Expected `window` of subscribe to go with `"policy": "all"`');
    }
    const zones = message.zones?.map((name) => this.#zone(id, name));
    const filter = createDetectionFilter({ ...message, zones });
    const interest = new Interest(message, { epoch, filter, codec });
    this.#config.counters.subscriptions += this.#byId.has(id) ? 0 : 1;
    this.#byId.set(id, interest);
    return interest;
  }

  /**
   * Takes note of what the client has worked on.
   * @returns the subscription
   * @throws PipelineError ERR_CLIENT_PROTOCOL where it was never sent, or is not counted
   */
  acknowledge({ id, seq }: AckMessage): Interest {
    const interest = this.#byId.get(id);
    if (interest === undefined) {
      throw wrong(id, `Expected \`id\` of ack to be that of a subscription, got \`${id}\``);
    }
    for (const [source, number] of Object.entries(seq)) {
      const problem = interest.acknowledge(source, number);
      if (problem !== undefined) {
        throw wrong(id, `Expected \`seq\` of ack ${problem}, got \`${number}\``);
      }
    }
    return interest;
  }

  /** @throws PipelineError ERR_CLIENT_PROTOCOL where there is none of that id */
  remove(id: string): void {
    if (!this.#byId.delete(id)) {
      throw wrong(id, `Expected \`id\` of unsubscribe to be that of a subscription, got \`${id}\``);
    }
    this.#config.counters.subscriptions -= 1;
  }

  /** The subscriptions whose names and globs fit a source, where the client may know of it. */
  matching(source: string): readonly Interest[] {
    return this.#config.permits(source)
      ? [...this].filter((interest) => interest.matches(source))
      : [];
  }

  /** The subscriptions that have begun with a source; matches no globs. */
  following(source: string): readonly Interest[] {
    return [...this].filter((interest) => interest.follows(source));
  }

  /** Forgets a source that went long ago. */
  forget(source: string): void {
    this.#byId.forEach((interest) => interest.forget(source));
  }

  clear(): void {
    this.#config.counters.subscriptions -= this.#byId.size;
    this.#byId.clear();
  }

  [Symbol.iterator](): Iterator<Interest> {
    return this.#byId.values();
  }

  #zone(id: string, name: string): Zone {
    const { zones } = this.#config;
    const zone = zones.find((one) => one.name === name);
    if (zone === undefined) {
      const known = zones.map((one) => one.name);
      const hint = known.length === 0 ? '; this server has none' : suggest(name, known);
      throw wrong(id, `Expected \`zones\` of subscribe to be known, got \`${name}\`${hint}`);
    }
    return zone;
  }
}

function wrong(id: string, line: string): PipelineError {
  return new PipelineError('ERR_CLIENT_PROTOCOL', line, { details: { id } });
}
