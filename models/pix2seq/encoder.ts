import { uint8Tensor } from '../session.ts';
import type { Session, Tensors } from '../session.ts';
import type { ModelInfo } from '../types.ts';
import { expectImage } from './image.ts';

/** The encoder graph: a picture in, the frame's memory out. */
export class Encoder {
  readonly #session: Session;
  readonly #model: ModelInfo;

  /** @param session borrowed */
  constructor(session: Session, model: ModelInfo) {
    this.#session = session;
    this.#model = model;
  }

  /**
   * Looks at one frame.
   * @param image uint8 [S, S, 3], letterboxed RGB; borrowed until the promise settles
   * @returns the `memory.*` tensors, opaque to the engine
   * @throws RangeError where the picture has another size, PipelineError ERR_MODEL_RUN
   */
  async encode(image: Uint8Array): Promise<Tensors> {
    const { size } = this.#model.image;
    expectImage(image, size);
    return this.#session.run({ image: uint8Tensor(image, [1, size, size, 3]) });
  }
}
