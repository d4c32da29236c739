/** Numbers a free slot and a full one carry in the shared states. */
const FREE = 0;
const FULL = 1;

/** Memory that a decoder and its reader share: equal slots, each free or full. */
export interface SharedPool {
  readonly numSlots: number;
  readonly slotBytes: number;
  readonly memory: SharedArrayBuffer; // [numSlots, slotBytes]
  readonly states: SharedArrayBuffer; // int32 [numSlots]
  /** Counts releases: what a writer that found no free slot waits for. */
  readonly releases: SharedArrayBuffer; // int32 [1]
}

/**
 * The reader's side of a store of pictures. A slot stays full until it is released, in any order, and
 * the writer waits while all are full: that is how back-pressure reaches the decoder.
 */
export class FramePool {
  readonly shared: SharedPool;
  /** Called after each release, for a writer in the same thread. */
  resumeWriter: ((slot: number) => void) | undefined;
  /** Called after each release and before the writer is, for a reader that counts its open frames. */
  onReleased: ((slot: number) => void) | undefined;
  readonly #states: Int32Array;
  readonly #releases: Int32Array;
  #unblockedAtMs = 0;

  constructor(numSlots: number, slotBytes: number) {
    this.shared = {
      numSlots,
      slotBytes,
      memory: new SharedArrayBuffer(numSlots * slotBytes),
      states: new SharedArrayBuffer(numSlots * Int32Array.BYTES_PER_ELEMENT),
      releases: new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT),
    };
    this.#states = new Int32Array(this.shared.states);
    this.#releases = new Int32Array(this.shared.releases);
  }

  /** The bytes of one slot, as a view. */
  bytes(slot: number): Uint8Array {
    const { memory, slotBytes } = this.shared;
    return new Uint8Array(memory, slot * slotBytes, slotBytes);
  }

  /** When the decoder last had to wait for a slot and got one, on the clock of `performance.now()`. */
  get unblockedAtMs(): number {
    return this.#unblockedAtMs;
  }

  /** Whether the decoder has to wait for a slot. */
  get isFull(): boolean {
    return this.#states.every((state) => state === FULL);
  }

  /** Gives a slot back to the writer. */
  release(slot: number): void {
    if (this.isFull) {
      this.#unblockedAtMs = performance.now();
    }
    Atomics.store(this.#states, slot, FREE);
    Atomics.add(this.#releases, 0, 1);
    Atomics.notify(this.#releases, 0);
    this.onReleased?.(slot);
    this.resumeWriter?.(slot);
  }
}

/** The writer's side: cuts a stream of bytes into pictures, slot after slot. */
export class PoolWriter {
  readonly #shared: SharedPool;
  readonly #memory: Uint8Array;
  readonly #states: Int32Array;
  readonly #releases: Int32Array;
  /** The slot that is being filled; while nothing is filled, the one that was last. */
  #slot = -1;
  /** Bytes of the current slot that are written. */
  #filled = 0;

  constructor(shared: SharedPool) {
    this.#shared = shared;
    this.#memory = new Uint8Array(shared.memory);
    this.#states = new Int32Array(shared.states);
    this.#releases = new Int32Array(shared.releases);
  }

  /**
   * Copies until the bytes or the free slots run out.
   * @param onPicture told the slot of each picture that is complete
   * @returns bytes taken
   */
  write(bytes: Uint8Array, onPicture: (slot: number) => void): number {
    const { slotBytes } = this.#shared;
    let taken = 0;
    while (taken < bytes.length && this.#hasSlot()) {
      const part = bytes.subarray(taken, taken + slotBytes - this.#filled);
      this.#memory.set(part, this.#slot * slotBytes + this.#filled);
      this.#filled += part.length;
      taken += part.length;
      if (this.#filled === slotBytes) {
        Atomics.store(this.#states, this.#slot, FULL);
        this.#filled = 0;
        onPicture(this.#slot);
      }
    }
    return taken;
  }

  /** Blocks this thread until there is a slot to write to. For worker threads only. */
  waitForSlot(): void {
    for (;;) {
      const releases = Atomics.load(this.#releases, 0);
      if (this.#hasSlot()) {
        return;
      }
      Atomics.wait(this.#releases, 0, releases);
    }
  }

  /** Stays with a slot that is begun; else turns to the next free one, the longest unused first. */
  #hasSlot(): boolean {
    const { numSlots } = this.#shared;
    for (let step = this.#filled > 0 ? 0 : 1; step <= numSlots; step++) {
      const slot = (this.#slot + step) % numSlots;
      if (Atomics.load(this.#states, slot) === FREE) {
        this.#slot = slot;
        return true;
      }
    }
    return false;
  }
}
