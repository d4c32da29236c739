/** Tokens of the longest response: the position tables of the published models hold 512, six of a prompt included. */
export const MAX_RESPONSE = 506;

/** Outlines of an object. */
export interface SegmentPrompt {
  /** First token of the prompt; the object's five follow. */
  readonly token: number;
  /** Stands in both places of a point between two polygons. */
  readonly separator: number;
  /** Points of a response at the most, those that separate included. */
  readonly maxPoints: number;
}

/** Keypoints of an object, from a picture that shows it alone. */
export interface PosePrompt {
  /** First token of the prompt; the object's five follow. */
  readonly token: number;
  /** Stands in both places of a point that cannot be told. */
  readonly invisible: number;
  /** What the points are, in the order of the response. */
  readonly names: readonly string[];
  /** Labels of the objects that have such points. */
  readonly labels: readonly string[];
  /** What the picture shows of the object's surroundings, as a share of its size, on each side. */
  readonly margin: number;
}

/** A sentence on the picture. */
export interface CaptionPrompt {
  /** The prompt. */
  readonly token: number;
  /** Token of the first piece of text. */
  readonly textBase: number;
  /** Ends the sentence. */
  readonly eos: number;
  readonly maxTokens: number;
}

/** The tasks that a model was trained for beside detection. */
export interface ModelPrompts {
  readonly segment?: SegmentPrompt;
  readonly pose?: PosePrompt;
  readonly caption?: CaptionPrompt;
}

/**
 * A question on a frame. `tokens` are the five of an object as `decode` reads them, `ymin xmin ymax xmax class`;
 * for keypoints they are of the picture that shows the object alone.
 */
export type Prompt =
  | { readonly task: 'segment'; readonly tokens: readonly number[] } // [5]
  | { readonly task: 'pose'; readonly tokens: readonly number[] } // [5]
  | { readonly task: 'caption' };

/** All of `PromptTask`. */
export const PROMPT_TASKS = ['segment', 'pose', 'caption'] as const;
/** What a model may be asked for beside detection. */
export type PromptTask = (typeof PROMPT_TASKS)[number];

/** How responses are read out. All fields are optional; unknown ones are a `TypeError`. */
export interface RespondOptions {
  /** Nucleus mass, 0 to 1; 0 is arg-max. Default 0. */
  readonly topP?: number;
  /** Only the k most probable tokens, 0 for all. Default 0. */
  readonly topK?: number;
  /** Softmax temperature, above 0. Default 1. */
  readonly temperature?: number;
  /** Seed of the sampler, used where `topP` > 0; prompt i of a call draws with `seed + i`. Default 0. */
  readonly seed?: number;
  /** Keeps to what may stand at a place of the task's responses. Default true. */
  readonly typeMask?: boolean;
  /** Tokens of a response at the most, 1 to 506; keypoints never have more than two a name. Default: the task's own. */
  readonly maxTokens?: number | undefined;
}

/** What responding needs to know from its caller beside the options. */
export interface RespondHooks {
  /** Ends the reading between two calls; the responses are what was read until then. */
  readonly signal?: AbortSignal;
}
