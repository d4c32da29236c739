import type { Features } from '../../core/types.ts';
import type { Result } from './messages.ts';

/** What features need of the detector that made them; also tells whose they are. */
export interface Owner {
  read(features: number): Promise<Result>;
  release(features: number): void;
}

/** What an encoder in a worker made of a frame. */
export class WorkerFeatures implements Features {
  readonly owner: Owner;
  readonly id: number;
  readonly encodeMs: number;
  #closed = false;

  constructor(owner: Owner, id: number, encodeMs: number) {
    this.owner = owner;
    this.id = id;
    this.encodeMs = encodeMs;
  }

  async read(): ReturnType<Features['read']> {
    const result = await this.owner.read(this.id);
    return result as Awaited<ReturnType<Features['read']>>;
  }

  close(): void {
    if (!this.#closed) {
      this.#closed = true;
      this.owner.release(this.id);
    }
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
