/** Whose connection it is, and how far it has come. */
export interface Place {
  readonly address: string;
  /** `waiting`: has yet to say its token. `leaving`: was told to go, and may take its time. */
  state: 'waiting' | 'inside' | 'leaving';
  /** Tells it to go, since others wait too. */
  readonly turnAway: (text: string) => void;
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
   * Why a further connection can't come in; undefined where it can. One without a token takes no place of
   * those who have one: it may wait, and whoever has waited longest goes.
   */
  refusal(address: string, isWaiting: boolean): string | undefined {
    const { maxClients, maxClientsPerAddress } = this.#limits;
    if (this.#count((one) => one.address === address) >= maxClientsPerAddress) {
      return `There are ${maxClientsPerAddress} connections of this address already`;
    }
    return isWaiting ? undefined : this.#full(maxClients);
  }

  take(place: Place): void {
    const waiting = [...this.#taken].filter(({ state }) => state === 'waiting');
    const [longest] = waiting;
    if (
      place.state === 'waiting' &&
      longest !== undefined &&
      waiting.length >= this.#limits.maxWaiting
    ) {
      longest.state = 'leaving'; // or the next one would find it here, still on its way out
      longest.turnAway('Too many wait for their token to be looked at');
    }
    this.#taken.add(place);
  }

  /**
   * Gives one that has waited a place among the clients.
   * @returns why there is none, undefined where there is
   */
  admit(place: Place): string | undefined {
    const full = this.#full(this.#limits.maxClients);
    place.state = full === undefined ? 'inside' : 'leaving';
    return full;
  }

  /** Idempotent. */
  leave(place: Place): void {
    this.#taken.delete(place);
  }

  #full(maxClients: number): string | undefined {
    return this.#count(({ state }) => state === 'inside') >= maxClients
      ? `There are ${maxClients} clients already`
      : undefined;
  }

  #count(has: (place: Place) => boolean): number {
    let count = 0;
    for (const place of this.#taken) {
      count += has(place) ? 1 : 0;
    }
    return count;
  }
}
