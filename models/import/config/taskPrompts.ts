import { Type } from 'typebox';
import type { Static, TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { MAX_RESPONSE } from '../../core/prompts.ts';
import { mistakeIn } from './configShape.ts';

/** COCO's: the sequences of the published models have no others. */
const NUM_KEYPOINTS = 17;
/** Most of an object's size that its surroundings are cut out with, on each side. */
const MAX_MARGIN = 10;

/** A task of `config.json`. */
export interface Task {
  readonly name: string;
}

/** What a checkpoint can be asked for besides detection; absent where it was not trained for it. */
export interface TaskPrompts {
  readonly segment?: {
    readonly token: number;
    /** Points of all polygons of an object, at most. */
    readonly maxPoints: number;
  };
  readonly pose?: {
    readonly token: number;
    /** What the picture is cropped to besides the box: so much of its size, on each side. */
    readonly margin: number;
  };
  readonly caption?: {
    readonly token: number;
    /** Token of the first piece of text. */
    readonly textBase: number;
    /** Tokens of a caption, at most. */
    readonly maxTokens: number;
  };
}

/** What was read of the tasks besides detection. */
export interface OtherTasks {
  readonly prompts: TaskPrompts;
  /** What can't be asked, in words: the task, and why. */
  readonly leftOut: readonly string[];
}

/** What the tasks of a checkpoint have in common. */
export interface Shared {
  readonly vocabularySize: number;
  /** Of detection. */
  readonly bins: number;
  /** As the model's part of the config has it. */
  readonly textBase: number | undefined;
}

/**
 * Reads the tasks besides detection. Those that this engine can't ask are left out: outlines of a crop, keypoints
 * of a whole picture or other than COCO's, what is longer than a sequence, and whatever lacks a field.
 *
 * Source: google-research/pix2seq `configs/config_multi_task.py`
 */
export function taskPrompts(tasks: readonly Task[], shared: Shared): OtherTasks {
  const { vocabularySize, textBase = vocabularySize } = shared;
  const schemas = schemasOf(shared);
  const leftOut: string[] = [];
  const read = <T extends TSchema>(name: string, schema: T): Static<T> | undefined => {
    const task: unknown = tasks.find((each) => each.name === name);
    if (task === undefined || Value.Check(schema, task)) {
      return task;
    }
    leftOut.push(`${name}: ${mistakeIn(schema, task)}`);
    return undefined;
  };
  const segment = read('instance_segmentation', schemas.segment);
  const pose = read('keypoint_detection', schemas.pose);
  const caption = read('captioning', schemas.caption);
  const hasText = textBase + 1 < vocabularySize; // the second piece ends a caption
  if (caption !== undefined && !hasText) {
    leftOut.push('captioning: /model/text_vocab_shift leaves no tokens for text');
  }
  const prompts = {
    ...(segment && {
      segment: { token: segment.vocab_id, maxPoints: segment.max_points_per_object },
    }),
    ...(pose && { pose: { token: pose.vocab_id, margin: pose.crop_to_bbox_pad_scale } }),
    ...(caption &&
      hasText && {
        caption: { token: caption.vocab_id, textBase, maxTokens: caption.max_seq_len },
      }),
  };
  return { prompts, leftOut };
}

function schemasOf({ vocabularySize, bins }: Shared) {
  const vocab_id = Type.Integer({ minimum: 0, maximum: vocabularySize - 1 });
  const quantization_bins = Type.Optional(Type.Literal(bins));
  return {
    segment: Type.Object({
      vocab_id,
      quantization_bins,
      max_points_per_object: Type.Integer({ minimum: 3, maximum: MAX_RESPONSE / 2 }),
      crop_to_bbox: Type.Literal(false),
    }),
    pose: Type.Object({
      vocab_id,
      quantization_bins,
      max_points_per_object: Type.Optional(Type.Literal(NUM_KEYPOINTS)),
      crop_to_bbox: Type.Literal(true),
      crop_to_bbox_pad_scale: Type.Number({ minimum: 0, maximum: MAX_MARGIN }),
    }),
    caption: Type.Object({
      vocab_id,
      max_seq_len: Type.Integer({ minimum: 1, maximum: MAX_RESPONSE }),
    }),
  };
}
