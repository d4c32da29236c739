/** Reads a model folder: `model.json` beside `encoder.onnx` and `decoder.onnx`. */
import { readFileSync } from 'node:fs';
import { access, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Type } from 'typebox';
import type { Static } from 'typebox';
import { Pointer, Value } from 'typebox/value';
import { PipelineError } from './errors.ts';
import { MAX_RESPONSE } from './prompts.ts';
import type { ImageSpec, ModelInfo } from './types.ts';

/** The name of the model inside this package. */
export const BUNDLED_MODEL = 'nano';

/** How much of a wrong value a message repeats, characters. */
const MAX_SHOWN = 60;

/** Two tokens a point. */
const MAX_POINTS = MAX_RESPONSE / 2;

const Whole = Type.Integer({ minimum: 0 });

const Prompts = Type.Object({
  segment: Type.Optional(
    Type.Object({
      token: Whole,
      separator: Whole,
      maxPoints: Type.Integer({ minimum: 3, maximum: MAX_POINTS }),
    }),
  ),
  pose: Type.Optional(
    Type.Object({
      token: Whole,
      invisible: Whole,
      names: Type.Array(Type.String({ minLength: 1 }), { minItems: 1, maxItems: MAX_POINTS }),
      labels: Type.Array(Type.String(), { minItems: 1 }),
      margin: Type.Number({ minimum: 0, maximum: 10 }),
    }),
  ),
  caption: Type.Optional(
    Type.Object({
      token: Whole,
      textBase: Whole,
      eos: Whole,
      maxTokens: Type.Integer({ minimum: 1, maximum: MAX_RESPONSE }),
    }),
  ),
});

/** What `model.json` must hold; further keys (licence, provenance, metrics) are for people. */
const ModelFile = Type.Object({
  format: Type.Literal(1),
  name: Type.String({ minLength: 1 }),
  task: Type.Literal('detection'),
  image: Type.Object({
    size: Type.Integer({ minimum: 32, maximum: 4096 }),
    channels: Type.Literal('RGB'),
    fit: Type.Literal('contain'),
    anchor: Type.Literal('top-left'),
    pad: Type.Integer({ minimum: 0, maximum: 255 }),
  }),
  vocabulary: Type.Object({
    size: Type.Integer({ minimum: 1 }),
    eos: Whole,
    prompt: Type.Array(Whole, { minItems: 1 }),
    noise: Whole,
    classBase: Whole,
    coordinateBase: Whole,
    bins: Type.Integer({ minimum: 2 }),
  }),
  sequence: Type.Object({
    box: Type.Literal('ymin xmin ymax xmax'),
    classInput: Type.Union([Type.Literal('noise'), Type.Literal('class')]),
  }),
  cacheWidth: Type.Integer({ minimum: 1 }),
  labels: Type.Array(Type.Object({ id: Whole, name: Type.String() }), { minItems: 1 }),
  decode: Type.Optional(
    Type.Object({
      eosOffset: Type.Optional(Type.Number()),
      noiseThreshold: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
      noisePatience: Type.Optional(Type.Integer({ minimum: 1 })),
    }),
  ),
  prompts: Type.Optional(Prompts),
});

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
  const file = fileURLToPath(new URL('./nano/model.json', import.meta.url));
  const { size, pad } = parseModelFile(file, readFileSync(file, 'utf8')).image;
  return { size, pad };
}

/**
 * Reads and checks a model's description.
 * @param model `nano` for the bundled one, or a folder
 * @throws PipelineError ERR_MODEL_LOAD where a file is missing, ERR_MODEL_CONTRACT where a field is wrong
 */
export async function readModelFolder(model: string): Promise<ModelFolder> {
  const folder =
    model === BUNDLED_MODEL ? fileURLToPath(new URL('./nano', import.meta.url)) : resolve(model);
  const file = join(folder, 'model.json');
  const described = parseModelFile(file, await readText(model, file));
  const files = {
    encoderFile: join(folder, 'encoder.onnx'),
    decoderFile: join(folder, 'decoder.onnx'),
  };
  for (const graph of Object.values(files)) {
    await access(graph).catch(() => {
      throw new PipelineError('ERR_MODEL_LOAD', `${file} is there but ${graph} is missing`);
    });
  }
  return {
    ...files,
    attentionFile: join(folder, 'attention.onnx'),
    piecesFile: join(folder, 'pieces.json'),
    info: toInfo(described),
  };
}

async function readText(model: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new PipelineError(
      'ERR_MODEL_LOAD',
      `No model at \`${model}\`: expected a folder with model.json, encoder.onnx and decoder.onnx ` +
        `(looked for ${file}), or the name \`${BUNDLED_MODEL}\``,
      { cause },
    );
  }
}

function parseModelFile(file: string, text: string): Static<typeof ModelFile> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new PipelineError('ERR_MODEL_CONTRACT', `${file} is not JSON`, { cause });
  }
  if (Value.Check(ModelFile, value)) {
    return value;
  }
  throw new PipelineError(
    'ERR_MODEL_CONTRACT',
    `${file} is no model description: ${firstMistake(value)}`,
  );
}

function firstMistake(value: unknown): string {
  const errors = Value.Errors(ModelFile, value);
  const at = errors[0]?.instancePath ?? '';
  const constants = errors.flatMap(({ keyword, instancePath, params }) =>
    keyword === 'const' && instancePath === at ? [JSON.stringify(params.allowedValue)] : [],
  );
  const rule =
    constants.length > 0 ? `must be ${constants.join(' or ')}` : (errors[0]?.message ?? 'is wrong');
  const found = errors[0]?.keyword === 'required' ? '' : `, got ${show(Pointer.Get(value, at))}`;
  return `${at || 'the file'} ${rule}${found}`;
}

function show(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}

function toInfo(file: Static<typeof ModelFile>): ModelInfo {
  return {
    name: file.name,
    image: { size: file.image.size, pad: file.image.pad },
    vocabulary: file.vocabulary,
    labels: file.labels,
    cacheWidth: file.cacheWidth,
    fusedClassStep: file.sequence.classInput === 'noise',
    decode: { eosOffset: 0, noiseThreshold: 1, noisePatience: 1, ...file.decode },
    prompts: file.prompts ?? {},
  };
}
