import { splitTensors, uint8Tensor } from '../session.ts';
import type { Session, Tensors } from '../session.ts';
import type { ModelInfo } from '../../core/types.ts';
import { expectImage } from './image.ts';

/** A picture whose turn is still to come. */
interface PendingPicture {
  readonly image: Uint8Array;
  readonly resolve: (memory: Tensors) => void;
  readonly reject: (reason: unknown) => void;
}

/** The encoder graph: a picture in, the frame's memory out; several at once where the graph takes them. */
export class Encoder {
  readonly #session: Session;
  readonly #model: ModelInfo;
  readonly #batch: number;
  #pending: PendingPicture[] = [];

  /** @param session borrowed   @param batch pictures in one run at the most; 1 where the graph's first axis is fixed */
  constructor(session: Session, model: ModelInfo, batch: number) {
    this.#session = session;
    this.#model = model;
    const axis = session.inputs.find(({ name }) => name === 'image')?.shape[0];
    this.#batch = typeof axis === 'string' ? batch : 1;
  }

  /**
   * Looks at one frame.
   * @param image uint8 [S, S, 3], letterboxed RGB; borrowed until the promise settles
   * @returns the `memory.*` tensors, opaque to the engine
   * @throws RangeError where the picture has another size, PipelineError ERR_MODEL_RUN
   */
  encode(image: Uint8Array): Promise<Tensors> {
    expectImage(image, this.#model.image.size);
    return new Promise((resolve, reject) => {
      this.#pending.push({ image, resolve, reject });
      if (this.#batch === 1) {
        void this.#run();
      } else if (this.#pending.length === 1) {
        setImmediate(() => void this.#run()); // what other sources sent meanwhile goes along
      }
    });
  }

  async #run(): Promise<void> {
    const { size } = this.#model.image;
    const frames = this.#pending.splice(0, this.#batch);
    const B = frames.length;
    const bytes = size * size * 3;
    // a copy, since onnxruntime-node 1.30 refuses memory shared between threads; one a run, since a
    // run looks at its pictures later, when the next may have come
    const images = new Uint8Array(B * bytes);
    frames.forEach(({ image }, b) => images.set(image, b * bytes));
    try {
      const memory = await this.#session.run({ image: uint8Tensor(images, [B, size, size, 3]) });
      const memories = B === 1 ? [memory] : splitTensors(memory, B);
      frames.forEach(({ resolve }, b) => resolve(memories[b] ?? memory));
    } catch (thrown) {
      frames.forEach(({ reject }) => reject(thrown));
    }
  }
}
