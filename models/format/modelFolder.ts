/** Reads a model folder: `model.json` beside `encoder.onnx` and `decoder.onnx`. */
import { constants, readFileSync } from 'node:fs';
import { access } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BUNDLED_MODEL } from '../core/detectorOptions.ts';
import { PipelineError } from '../core/errors.ts';
import { fileProblem } from '../core/fileProblem.ts';
import { readText } from '../core/readText.ts';
import type { ImageSpec, ModelInfo } from '../core/types.ts';

/** Of a description; a hundred thousand labels fit. */
const MAX_MEGABYTES = 4;

/** A model folder whose description is right; its graphs are not opened yet. */
export interface ModelFolder {
  readonly info: ModelInfo;
  readonly encoderFile: string;
  readonly decoderFile: string;
  /** The decoder that also tells where it looks; it need not be there. */
  readonly attentionFile: string;
  /** The pieces of text that captions are made of; it need not be there. */
  readonly piecesFile: string;
}

/** How the bundled model wants its pictures: what a source makes where nothing else is asked for. */
export function bundledImageSpec(): ImageSpec {
  const text = readFileSync(new URL('../nano/model.json', import.meta.url), 'utf8');
  const { size, pad } = (JSON.parse(text) as Pick<ModelInfo, 'image'>).image; // our own file, of which tests are sure
  return { size, pad };
}

/**
 * Reads and checks a model's description.
 * @param model `nano` for the bundled one, or a folder
 * @throws PipelineError ERR_MODEL_LOAD where a file is missing, ERR_MODEL_CONTRACT where a field is wrong
 */
export async function readModelFolder(model: string): Promise<ModelFolder> {
  const folder =
    model === BUNDLED_MODEL ? fileURLToPath(new URL('../nano', import.meta.url)) : resolve(model);
  const file = join(folder, 'model.json');
  const text = await readDescription(model, file);
  const { parseModelFile } = await import('./modelFile.ts'); // which takes its time to load
  const info = parseModelFile(file, text);
  const files = {
    encoderFile: join(folder, 'encoder.onnx'),
    decoderFile: join(folder, 'decoder.onnx'),
  };
  for (const graph of Object.values(files)) {
    await access(graph, constants.R_OK).catch((cause: unknown) => {
      const fact = `${file} is there, but ${graph} cannot be read: ${fileProblem(cause)}`;
      throw new PipelineError('ERR_MODEL_LOAD', fact, { cause });
    });
  }
  return {
    ...files,
    attentionFile: join(folder, 'attention.onnx'),
    piecesFile: join(folder, 'pieces.json'),
    info,
  };
}

async function readDescription(model: string, file: string): Promise<string> {
  try {
    return await readText(file, MAX_MEGABYTES);
  } catch (cause) {
    if (cause instanceof PipelineError) {
      throw cause;
    }
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') {
      const fact = `Cannot read ${file}: ${fileProblem(cause)}`;
      throw new PipelineError('ERR_MODEL_LOAD', fact, { cause });
    }
    throw new PipelineError(
      'ERR_MODEL_LOAD',
      `No model at \`${model}\`: expected a folder with model.json, encoder.onnx and decoder.onnx ` +
        `(looked for ${file}), or the name \`${BUNDLED_MODEL}\``,
      { cause },
    );
  }
}
