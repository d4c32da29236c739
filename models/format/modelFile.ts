/** Checks a model's description, `model.json`. */
import { Check, Errors, Pointer } from 'typebox/schema';
import type { TLocalizedValidationError } from 'typebox/error';
import { checkTokens } from './checkTokens.ts';
import { PipelineError, invariant } from '../core/errors.ts';
import { MAX_RESPONSE } from '../core/prompts.ts';
import type { ModelInfo } from '../core/types.ts';

/** How much of a wrong value a message repeats, characters. */
const MAX_SHOWN = 60;

/** Two tokens a point. */
const MAX_POINTS = MAX_RESPONSE / 2;

/** Far above every published model; memory is asked for by these. */
const MAX_VOCABULARY = 1_000_000;
const MAX_CACHE_WIDTH = 65_536;
const MAX_PROMPT = 64;
/** Beyond every logit: a sequence that never ends, or at once. */
const MAX_OFFSET = 1e9;

const whole = { type: 'integer', minimum: 0 } as const;
const positive = { type: 'integer', minimum: 1 } as const;
/** Shown in terminals, drawn into pictures and written to CSV: no control characters. */
const label = { type: 'string', maxLength: 256, pattern: '^[^\\x00-\\x1f\\x7f-\\x9f]*$' } as const;
const text = { ...label, minLength: 1 } as const;

const prompts = {
  type: 'object',
  properties: {
    segment: {
      type: 'object',
      required: ['token', 'separator', 'maxPoints'],
      properties: {
        token: whole,
        separator: whole,
        maxPoints: { type: 'integer', minimum: 3, maximum: MAX_POINTS },
      },
    },
    pose: {
      type: 'object',
      required: ['token', 'invisible', 'names', 'labels', 'margin'],
      properties: {
        token: whole,
        invisible: whole,
        names: { type: 'array', items: text, minItems: 1, maxItems: MAX_POINTS },
        labels: { type: 'array', items: label, minItems: 1 },
        margin: { type: 'number', minimum: 0, maximum: 10 },
      },
    },
    caption: {
      type: 'object',
      required: ['token', 'textBase', 'eos', 'maxTokens'],
      properties: {
        token: whole,
        textBase: whole,
        eos: whole,
        maxTokens: { type: 'integer', minimum: 1, maximum: MAX_RESPONSE },
      },
    },
  },
} as const;

/**
 * What the file must hold, as JSON Schema; further keys (licence, provenance, metrics) are for people. Written out,
 * since the library's builders take a quarter of a second to load, in every worker.
 */
const schema = {
  type: 'object',
  required: ['format', 'name', 'task', 'image', 'vocabulary', 'sequence', 'cacheWidth', 'labels'],
  properties: {
    format: { const: 1 },
    name: text,
    task: { const: 'detection' },
    image: {
      type: 'object',
      required: ['size', 'channels', 'fit', 'anchor', 'pad'],
      properties: {
        size: { type: 'integer', minimum: 32, maximum: 4096 },
        channels: { const: 'RGB' },
        fit: { const: 'contain' },
        anchor: { const: 'top-left' },
        pad: { type: 'integer', minimum: 0, maximum: 255 },
      },
    },
    vocabulary: {
      type: 'object',
      required: ['size', 'eos', 'prompt', 'noise', 'classBase', 'coordinateBase', 'bins'],
      properties: {
        size: { ...positive, maximum: MAX_VOCABULARY },
        eos: whole,
        prompt: { type: 'array', items: whole, minItems: 1, maxItems: MAX_PROMPT },
        noise: whole,
        classBase: whole,
        coordinateBase: whole,
        bins: { type: 'integer', minimum: 2 },
      },
    },
    sequence: {
      type: 'object',
      required: ['box', 'classInput'],
      properties: {
        box: { const: 'ymin xmin ymax xmax' },
        classInput: { enum: ['noise', 'class'] },
      },
    },
    cacheWidth: { ...positive, maximum: MAX_CACHE_WIDTH },
    labels: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        required: ['id', 'name'],
        properties: { id: whole, name: label },
      },
    },
    decode: {
      type: 'object',
      properties: {
        eosOffset: { type: 'number', minimum: -MAX_OFFSET, maximum: MAX_OFFSET },
        noiseThreshold: { type: 'number', minimum: 0, maximum: 1 },
        noisePatience: positive,
      },
    },
    prompts,
  },
} as const;

/**
 * Reads a model's description.
 * @param file its path, for messages   @param content of the file
 * @throws PipelineError ERR_MODEL_CONTRACT that names the first field that is wrong
 */
export function parseModelFile(file: string, content: string): ModelInfo {
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch (cause) {
    throw new PipelineError('ERR_MODEL_CONTRACT', `${file} is not JSON`, { cause });
  }
  if (!Check(schema, value)) {
    throw new PipelineError(
      'ERR_MODEL_CONTRACT',
      `${file} is no model description: ${firstMistake(value)}`,
    );
  }
  const info: ModelInfo = {
    name: value.name,
    image: { size: value.image.size, pad: value.image.pad },
    vocabulary: value.vocabulary,
    labels: value.labels,
    cacheWidth: value.cacheWidth,
    fusedClassStep: value.sequence.classInput === 'noise',
    decode: { eosOffset: 0, noiseThreshold: 1, noisePatience: 1, ...value.decode },
    prompts: value.prompts ?? {},
  };
  checkTokens(file, info);
  return info;
}

function firstMistake(value: unknown): string {
  const [, [error]] = Errors(schema, value);
  invariant(error !== undefined, 'a value that is not as the schema wants it has a mistake');
  const { instancePath: at, message } = error;
  const found = error.keyword === 'required' ? '' : `, got ${show(Pointer.Get(value, at))}`;
  return `${at || 'the file'} ${wanted(error) ?? message}${found}`;
}

/** What a field must be where the library's words do not name it: that may be some values only, or has a pattern. */
function wanted({ keyword, params }: TLocalizedValidationError): string | undefined {
  if (keyword === 'pattern') {
    return 'must have no control characters';
  }
  const values =
    keyword === 'const'
      ? [params.allowedValue]
      : keyword === 'enum'
        ? params.allowedValues
        : undefined;
  return values && `must be ${values.map((value) => JSON.stringify(value)).join(' or ')}`;
}

function show(value: unknown): string {
  const shown = asJson(value);
  return shown.length > MAX_SHOWN ? `${shown.slice(0, MAX_SHOWN)}…` : shown;
}

function asJson(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    return 'a value of too many levels'; // more than the stack has
  }
}
