import { PipelineError } from '../errors.ts';
import { openCheckpoint } from './checkpoint/tensorSource.ts';

/** What is imported, and how. */
export interface ImportOptions {
  readonly checkpointDir: string;
  readonly outDir: string;
  readonly imageSize?: number;
  readonly precision?: 'float32' | 'float16';
  readonly onProgress?: (done: number, total: number, what: string) => void;
  readonly signal?: AbortSignal;
}

/** What an import made. */
export interface ImportResult {
  readonly modelDir: string;
  readonly backbone: string;
  readonly numParameters: number;
}

/** Makes a model folder of a checkpoint. */
export async function importCheckpoint(options: ImportOptions): Promise<ImportResult> {
  await (await openCheckpoint(options.checkpointDir)).close();
  throw new PipelineError('ERR_CHECKPOINT', `${options.checkpointDir} cannot be imported yet`);
}
