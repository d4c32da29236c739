import { Type } from 'typebox';
import { expectShape, unfit } from './configShape.ts';

const Token = Type.Integer({ minimum: 0 });
const Count = Type.Integer({ minimum: 1 });

const Segmentation = Type.Object({
  vocab_id: Token,
  max_points_per_object: Type.Integer({ minimum: 3 }),
  crop_to_bbox: Type.Boolean(),
});
const Keypoints = Type.Object({
  vocab_id: Token,
  crop_to_bbox: Type.Boolean(),
  crop_to_bbox_pad_scale: Type.Number({ minimum: 0 }),
});
const Captioning = Type.Object({ vocab_id: Token, max_seq_len: Count });

/** A task of `config.json`. */
export interface Task {
  readonly name: string;
}

/** What a checkpoint can be asked for besides detection; absent where it was not trained for it. */
export interface TaskPrompts {
  readonly segmentation?: {
    readonly token: number;
    /** Points of all polygons of an object, at most. */
    readonly maxPoints: number;
  };
  readonly keypoints?: {
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

/**
 * Reads the tasks besides detection. Outlines of a crop and keypoints of a whole picture, which no published
 * model was trained for, are left out.
 * @param file for messages   @param textBase as the model's part of the config has it
 * @throws PipelineError ERR_CHECKPOINT where a task lacks what the reference reads of it
 *
 * Source: google-research/pix2seq `configs/config_multi_task.py`
 */
export function taskPrompts(
  file: string,
  tasks: readonly Task[],
  textBase: number | undefined,
): TaskPrompts {
  const find = (name: string): Task | undefined => tasks.find((task) => task.name === name);
  return {
    ...outlines(file, find('instance_segmentation')),
    ...poses(file, find('keypoint_detection')),
    ...captions(file, find('captioning'), textBase),
  };
}

function outlines(file: string, task: Task | undefined): TaskPrompts {
  const read = task && expectShape(file, Segmentation, task);
  return read?.crop_to_bbox === false
    ? { segmentation: { token: read.vocab_id, maxPoints: read.max_points_per_object } }
    : {};
}

function poses(file: string, task: Task | undefined): TaskPrompts {
  const read = task && expectShape(file, Keypoints, task);
  return read?.crop_to_bbox === true
    ? { keypoints: { token: read.vocab_id, margin: read.crop_to_bbox_pad_scale } }
    : {};
}

function captions(file: string, task: Task | undefined, textBase: number | undefined): TaskPrompts {
  if (task === undefined) {
    return {};
  }
  if (textBase === undefined) {
    throw unfit(file, 'it captions, but /model/text_vocab_shift is missing');
  }
  const { vocab_id: token, max_seq_len: maxTokens } = expectShape(file, Captioning, task);
  return { caption: { token, textBase, maxTokens } };
}
