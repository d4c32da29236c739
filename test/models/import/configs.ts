import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryFolder } from './imported.ts';
import type { TemporaryFolder } from './imported.ts';
import { checkpointDir } from './reference.ts';

/** A `config.json`, as far as tests change it. */
export interface Config {
  readonly model: Readonly<Record<string, unknown>>;
  readonly task: Readonly<Record<string, unknown>>;
  readonly [key: string]: unknown;
}

const DECODER = { dim_att_dec: 512, dim_mlp_dec: 2048, num_heads_dec: 16 };

/** What the published models' configs say of their sizes. */
export const PUBLISHED: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'ResNet-50': {
    ...{ resnet_variant: 'standard', resnet_depth: 50, resnet_width_multiplier: 1 },
    ...{ num_encoder_layers: 6, dim_att: 256, dim_mlp: 1024, num_heads: 8 },
    ...{ num_decoder_layers: 6, dim_att_dec: 256, dim_mlp_dec: 1024, num_heads_dec: 8 },
  },
  'ResNet-50-C4': {
    ...{ resnet_variant: 'c4', resnet_depth: 50, resnet_width_multiplier: 1 },
    ...{ num_encoder_layers: 12, dim_att: 512, dim_mlp: 2048, num_heads: 16 },
    ...{ num_decoder_layers: 8, ...DECODER },
  },
  'ViT-B': {
    ...{ resnet_variant: 'c1', num_encoder_layers: 12 },
    ...{ dim_att: 768, dim_mlp: 3072, num_heads: 12, num_decoder_layers: 6, ...DECODER },
  },
  'ViT-L': {
    ...{ resnet_variant: 'c1', num_encoder_layers: 24 },
    ...{ dim_att: 1024, dim_mlp: 4096, num_heads: 16, num_decoder_layers: 8, ...DECODER },
  },
};

/** A task besides detection, as far as an import reads it. */
export interface OtherTask {
  readonly name: string;
  readonly vocab_id?: number;
  readonly max_points_per_object?: number;
  readonly crop_to_bbox?: boolean;
  readonly crop_to_bbox_pad_scale?: number;
  readonly max_seq_len?: number;
  readonly quantization_bins?: number;
}

/** Those of the published multi-task models. */
export const OTHER_TASKS: readonly [OtherTask, OtherTask, OtherTask] = [
  { name: 'instance_segmentation', vocab_id: 11, max_points_per_object: 128, crop_to_bbox: false },
  { name: 'keypoint_detection', vocab_id: 12, crop_to_bbox: true, crop_to_bbox_pad_scale: 0.5 },
  { name: 'captioning', vocab_id: 13, max_seq_len: 128 },
];

/** Copies a small checkpoint, its config changed as told. */
export async function withConfig(
  name: string,
  change: (config: Config) => unknown,
): Promise<TemporaryFolder> {
  const folder = await temporaryFolder();
  await cp(checkpointDir(name), folder.path, { recursive: true });
  const file = join(folder.path, 'config.json');
  const config = JSON.parse(await readFile(file, 'utf8')) as Config;
  await writeFile(file, JSON.stringify(change(config)));
  return folder;
}

/**
 * A config as the first released checkpoints have it, by what the reference's notebooks set before they use one, and by
 * its code of March 2022: no token that asks for detection, no list of tasks, data sets that are called as the task.
 */
export function asFirstReleased({ model, task, ...config }: Config): object {
  const { vocab_id: _token, weight: _weight, ...taskThen } = task;
  const { name: _name, text_vocab_shift: _text, pretrained_ckpt: _from, ...modelThen } = model;
  const { tasks: _tasks, datasets: _datasets, ...rest } = config;
  const dataset = {
    name: 'object_detection',
    tfds_name: 'coco/2017',
    train_split: 'train',
    eval_split: 'validation',
    coco_annotations_dir: 'annotations',
  };
  return { ...rest, dataset, model: { ...modelThen, image_size: 64 }, task: taskThen };
}
