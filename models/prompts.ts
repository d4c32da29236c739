/** Outlines of an object: polygons in the order `ymin xmin ymax xmax class` asks for. */
export interface SegmentationPrompt {
  /** First token of the prompt; the object's five follow. */
  readonly token: number;
  /** Stands in both places of a point between two polygons. */
  readonly separator: number;
  /** Points of a response at the most, those that separate included. */
  readonly maxPoints: number;
}

/** Keypoints of an object, from a picture that shows it alone. */
export interface KeypointPrompt {
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
  readonly segmentation?: SegmentationPrompt;
  readonly keypoints?: KeypointPrompt;
  readonly caption?: CaptionPrompt;
}
