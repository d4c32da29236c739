import type { Label } from '../core/types.ts';
import type { Architecture } from './config/architecture.ts';
import { cacheWidthOf } from './graphs/decoderGraph.ts';
import type { WrittenFile } from './onnx/writeModel.ts';
import { PAD_BYTE } from './graphs/pixels.ts';
import type { TaskPrompts } from './config/taskPrompts.ts';
import { END_PIECE } from './text/textVocabulary.ts';

/** Token of the first label; a hundred tokens before are kept for tasks and marks. */
const CLASS_BASE = 101;
/** The class of what is no object. */
const NOISE = 30;
/** Between the polygons of an object. */
const SEPARATOR = 40;
/** In place of both coordinates of a keypoint. */
const INVISIBLE = 41;
/** COCO's keypoints in the order that they are read in; of its labels only the first, people, has some. */
const KEYPOINTS: readonly string[] = [
  'nose, left_eye, right_eye, left_ear, right_ear, left_shoulder, right_shoulder, left_elbow',
  'right_elbow, left_wrist, right_wrist, left_hip, right_hip, left_knee, right_knee, left_ankle',
  'right_ankle',
].flatMap((line) => line.split(', '));
/** Taken off the end token's logit where it was never trained: the reference does not look at it either. */
const NEVER = 1e9;

/**
 * Makes the `model.json` of an imported checkpoint.
 * @param imageSize pixels   @param labels in the order of their tokens   @param files those written beside it
 *
 * Source: google-research/pix2seq `vocab.py`, `configs/config_det_finetune.py`
 */
export function describeModel(
  architecture: Architecture,
  imageSize: number,
  labels: readonly Label[],
  files: readonly WrittenFile[],
): Readonly<Record<string, unknown>> {
  const { backbone, dataset } = architecture;
  return {
    format: 1,
    name: `pix2seq-${backbone.toLowerCase()}-${imageSize}`,
    task: 'detection',
    image: { size: imageSize, channels: 'RGB', fit: 'contain', anchor: 'top-left', pad: PAD_BYTE },
    vocabulary: {
      size: architecture.vocabularySize,
      eos: 0,
      prompt: [architecture.prompt],
      noise: NOISE,
      classBase: CLASS_BASE,
      coordinateBase: architecture.coordinateBase,
      bins: architecture.bins,
    },
    sequence: {
      box: 'ymin xmin ymax xmax',
      classInput: architecture.isClassInputFree ? 'noise' : 'class',
    },
    cacheWidth: cacheWidthOf(architecture),
    decode: architecture.isNoiseTrained
      ? { eosOffset: NEVER, noiseThreshold: 0.9, noisePatience: 2 }
      : {},
    ...promptsOf(architecture.otherTasks.prompts, labels),
    labels,
    files: Object.fromEntries(files.map(({ name, sha256 }) => [name, { sha256 }])),
    license: 'Not stated for the weights; the code that trained them is Apache-2.0.',
    provenance:
      `Pix2seq ${backbone} (github.com/google-research/pix2seq), imported from a checkpoint of its authors' ` +
      `format, trained with ${dataset || 'a data set that its config.json does not name'}.`,
  };
}

/** Those that the checkpoint was trained for, with the tokens that all checkpoints have in common. */
function promptsOf(
  { segment, pose, caption }: TaskPrompts,
  labels: readonly Label[],
): { prompts?: object } {
  const people = labels.slice(0, 1).map(({ name }) => name);
  const prompts = {
    ...(segment && { segment: { ...segment, separator: SEPARATOR } }),
    ...(pose && {
      pose: { ...pose, invisible: INVISIBLE, names: KEYPOINTS, labels: people },
    }),
    ...(caption && { caption: { ...caption, eos: caption.textBase + END_PIECE } }),
  };
  return Object.keys(prompts).length === 0 ? {} : { prompts };
}
