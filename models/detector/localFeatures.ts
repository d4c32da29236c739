import { tensorData } from '../engine/session.ts';
import type { Tensors } from '../engine/session.ts';
import type { Features } from '../core/types.ts';
import { expectThat } from '../core/validate.ts';

/** What an encoder of this thread made of a frame. */
export class LocalFeatures implements Features {
  readonly encodeMs: number;
  #memory: Tensors | undefined;

  constructor(memory: Tensors, encodeMs: number) {
    this.#memory = memory;
    this.encodeMs = encodeMs;
  }

  get memory(): Tensors {
    expectThat(this.#memory !== undefined, 'features are used before they are closed');
    return this.#memory;
  }

  async read(): ReturnType<Features['read']> {
    const entries = Object.entries(this.memory).map(([name, t]) => [name, tensorData(t)] as const);
    return Object.fromEntries(entries);
  }

  close(): void {
    this.#memory = undefined;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
