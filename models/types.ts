/** A box in pixels of the source frame, corners, `xmin <= xmax` and `ymin <= ymax`. */
export interface Box {
  readonly xmin: number;
  readonly ymin: number;
  readonly xmax: number;
  readonly ymax: number;
}

/** One object found in a frame. */
export interface Detection {
  readonly label: string;
  /** Index into the model's labels. */
  readonly classId: number;
  /** Probability of the class at the class position, softmax over the whole vocabulary, 0 to 1. */
  readonly score: number;
  readonly box: Box;
  /** Number of the object's track, unique per source and run; absent without tracking. */
  readonly trackId?: number;
  /** True where the object's tokens were accepted from the previous frame. */
  readonly reused?: boolean;
}

/** How a picture is fitted into the model's square input. */
export interface ImageSpec {
  /** Side of the square, pixels. */
  readonly size: number;
  /** Grey value of the padding, 0 to 255. */
  readonly pad: number;
}

/** Maps source pixels to model pixels: `model = source * scale`, both axes anchored top-left. */
export interface Letterbox {
  readonly scaleX: number;
  readonly scaleY: number;
}

/** Everything known of a frame but its pixels. */
export interface FrameInfo {
  /** Stable name of the video source. */
  readonly source: string;
  /** Index in the source, counted from 0 before any drop. */
  readonly index: number;
  /** Media time, seconds. */
  readonly pts: number;
  /** Wall clock, milliseconds since 1970; for files the time of decoding. */
  readonly capturedAt: number;
  /** Size of the source frame after rotation, pixels. */
  readonly width: number;
  readonly height: number;
  readonly letterbox: Letterbox;
  /** When the frame reached this program, on the clock of `performance.now()`. */
  readonly arrivedAtMs: number;
  /** Milliseconds the video decoder worked on it. */
  readonly decodeMs: number;
  /** Name of the picture's file where the source is a set of pictures. */
  readonly file?: string;
}

/** Pixels for people: RGB, 3 bytes a pixel, rows `stride` bytes apart. */
export interface DisplayImage {
  readonly width: number;
  readonly height: number;
  readonly stride: number;
  readonly data: Uint8Array; // [height, stride]
}

/**
 * A decoded picture and the right to its memory.
 * Owns: whoever holds it; the operator that consumes it calls `close()`. Until then its memory is
 * not used for a later frame, which is what slows a decoder down to its consumer.
 */
export interface Frame extends FrameInfo, Disposable {
  /** Letterboxed RGB for the model, uint8 [S, S, 3]; reading it after `close()` throws. */
  readonly image: Uint8Array;
  /** The picture at display size where the source was asked for it; dies with the frame. */
  readonly display?: DisplayImage | undefined;
  readonly closed: boolean;
  /** Sets `arrivedAtMs` and `capturedAt` to now: for who held the frame back on purpose, as a player does. */
  arrive(): void;
  /** Gives the memory back. Idempotent. */
  close(): void;
}

/** Why the reading-out of a frame ended. */
export type StopReason = 'eos' | 'noise' | 'maxObjects' | 'budget' | 'filter' | 'abort';

/** Counts of a frame's token work. */
export interface TokenCounts {
  /** Tokens proposed from the previous frame. */
  readonly drafted: number;
  /** Of these, the ones kept. */
  readonly accepted: number;
  /** Tokens read one after the other. */
  readonly decoded: number;
  /** Sequential decoder calls. */
  readonly passes: number;
}

/** Times of a frame, milliseconds. */
export interface FrameTiming {
  /** The video decoder's work on it. */
  readonly decodeMs: number;
  /** Between the frame's arrival and the start of its encoder run. */
  readonly queueMs: number;
  readonly encodeMs: number;
  /** From the frame's arrival to its first object; absent where nothing was found. */
  readonly firstObjectMs?: number;
  /** All decoder calls together. */
  readonly tokensMs: number;
}

/** The result of one frame, and the body of a `frame` message of the protocol. */
export interface FrameDetections {
  readonly type: 'frame';
  readonly source: string;
  readonly frame: number;
  readonly pts: number;
  readonly capturedAt: number;
  readonly width: number;
  readonly height: number;
  readonly file?: string;
  /** False where a time budget or an abort cut the frame short. */
  readonly final: boolean;
  readonly stop: StopReason;
  /** Frames of this source dropped since the last result, by cause. */
  readonly skipped?: Readonly<Record<string, number>>;
  readonly detections: readonly Detection[];
  readonly tokens: TokenCounts;
  readonly timing: FrameTiming;
}

/** An object of a frame that is still being read, and the body of an `object` message. */
export interface FoundObject {
  readonly type: 'object';
  readonly source: string;
  readonly frame: number;
  /** Position among the frame's detections so far. */
  readonly index: number;
  readonly detection: Detection;
}

/** One sequence read out by the decoder. */
export interface TokenSequence {
  /** Whole objects only, five tokens each, `[ymin, xmin, ymax, xmax, class]`; the class token is the arg-max class. */
  readonly tokens: Int32Array; // [5n]
  /** Probability of each object's class over the whole vocabulary. */
  readonly scores: Float32Array; // [n]
  readonly stop: StopReason;
  readonly final: boolean;
  readonly counts: TokenCounts;
  readonly tokensMs: number;
}

/** One object, as soon as its class is known. */
export interface ObjectTokens {
  readonly index: number;
  readonly tokens: readonly [number, number, number, number, number];
  readonly score: number;
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
  /** Noise probability above which an object counts as noise, 0 to 1; 1 turns the rule off. Default: the model's own. */
  readonly noiseThreshold?: number;
  /** Noise objects in a row that end the frame. Default: the model's own. */
  readonly noisePatience?: number;
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
  close(): Promise<void>;
}
