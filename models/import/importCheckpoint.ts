import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { OptionTable } from '../core/options.ts';
import { resolveOptions } from '../core/resolveOptions.ts';
import { readArchitecture } from './config/architecture.ts';
import { attentionGraph } from './graphs/attentionGraph.ts';
import { captionPieces, writePieces } from './text/captionPieces.ts';
import { openCheckpoint } from './checkpoint/tensorSource.ts';
import { CheckpointWeights } from './graphs/checkpointWeights.ts';
import { decoderGraph } from './graphs/decoderGraph.ts';
import { describeModel } from './describeModel.ts';
import { encoderGraph } from './graphs/encoderGraph.ts';
import { readLabels } from './labels/readLabels.ts';
import { PRECISIONS } from './onnx/graphBuilder.ts';
import type { Precision } from './onnx/graphBuilder.ts';
import { writeGraph, writeModel } from './onnx/writeModel.ts';

/** How a checkpoint is made into a model. */
export interface ImportOptions {
  /** Folder with `config.json`, `ckpt-N.index` and `ckpt-N.data-*`. */
  readonly checkpointDir: string;
  /** Folder of the model; made where it is not there, its files are written over. */
  readonly outDir: string;
  /** Side of the model's picture, pixels, 64 to 4096. Default: as it was trained. */
  readonly imageSize?: number | undefined;
  /** Of the weights and of what is computed with them. Default `float32`. */
  readonly precision?: Precision;
  /**
   * What the classes are called: `coco`, `objects365v1`, `objects365v2`, or a JSON file whose `categories` are
   * `{ id, name }`, as COCO's annotations have them. Default: COCO's where the checkpoint's config says so; others go
   * by their numbers.
   */
  readonly labels?: string | undefined;
  /**
   * SentencePiece model that captions are written with, for checkpoints that caption. Default: the official one,
   * `c4_en_32k_spm.model`, where the checkpoint's folder has it; without one captions are tokens only.
   */
  readonly textVocabulary?: string | undefined;
  /** Called after each weight that is written. */
  readonly onProgress?: ((done: number, total: number, what: string) => void) | undefined;
  /** Ends the import between two weights; what was written stays. */
  readonly signal?: AbortSignal | undefined;
}

const OPTIONS: OptionTable<ImportOptions> = {
  checkpointDir: { type: 'text', required: true },
  outDir: { type: 'text', required: true },
  imageSize: { type: 'integer', min: 64, max: 4096, unit: 'pixels' },
  precision: { type: 'choice', values: PRECISIONS, default: 'float32' },
  labels: { type: 'text' },
  textVocabulary: { type: 'text' },
  onProgress: { type: 'hook' },
  signal: { type: 'value' },
};

/** What was imported. */
export interface ImportResult {
  /** The folder, for `openDetector({ model })`. */
  readonly modelDir: string;
  /** `ResNet-50`, `ResNet-50-C4`, `ViT-B` or `ViT-L`. */
  readonly backbone: string;
  /** Numbers that were learnt. */
  readonly numParameters: number;
  /** False where the classes go by their numbers. */
  readonly areLabelsNamed: boolean;
  /** True where it captions and the text vocabulary was not there: captions are tokens only. */
  readonly isTextMissing: boolean;
  /** Tasks that it was trained for and can't be asked for here, each with the reason. */
  readonly leftOut: readonly string[];
}

/**
 * Makes a model folder of an official Pix2seq checkpoint. Every variable must find its place in the graphs
 * before anything is written; memory holds one weight at a time.
 * @throws PipelineError ERR_CHECKPOINT where it is damaged, of another kind, or not what its config says;
 * TypeError, RangeError of wrong options; the signal's reason
 */
export async function importCheckpoint(options: ImportOptions): Promise<ImportResult> {
  const { checkpointDir, outDir, precision, onProgress, signal } = resolveOptions(
    'importCheckpoint',
    OPTIONS,
    options,
  );
  const source = await openCheckpoint(checkpointDir);
  try {
    const architecture = await readArchitecture(checkpointDir);
    const { dataset, labelShift } = architecture;
    const { labels, areNamed } = await readLabels({ dataset, labelShift, names: options.labels });
    const pieces = await captionPieces(architecture, options);
    const imageSize = options.imageSize ?? architecture.imageSize;
    const weights = new CheckpointWeights(source);
    const encoder = encoderGraph(architecture, imageSize, weights, precision);
    const decoder = decoderGraph(architecture, encoder.numTokens, weights, precision);
    weights.finish();
    await mkdir(outDir, { recursive: true });
    const total = encoder.graph.weights.length + decoder.graph.weights.length;
    let done = 0;
    const onWeight = (name: string): void => onProgress?.(++done, total, name);
    const told = { onWeight, signal };
    const encoderFiles = await writeModel(encoder.graph, join(outDir, 'encoder.onnx'), told);
    const decoderFiles = await writeModel(decoder.graph, join(outDir, 'decoder.onnx'), told);
    const attention = attentionGraph(decoder, encoder.gridSize);
    const files = [
      ...encoderFiles,
      ...decoderFiles,
      await writeGraph(attention, join(outDir, 'attention.onnx'), decoderFiles[1]),
    ];
    files.push(...(await writePieces(pieces, outDir)));
    const description = describeModel(architecture, imageSize, labels, files);
    await writeFile(join(outDir, 'model.json'), `${JSON.stringify(description, undefined, 2)}\n`);
    const { numParameters } = weights;
    return {
      modelDir: outDir,
      backbone: architecture.backbone,
      numParameters,
      areLabelsNamed: areNamed,
      isTextMissing: architecture.otherTasks.prompts.caption !== undefined && pieces === undefined,
      leftOut: architecture.otherTasks.leftOut,
    };
  } finally {
    await source.close();
  }
}
