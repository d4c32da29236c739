import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ModelInfo } from '../../../models/index.ts';

const MODELS = fileURLToPath(new URL('../../fixtures/models/', import.meta.url));

/** The folder of the tiny model, which finds the same five objects in every picture. */
export const TINY: string = join(MODELS, 'tiny');

/** Bytes of a picture for the tiny model. */
export const TINY_BYTES: number = 32 * 32 * 3;

/** The tokens that the tiny model's script spells, the fourth and fifth being noise. */
export const TINY_TOKENS: readonly number[] = [
  [10, 9, 17, 16, 4],
  [12, 8, 23, 15, 5],
  [8, 8, 9, 9, 4],
  [11, 11, 13, 13, 4],
  [14, 18, 20, 22, 4],
].flat();

/** The tiny model's description, changed as told. */
export function tinyInfo(changes: Partial<ModelInfo> = {}): ModelInfo {
  return {
    name: 'tiny',
    image: { size: 32, pad: 114 },
    vocabulary: {
      size: 24,
      eos: 0,
      prompt: [1],
      noise: 3,
      classBase: 4,
      coordinateBase: 8,
      bins: 16,
    },
    labels: [
      { id: 1, name: 'circle' },
      { id: 2, name: 'square' },
    ],
    cacheWidth: 4,
    fusedClassStep: true,
    decode: { eosOffset: 0, noiseThreshold: 1, noisePatience: 1 },
    prompts: {},
    ...changes,
  };
}

/** The path of a graph of `fixtures/models/graphs`. */
export function graph(name: string): string {
  return join(MODELS, 'graphs', `${name}.onnx`);
}

/** A copy of a model folder, removed when it goes out of scope. */
export interface FolderCopy extends AsyncDisposable {
  readonly path: string;
}

/** How a copy differs from its original. */
export interface FolderChanges {
  /** Gets the parsed `model.json`, returns what is written in its place; a string is written as it is. */
  readonly describe?: (description: Record<string, unknown>) => unknown;
  /** Path of another graph. */
  readonly encoder?: string;
  readonly decoder?: string;
  /** Names of files left out. */
  readonly without?: readonly string[];
}

/** Copies a model folder into the temporary directory, with changes. */
export async function copyFolder(from: string, changes: FolderChanges = {}): Promise<FolderCopy> {
  const path = await mkdtemp(join(tmpdir(), 'pix2seq-model-'));
  const { describe = (same) => same, encoder, decoder, without = [] } = changes;
  await cp(encoder ?? join(from, 'encoder.onnx'), join(path, 'encoder.onnx'));
  await cp(decoder ?? join(from, 'decoder.onnx'), join(path, 'decoder.onnx'));
  const text = await readFile(join(from, 'model.json'), 'utf8');
  const described = describe(JSON.parse(text) as Record<string, unknown>);
  await writeFile(
    join(path, 'model.json'),
    typeof described === 'string' ? described : JSON.stringify(described),
  );
  for (const name of without) {
    await rm(join(path, name));
  }
  return {
    path,
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}
