import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Type } from 'typebox';
import type { Static } from 'typebox';
import { PipelineError, toError } from '../../core/errors.ts';
import { fileProblem } from '../../core/fileProblem.ts';
import { expectShape, unfit } from './configShape.ts';
import { MAX_RESPONSE } from '../../core/prompts.ts';
import { taskPrompts } from './taskPrompts.ts';
import type { OtherTasks, Task } from './taskPrompts.ts';

const Size = Type.Integer({ minimum: 1 });
/** The token that asks for detection in all published models; the configs of the first ones do not say it. */
const DETECT = 10;
const Detection = Type.Object({
  name: Type.String(),
  vocab_id: Type.Optional(Type.Integer({ minimum: 0 })),
  quantization_bins: Type.Integer({ minimum: 2 }),
  noise_bbox_weight: Type.Optional(Type.Number()),
  class_label_corruption: Type.Optional(Type.String()),
});

/** The part of the official `config.json` that decides how the model is made; the rest is of its training. */
const ConfigFile = Type.Object({
  dataset: Type.Optional(
    Type.Object({
      name: Type.Optional(Type.String()),
      tfds_name: Type.Optional(Type.String()),
      label_shift: Type.Optional(Type.Union([Type.Literal(0), Type.Literal(1)])),
    }),
  ),
  task: Type.Optional(Type.Object({ name: Type.String() })),
  tasks: Type.Optional(Type.Array(Type.Object({ name: Type.String() }))),
  model: Type.Object({
    // one number in the files of the first release, height and width later
    image_size: Type.Union([Size, Type.Array(Size, { minItems: 2, maxItems: 2 })]),
    resnet_variant: Type.Union([Type.Literal('c1'), Type.Literal('standard'), Type.Literal('c4')]),
    num_encoder_layers: Size,
    dim_att: Size,
    dim_mlp: Size,
    num_heads: Size,
    num_decoder_layers: Size,
    dim_att_dec: Size,
    dim_mlp_dec: Size,
    num_heads_dec: Size,
    max_seq_len: Type.Integer({ minimum: 6 + MAX_RESPONSE }), // a prompt and what may follow it
    vocab_size: Size,
    coord_vocab_shift: Size,
    text_vocab_shift: Type.Optional(Size),
    use_cls_token: Type.Literal(false),
    shared_decoder_embedding: Type.Literal(true),
    decoder_output_bias: Type.Literal(true),
    dec_proj_mode: Type.Literal('mlp'),
    pos_encoding: Type.Literal('sin_cos'),
    pos_encoding_dec: Type.Literal('learned'),
  }),
});

/** What counts where the encoder begins with patches. */
const Patches = Type.Object({ model: Type.Object({ patch_size: Type.Optional(Size) }) });
/** What counts where it begins with a ResNet. */
const Resnet = Type.Object({
  model: Type.Object({
    resnet_depth: Type.Optional(
      Type.Union([Type.Literal(50), Type.Literal(101), Type.Literal(152)]),
    ),
    resnet_width_multiplier: Type.Optional(Type.Number({ exclusiveMinimum: 0 })),
    resnet_sk_ratio: Type.Optional(Type.Literal(0)),
  }),
});

/** Sizes of a stack of transformer layers. */
export interface Transformer {
  readonly numLayers: number;
  readonly width: number;
  /** Width inside a feed-forward block. */
  readonly hidden: number;
  readonly numHeads: number;
}

/** How the encoder turns pixels into tokens. */
export type Stem =
  | { readonly kind: 'patches'; readonly patchSize: number }
  | {
      readonly kind: 'resnet';
      /** Bottleneck blocks of each group. */
      readonly groups: readonly number[];
      /** Channels of the first convolution, 64 in all published models. */
      readonly channels: number;
    };

/** What has to be known of a checkpoint to build its graphs. */
export interface Architecture {
  /** As the README of the reference names it. */
  readonly backbone: string;
  /** Side of the square picture, pixels. */
  readonly imageSize: number;
  readonly stem: Stem;
  readonly encoder: Transformer;
  /** Width inside the feed-forward block between encoder and decoder. */
  readonly projectionHidden: number;
  readonly decoder: Transformer;
  readonly maxTokens: number;
  readonly vocabularySize: number;
  readonly coordinateBase: number;
  readonly bins: number;
  /** Token that asks for detection. */
  readonly prompt: number;
  /** What it can be asked for besides, and why not more. */
  readonly otherTasks: OtherTasks;
  /** Objects behind the real ones were trained to be noise, so that the end token never came. */
  readonly isNoiseTrained: boolean;
  /** The class was never among the decoder's inputs, so that noise can be fed in its place. */
  readonly isClassInputFree: boolean;
  /** Names of the data set: where it has two, what the code calls it, and what TensorFlow Datasets does. */
  readonly dataset: string;
  /** What the data set adds to the ids of its classes. */
  readonly labelShift: 0 | 1;
}

/**
 * Reads the `config.json` beside a checkpoint.
 * @throws PipelineError ERR_CHECKPOINT where it is missing, or describes a model of another kind
 *
 * Source: google-research/pix2seq `configs/`, `models/ar_model.py`
 */
export async function readArchitecture(checkpointDir: string): Promise<Architecture> {
  const file = join(checkpointDir, 'config.json');
  let value: unknown;
  try {
    value = JSON.parse(await readFile(file, 'utf8'));
  } catch (cause) {
    const { code } = toError(cause) as NodeJS.ErrnoException;
    throw new PipelineError(
      'ERR_CHECKPOINT',
      code === 'ENOENT'
        ? `${file} is missing, which says how the model is made, and a server may not have given it: ` +
            'get it from where the checkpoint is, or write it as models/readme.md has it under `Without config.json`'
        : `Cannot read ${file}: ${fileProblem(cause)}`,
      { cause },
    );
  }
  const config = expectShape(file, ConfigFile, value);
  const tasks = [config.task ?? [], config.tasks ?? []].flat();
  const task = tasks.find(({ name }) => name === 'object_detection');
  if (task === undefined) {
    throw unfit(file, 'none of its tasks is object_detection');
  }
  return toArchitecture(file, config, expectShape(file, Detection, task), tasks);
}

function toArchitecture(
  file: string,
  config: Static<typeof ConfigFile>,
  task: Static<typeof Detection>,
  tasks: readonly Task[],
): Architecture {
  const { model, dataset } = config;
  const [height, width] =
    typeof model.image_size === 'number'
      ? [model.image_size, model.image_size]
      : [model.image_size[0], model.image_size[1]];
  if (height === undefined || height !== width) {
    throw unfit(file, `pictures are ${height} x ${width}, this engine's are square`);
  }
  const ratio = Math.floor(model.dim_mlp / model.dim_att);
  const ratioOfDecoder = Math.floor(model.dim_mlp_dec / model.dim_att_dec);
  return {
    ...stemOf(file, config),
    imageSize: height,
    encoder: {
      numLayers: model.num_encoder_layers,
      width: model.dim_att,
      hidden: model.dim_att * ratio,
      numHeads: model.num_heads,
    },
    projectionHidden: model.dim_att_dec * ratio, // the encoder's ratio, as the reference has it
    decoder: {
      numLayers: model.num_decoder_layers,
      width: model.dim_att_dec,
      hidden: model.dim_att_dec * ratioOfDecoder,
      numHeads: model.num_heads_dec,
    },
    maxTokens: model.max_seq_len,
    vocabularySize: model.vocab_size,
    coordinateBase: model.coord_vocab_shift,
    bins: task.quantization_bins,
    prompt: task.vocab_id ?? DETECT,
    otherTasks: taskPrompts(tasks, {
      vocabularySize: model.vocab_size,
      bins: task.quantization_bins,
      textBase: model.text_vocab_shift,
    }),
    isNoiseTrained: (task.noise_bbox_weight ?? 0) > 0,
    isClassInputFree: task.class_label_corruption === 'rand_n_fake_cls',
    dataset: [dataset?.name, dataset?.tfds_name].filter((name) => name !== undefined).join(', '),
    labelShift: dataset?.label_shift ?? 0,
  };
}

const GROUPS = { 50: [3, 4, 6, 3], 101: [3, 4, 23, 3], 152: [3, 8, 36, 3] } as const;

function stemOf(
  file: string,
  config: Static<typeof ConfigFile>,
): Pick<Architecture, 'backbone' | 'stem'> {
  const { resnet_variant: variant, num_encoder_layers: numLayers } = config.model;
  if (variant === 'c1') {
    const { patch_size: patchSize = 16 } = expectShape(file, Patches, config).model;
    return { backbone: numLayers > 12 ? 'ViT-L' : 'ViT-B', stem: { kind: 'patches', patchSize } };
  }
  const resnet = expectShape(file, Resnet, config).model;
  const { resnet_depth: depth = 50, resnet_width_multiplier: width = 1 } = resnet;
  const isC4 = variant === 'c4'; // without the last group: a finer grid
  const groups = GROUPS[depth].slice(0, isC4 ? 3 : 4);
  return {
    backbone: `ResNet-${depth}${isC4 ? '-C4' : ''}`,
    stem: { kind: 'resnet', groups, channels: 64 * width },
  };
}
