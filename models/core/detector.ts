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

/**
 * How the previous frame's tokens are used. `off`: not at all. `exact`, `refine`: as guesses, which
 * saves calls and never changes what is read; `refine` guesses anew after a wrong one. `sticky`: the
 * rule itself prefers the previous token while it is nearly as probable, which saves more and keeps
 * boxes still. `tolerant`: the same for what is near the previous token, which saves most. These two leave out
 * an object that they have read already in the frame: one of the same class, with an IoU of 0.7 or more.
 */
export type Reuse = 'off' | 'exact' | 'refine' | 'sticky' | 'tolerant';

/** What somebody wants to know of a frame. */
export interface Demand {
  /** Labels that are of interest; all where absent. */
  readonly classes?: readonly string[] | undefined;
  /** Least score that is of interest, 0 to 1. Default 0. */
  readonly minScore?: number | undefined;
  /** So many objects of interest are enough, 1 to 100; without it the whole frame is wanted. */
  readonly limit?: number | undefined;
}

/** How a frame is read out. All fields are optional; unknown ones are a `TypeError`. */
export interface DecodeOptions {
  /** At most so many objects, 1 to 100. Default 100. */
  readonly maxObjects?: number;
  /** Nucleus mass, 0 to 1; 0 is arg-max. Default 0. */
  readonly topP?: number;
  /** Only the k most probable tokens, 0 for all. Default 0. */
  readonly topK?: number;
  /** Keeps coordinates at coordinate places, and EOS at the start of an object. Default true. */
  readonly typeMask?: boolean;
  /** Softmax temperature, above 0. Default 1. */
  readonly temperature?: number;
  /** Seed of the sampler, used where `topP` > 0. Default 0. */
  readonly seed?: number;
  /** Subtracted from the EOS logit, which delays the end. Default: the model's own. */
  readonly eosOffset?: number;
  /**
   * Noise probability above which an object counts as noise, 0 to 1; 1 turns the rule off. Default: the model's own.
   */
  readonly noiseThreshold?: number;
  /**
   * Noise objects in a row that end the frame; so do those that `sticky` and `tolerant` leave out. Default: the model's
   * own.
   */
  readonly noisePatience?: number;
  /** Tokens of the source's previous frame, `TokenSequence.tokens`. Default none. */
  readonly draft?: Int32Array;
  /**
   * What the draft is used for; where tokens are drawn at random, `sticky` and `tolerant` are `refine`. Default
   * `refine`.
   */
  readonly reuse?: Reuse;
  /**
   * For `sticky` and `tolerant`: least probability of the previous token, as a share of the most probable one's, above
   * 0 to 1. Default 0.1.
   */
  readonly stickiness?: number;
  /**
   * For `tolerant`: bins within which a coordinate counts as the previous one, 0 or more. Default a hundredth of the
   * bins.
   */
  readonly tolerance?: number;
  /** Tell where the decoder looked for each token; the model must have `attention.onnx`. Default false. */
  readonly attention?: boolean;
  /** What is asked for: once all of it is found, reading stops with `filter`. Default: everything. */
  readonly demand?: readonly Demand[];
  /** Time for a frame's tokens, milliseconds; 0 for no limit. Default 0. */
  readonly budgetMs?: number;
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

/** Execution provider of onnxruntime, or `auto` for the best that opens. */
export type Device = 'auto' | 'cpu' | 'webgpu' | 'cuda' | 'dml' | 'coreml';

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
