import { PipelineError } from '../core/errors.ts';
import type { Session, TensorSpec } from './session.ts';
import type { ModelInfo } from '../core/types.ts';

/** A shape as the contract wants it: a number must be met, a string is any size. */
type ExpectedShape = readonly (number | string)[];

/**
 * Compares the two graphs with the model contract, name by name and shape by shape.
 * @throws PipelineError ERR_MODEL_CONTRACT that says what was expected and what was found
 */
export function checkContract(model: ModelInfo, encoder: Session, decoder: Session): void {
  const { size } = model.image;
  expectTensor(encoder, 'input', 'image', 'uint8', ['B', size, size, 3]);
  expectDecoder(model, decoder);
  const offered = encoder.outputs.filter(isMemory);
  const wanted = decoder.inputs.filter(isMemory);
  for (const { name, type, shape } of wanted) {
    expectTensor(encoder, 'output', name, type, shape);
  }
  if (offered.length === 0 || offered.length !== wanted.length) {
    throw new PipelineError(
      'ERR_MODEL_CONTRACT',
      `Expected ${decoder.file} to take every memory.* that ${encoder.file} gives; ` +
        `given: ${names(offered)}; taken: ${names(wanted)}`,
    );
  }
  if (encoder.outputs.some(({ name }) => name === 'proposals')) {
    expectTensor(encoder, 'output', 'proposals', 'float32', ['B', 'N', 4]);
  }
}

/**
 * Compares the graph that tells attention with the contract: a decoder with one output more.
 * @throws PipelineError ERR_MODEL_CONTRACT
 */
export function checkAttention(model: ModelInfo, decoder: Session): void {
  expectDecoder(model, decoder);
  expectTensor(decoder, 'output', 'attention', 'float32', ['B', 'T', 'h', 'w']);
}

/**
 * Checks that the decoder takes several sequences in one call, where the model answers prompts.
 * @throws PipelineError ERR_MODEL_CONTRACT
 */
export function checkPrompts({ prompts }: ModelInfo, decoder: Session): void {
  if (Object.keys(prompts).length > 0) {
    const own = decoder.inputs.filter((input) => !isMemory(input));
    expectFreeAxis(own, decoder, 'prompts are read side by side');
  }
}

/**
 * Expects that a decoder takes several frames in one call.
 * @throws PipelineError ERR_MODEL_CONTRACT
 */
export function expectBatchable(decoder: Session): void {
  expectFreeAxis(decoder.inputs, decoder, '`batch` is more than 1', '; use `batch: 1`');
}

function expectFreeAxis(
  inputs: readonly TensorSpec[],
  { file }: Session,
  since: string,
  wayOut = '',
): void {
  const fixed = inputs.find(({ shape }) => typeof shape[0] === 'number');
  if (fixed !== undefined) {
    throw new PipelineError(
      'ERR_MODEL_CONTRACT',
      `Expected the first axis of \`${fixed.name}\` of ${file} to be free, since ${since}, ` +
        `found ${fixed.shape[0]}${wayOut}`,
    );
  }
}

function expectDecoder(model: ModelInfo, decoder: Session): void {
  expectTensor(decoder, 'input', 'tokens', 'int64', ['B', 'T']);
  expectTensor(decoder, 'input', 'position', 'int64', ['B']);
  expectTensor(decoder, 'input', 'past', 'float32', ['B', 'P', model.cacheWidth]);
  expectTensor(decoder, 'output', 'logits', 'float32', ['B', 'T', model.vocabulary.size]);
  expectTensor(decoder, 'output', 'rows', 'float32', ['B', 'T', model.cacheWidth]);
}

function isMemory({ name }: TensorSpec): boolean {
  return name.startsWith('memory.');
}

function names(specs: readonly TensorSpec[]): string {
  return specs.map(({ name }) => name).join(', ') || 'none';
}

function expectTensor(
  session: Session,
  side: 'input' | 'output',
  name: string,
  type: string,
  shape: ExpectedShape,
): void {
  const all = side === 'input' ? session.inputs : session.outputs;
  const found = all.find((spec) => spec.name === name);
  const fits =
    found !== undefined &&
    found.type === type &&
    found.shape.length === shape.length &&
    found.shape.every((axis, i) => fitsAxis(axis, shape[i]));
  if (!fits) {
    const got =
      found === undefined ? `only ${names(all)}` : `${found.type} [${found.shape.join()}]`;
    throw new PipelineError(
      'ERR_MODEL_CONTRACT',
      `Expected ${side} \`${name}\` of ${session.file} to be ${type} [${shape.join()}], found ${got}`,
    );
  }
}

function fitsAxis(found: number | string, wanted: number | string | undefined): boolean {
  return typeof found === 'string' || typeof wanted === 'string' || found === wanted;
}
