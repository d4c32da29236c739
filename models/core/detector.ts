import type { DecodeOptions } from './decodeOptions.ts';
import type { Device } from './detectorOptions.ts';
import type { ModelPrompts, Prompt, RespondHooks, RespondOptions } from './prompts.ts';
import type { ImageSpec, StopReason, TokenCounts } from './types.ts';

/** Where the decoder looked for one token: shares of the cells of a grid over the padded square. */
export interface AttentionMap {
  readonly height: number;
  readonly width: number;
  readonly shares: Float32Array; // [height, width]
}

/** One sequence read out by the decoder. */
export interface TokenSequence {
  /** Whole objects only, five tokens each, `[ymin, xmin, ymax, xmax, class]`; the class token is the arg-max class. */
  readonly tokens: Int32Array; // [5n]
  /** Probability of each object's class over the whole vocabulary. */
  readonly scores: Float32Array; // [n]
  /** 1 where an object's class is that of the draft, and so are the four tokens that stand in the cache for its box. */
  readonly reused: Uint8Array; // [n]
  /** Probability that each is noise, no object. */
  readonly noises: Float32Array; // [n]
  /** Index in the draft of the object that each goes on from, -1 for a new one. */
  readonly continues: Int32Array; // [n]
  readonly stop: StopReason;
  readonly final: boolean;
  readonly counts: TokenCounts;
  readonly tokensMs: number;
  /** Where the decoder looked for each token, where `attention` asked for it. */
  readonly attention?: readonly AttentionMap[]; // [5n]
}

/** One object, as soon as its class is known. */
export interface ObjectTokens {
  readonly index: number;
  readonly tokens: readonly [number, number, number, number, number];
  readonly score: number;
  /** Whether its class is that of the draft, and the four tokens that stand in the cache for its box as well. */
  readonly reused: boolean;
  /** Index in the draft of the object that it goes on from, -1 for a new one. */
  readonly continues: number;
}

/** A tensor's contents on the JavaScript side, for those who stand between encoder and decoder. */
export interface TensorData {
  readonly type: string;
  readonly dims: readonly number[];
  readonly data: ArrayBufferView;
}

/**
 * What the encoder made of one frame; its memory lives beside the detector.
 * Owns: the holder, who calls `close()`.
 */
export interface Features extends Disposable {
  readonly encodeMs: number;
  /** Copies the `memory.*` tensors out, by name. */
  read(): Promise<Readonly<Record<string, TensorData>>>;
  close(): void;
}

/** What decoding needs to know from its caller beside the options. */
export interface DecodeHooks {
  /** Called for each object as soon as its class is known. */
  readonly onObject?: (object: ObjectTokens) => void;
  /** Ends the reading between two calls; the result says `stop: 'abort'`. */
  readonly signal?: AbortSignal;
}

/** One class of a model. */
export interface Label {
  /** Id in the data set the model was trained on. */
  readonly id: number;
  readonly name: string;
}

/** The shared vocabulary of a model. */
export interface Vocabulary {
  readonly size: number;
  readonly eos: number;
  readonly prompt: readonly number[];
  readonly noise: number;
  readonly classBase: number;
  readonly coordinateBase: number;
  readonly bins: number;
}

/** A model as its `model.json` describes it. */
export interface ModelInfo {
  readonly name: string;
  readonly image: ImageSpec;
  readonly vocabulary: Vocabulary;
  readonly labels: readonly Label[];
  /** Width C of a cache row. */
  readonly cacheWidth: number;
  /** Whether class inputs carry no information, so that the noise id is fed and the class step is fused. */
  readonly fusedClassStep: boolean;
  readonly decode: Required<Pick<DecodeOptions, 'eosOffset' | 'noiseThreshold' | 'noisePatience'>>;
  /** What the model answers beside detection; empty where it was trained for nothing else. */
  readonly prompts: ModelPrompts;
}

/**
 * A loaded model: pictures in, tokens out. The same interface in this thread and behind a worker.
 * Runs are queued: one at a time, in order.
 */
export interface Detector extends AsyncDisposable {
  readonly model: ModelInfo;
  /** The execution provider that was opened. */
  readonly device: Exclude<Device, 'auto'>;
  /**
   * @param image uint8 [S, S, 3], borrowed until the promise settles
   * @throws PipelineError ERR_MODEL_RUN
   */
  encode(image: Uint8Array): Promise<Features>;
  /** Reads the objects out. Borrows `features`. */
  decode(features: Features, options?: DecodeOptions, hooks?: DecodeHooks): Promise<TokenSequence>;
  /**
   * Asks for more than objects, where the model was trained for it. The prompts of a call are read side by side.
   * Borrows `features`.
   * @param prompts 100 at the most
   * @returns one response a prompt, in order: vocabulary tokens without the prompt and without the end token
   * @throws TypeError, RangeError; PipelineError ERR_MODEL_LOAD where the model knows no such task, ERR_MODEL_RUN
   */
  respond(
    features: Features,
    prompts: readonly Prompt[],
    options?: RespondOptions,
    hooks?: RespondHooks,
  ): Promise<readonly Int32Array[]>;
  close(): Promise<void>;
}
