/** Whose connection it is, and how far it has come. */
export interface Place {
  readonly address: string;
  /** `waiting`: has yet to say its token. `leaving`: was told to go, and may take its time. */
  state: 'waiting' | 'inside' | 'leaving';
  /** Tells it to go, since others wait too. */
  readonly turnAway: (text: string) => void;
  /** Ends it without waiting for its farewell. */
  readonly cutOff: () => void;
}

/** How many there may be. */
export interface PlaceLimits {
  readonly maxClients: number;
  readonly maxClientsPerAddress: number;
  readonly maxWaiting: number;
}

/** The places of a server: who has one, and whether there is one left. */
export class Places {
  readonly #limits: PlaceLimits;
  /** In the order in which they came. */
  readonly #taken = new Set<Place>();

  constructor(limits: PlaceLimits) {
    this.#limits = limits;
  }

  /**
   * Why a further connection can't come in; undefined where it can. Those without a token take no place of
   * those who have one, wherever they come from: they wait apart.
   */
  refusal(address: string): string | undefined {
    const { maxClients, maxClientsPerAddress } = this.#limits;
    const inside = this.#in('inside');
    if (inside.length >= maxClients) {
      return `There are ${maxClients} clients already`;
    }
    return inside.filter((one) => one.address === address).length >= maxClientsPerAddress
      ? `There are ${maxClientsPerAddress} connections of this address already`
      : undefined;
  }

  /** Takes a place. Where too many wait then, the one goes that has waited longest, of the address with the most. */
  take(place: Place): void {
    this.#taken.add(place);
    const waiting = this.#in('waiting');
    if (waiting.length > this.#limits.maxWaiting) {
      const goes = longestOfMost(waiting.filter((one) => one !== place));
      goes?.turnAway('Too many wait for their token to be looked at');
    }
  }

  /**
   * Takes note that one has been told to go. It may take its time over that, but not together with many: one that
   * has never shown a token is cut off then.
   */
  dismiss(place: Place): void {
    if (place.state !== 'waiting') {
      return; // it keeps its place until it has gone, or more than there may be could be on their way out
    }
    place.state = 'leaving';
    const leaving = this.#in('leaving');
    const [longest] = leaving;
    if (longest !== undefined && leaving.length > this.#limits.maxWaiting) {
      this.leave(longest);
      longest.cutOff();
    }
  }

  /**
   * Gives one that has waited a place among the clients.
   * @returns why there is none, undefined where there is
   */
  admit(place: Place): string | undefined {
    const full = this.refusal(place.address);
    if (full === undefined) {
      place.state = 'inside';
    }
    return full;
  }

  /** Idempotent. */
  leave(place: Place): void {
    this.#taken.delete(place);
  }

  #in(state: Place['state']): readonly Place[] {
    return [...this.#taken].filter((one) => one.state === state);
  }
}

function longestOfMost(waiting: readonly Place[]): Place | undefined {
  const byAddress = new Map<string, Place[]>();
  for (const place of waiting) {
    byAddress.set(place.address, [...(byAddress.get(place.address) ?? []), place]);
  }
  const [most] = [...byAddress.values()].toSorted((a, b) => b.length - a.length);
  return most?.[0];
}
