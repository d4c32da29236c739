import { uint8Tensor } from '../session.ts';
import type { Session, Tensors } from '../session.ts';
import type { ModelInfo } from '../types.ts';
import { expectImage } from './image.ts';

/** The encoder graph: a picture in, the frame's memory out. */
export class Encoder {
  readonly #session: Session;
  readonly #model: ModelInfo;
  /** The frame under way; a copy, since onnxruntime-node 1.30 refuses memory shared between threads. */
  readonly #image: Uint8Array; // [S, S, 3]

  /** @param session borrowed */
  constructor(session: Session, model: ModelInfo) {
    this.#session = session;
    this.#model = model;
    this.#image = new Uint8Array(model.image.size ** 2 * 3);
  }

  /**
   * Looks at one frame; one at a time.
   * @param image uint8 [S, S, 3], letterboxed RGB; borrowed until the promise settles
   * @returns the `memory.*` tensors, opaque to the engine
   * @throws RangeError where the picture has another size, PipelineError ERR_MODEL_RUN
   */
  async encode(image: Uint8Array): Promise<Tensors> {
    const { size } = this.#model.image;
    expectImage(image, size);
    this.#image.set(image);
    return this.#session.run({ image: uint8Tensor(this.#image, [1, size, size, 3]) });
  }
}
