import { PipelineError } from '../../core/errors.ts';
import { concatTensors, float32Data, float32Tensor, int64Tensor } from '../session.ts';
import type { Session, Tensors } from '../session.ts';
import type { AttentionMap, ModelInfo } from '../../core/types.ts';
import type { Cache } from './cache.ts';

/** The next tokens of one frame. */
export interface Step {
  /** What the encoder made of the frame; borrowed. */
  readonly memory: Tensors;
  /** One or more. */
  readonly tokens: readonly number[]; // [T]
  /** The rows of all tokens before; borrowed while the step runs. */
  readonly cache: Cache;
}

/** What the decoder makes of a step's tokens; views, valid until the next run. */
export interface StepResult {
  readonly logits: Float32Array; // [T, V]
  readonly rows: Float32Array; // [T, C]
  /** Where each token looked, where the graph tells it. */
  readonly attention?: readonly AttentionMap[] | undefined; // [T]
}

/** The decoder graph as the engine sees it: the steps of one frame, or of several side by side. */
export class StepRunner {
  readonly #session: Session;
  readonly #model: ModelInfo;
  readonly #tellsAttention: boolean;
  /** The frames of the last run, and their memory side by side. */
  #frames: readonly Tensors[] = [];
  #memory: Tensors = {};

  /** @param session borrowed */
  constructor(session: Session, model: ModelInfo) {
    this.#session = session;
    this.#model = model;
    this.#tellsAttention = session.outputs.some(({ name }) => name === 'attention');
  }

  /**
   * Runs the graph once. Shorter pasts are padded in front, shorter steps behind.
   * @param steps of different frames, one or more
   * @param shared the memory of all of them where they are of one frame, in the place of their own; borrowed
   * @throws PipelineError ERR_MODEL_RUN, ERR_MODEL_CONTRACT
   */
  async run(steps: readonly Step[], shared?: Tensors): Promise<StepResult[]> {
    const B = steps.length;
    const T = Math.max(...steps.map(({ tokens }) => tokens.length));
    const P = Math.max(...steps.map(({ cache }) => cache.length));
    const C = this.#model.cacheWidth;
    const outputs = await this.#session.run({
      ...(shared ?? this.#memoryOf(steps)),
      tokens: int64Tensor(padBehind(steps, T), [B, T]),
      position: int64Tensor(
        steps.map(({ cache }) => cache.length),
        [B],
      ),
      past: float32Tensor(padInFront(steps, P, C), [B, P, C]),
    });
    const logits = this.#rowsOf(outputs, 'logits', B * T, this.#model.vocabulary.size);
    const rows = this.#rowsOf(outputs, 'rows', B * T, C);
    const maps = this.#tellsAttention ? attentionOf(outputs) : undefined;
    const share = (all: Float32Array, b: number): Float32Array => {
      const width = all.length / (B * T);
      return all.subarray(b * T * width, (b * T + (steps[b]?.tokens.length ?? 0)) * width);
    };
    return steps.map((_, b) => ({
      logits: share(logits, b),
      rows: share(rows, b),
      attention: maps?.slice(b * T, b * T + (steps[b]?.tokens.length ?? 0)),
    }));
  }

  #memoryOf(steps: readonly Step[]): Tensors {
    const frames = steps.map(({ memory }) => memory);
    const [only] = frames;
    if (frames.length === 1 && only !== undefined) {
      return only;
    }
    const isSame =
      frames.length === this.#frames.length && frames.every((f, i) => f === this.#frames[i]);
    if (!isSame) {
      this.#memory = concatTensors(frames); // as big as the frames' features: not at every step
      this.#frames = frames;
    }
    return this.#memory;
  }

  /** Checks what symbolic axes hide until a run. */
  #rowsOf(outputs: Tensors, name: string, numRows: number, width: number): Float32Array {
    const data = float32Data(outputs, name);
    if (data.length !== numRows * width) {
      throw new PipelineError(
        'ERR_MODEL_CONTRACT',
        `Expected output \`${name}\` of ${this.#session.file} to hold ${numRows} x ${width} numbers, ` +
          `got ${data.length}`,
      );
    }
    return data;
  }
}

/** @returns one map a token, B T of them; views */
function attentionOf(outputs: Tensors): AttentionMap[] {
  const [B = 0, T = 0, height = 0, width = 0] = outputs['attention']?.dims ?? [];
  const all = float32Data(outputs, 'attention');
  return Array.from({ length: B * T }, (_, i) => {
    const shares = all.subarray(i * height * width, (i + 1) * height * width);
    return { height, width, shares };
  });
}

/** @returns [B, T]; what follows a shorter step is read by none of its tokens */
function padBehind(steps: readonly Step[], T: number): number[] {
  return steps.flatMap(({ tokens }) => {
    const last = tokens.at(-1) ?? 0;
    return [...tokens, ...Array.from({ length: T - tokens.length }, () => last)];
  });
}

/** @returns [B, P, C]; zeros before a shorter past, which the graph does not look at */
function padInFront(steps: readonly Step[], P: number, C: number): Float32Array {
  const [only] = steps;
  if (steps.length === 1 && only !== undefined) {
    return only.cache.view();
  }
  const all = new Float32Array(steps.length * P * C);
  for (const [b, { cache }] of steps.entries()) {
    all.set(cache.view(), ((b + 1) * P - cache.length) * C);
  }
  return all;
}
