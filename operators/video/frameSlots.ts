/** Numbers a free slot and a full one carry in the shared states. */
const FREE = 0;
const FULL = 1;

/** Memory that a decoder and its reader share: equal slots, each free or full. */
export interface SharedSlots {
  readonly numSlots: number;
  readonly slotBytes: number;
  readonly memory: SharedArrayBuffer; // [numSlots, slotBytes]
  readonly states: SharedArrayBuffer; // int32 [numSlots]
}

/**
 * The reader's side of a ring of pictures. A slot stays full until it is released, and the writer
 * waits for it: that is how back-pressure reaches the decoder.
 */
export class FrameSlots {
  readonly shared: SharedSlots;
  /** Called after each release, for a writer in the same thread. */
  onRelease: ((slot: number) => void) | undefined;
  readonly #states: Int32Array;
  #unblockedAtMs = 0;

  constructor(numSlots: number, slotBytes: number) {
    this.shared = {
      numSlots,
      slotBytes,
      memory: new SharedArrayBuffer(numSlots * slotBytes),
      states: new SharedArrayBuffer(numSlots * Int32Array.BYTES_PER_ELEMENT),
    };
    this.#states = new Int32Array(this.shared.states);
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

  /** Gives a slot back to the writer. */
  release(slot: number): void {
    if (this.#states.every((state) => state === FULL)) {
      this.#unblockedAtMs = performance.now();
    }
    Atomics.store(this.#states, slot, FREE);
    Atomics.notify(this.#states, slot);
    this.onRelease?.(slot);
  }
}

/** The writer's side: cuts a stream of bytes into pictures, slot after slot. */
export class SlotWriter {
  readonly #shared: SharedSlots;
  readonly #memory: Uint8Array;
  readonly #states: Int32Array;
  #slot = 0;
  /** Bytes of the current slot that are written. */
  #filled = 0;

  constructor(shared: SharedSlots) {
    this.#shared = shared;
    this.#memory = new Uint8Array(shared.memory);
    this.#states = new Int32Array(shared.states);
  }

  /**
   * Copies until the bytes or the free slots run out.
   * @param onPicture told the slot of each picture that is complete
   * @returns bytes taken
   */
  write(bytes: Uint8Array, onPicture: (slot: number) => void): number {
    const { slotBytes, numSlots } = this.#shared;
    let taken = 0;
    while (taken < bytes.length && Atomics.load(this.#states, this.#slot) === FREE) {
      const part = bytes.subarray(taken, taken + slotBytes - this.#filled);
      this.#memory.set(part, this.#slot * slotBytes + this.#filled);
      this.#filled += part.length;
      taken += part.length;
      if (this.#filled === slotBytes) {
        Atomics.store(this.#states, this.#slot, FULL);
        const complete = this.#slot;
        this.#slot = (complete + 1) % numSlots;
        this.#filled = 0;
        onPicture(complete);
      }
    }
    return taken;
  }

  /** Blocks this thread until the current slot is free. For worker threads only. */
  waitForSlot(): void {
    Atomics.wait(this.#states, this.#slot, FULL);
  }
}
