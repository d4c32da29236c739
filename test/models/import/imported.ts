import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { importCheckpoint } from '../../../models/import/importCheckpoint.ts';
import type { ImportOptions, ImportResult } from '../../../models/import/importCheckpoint.ts';
import { checkpointDir } from './reference.ts';

/** A folder that goes when it goes out of scope. */
export interface TemporaryFolder extends AsyncDisposable {
  readonly path: string;
}

/** An imported checkpoint in a temporary folder. */
export interface Imported extends ImportResult, AsyncDisposable {}

/** Makes an empty folder. */
export async function temporaryFolder(): Promise<TemporaryFolder> {
  const path = await mkdtemp(join(tmpdir(), 'pix2seq-import-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** Imports one of the small checkpoints. */
export async function importSmall(
  name: string,
  options: Omit<ImportOptions, 'checkpointDir' | 'outDir'> = {},
): Promise<Imported> {
  const folder = await temporaryFolder();
  const outDir = folder.path;
  const model = await importCheckpoint({ checkpointDir: checkpointDir(name), outDir, ...options });
  return { ...model, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

/** The reference takes any of 900 classes, and none of them ends the reading. */
export async function withEveryClass({ modelDir }: ImportResult): Promise<void> {
  const file = join(modelDir, 'model.json');
  const model = JSON.parse(await readFile(file, 'utf8')) as Record<string, object>;
  const vocabulary = { ...model['vocabulary'], classBase: 100 };
  const labels = Array.from({ length: 900 }, (_, id) => ({ id, name: `class ${id}` }));
  const decode = { ...model['decode'], noiseThreshold: 1 };
  await writeFile(file, JSON.stringify({ ...model, vocabulary, labels, decode }));
}
