import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { PipelineError, toError } from '../../core/errors.ts';
import { fileProblem } from '../../core/fileProblem.ts';
import { maskError, maskFor } from '../../core/secrets.ts';
import type { OptionTable } from '../../core/options.ts';
import { resolveOptions } from '../../core/resolveOptions.ts';
import {
  MAX_INDEX_BYTES,
  readBundleIndex,
  shardFile,
  shardSizes,
} from '../checkpoint/bundleIndex.ts';
import { readState } from '../checkpoint/findBundle.ts';
import { downloadFile } from './downloadFile.ts';
import { folderUrl } from './folderUrl.ts';
import { TEXT_VOCABULARY } from '../text/textVocabulary.ts';

/** Where the bucket keeps checkpoints that caption, and from there the text that they do it with. */
const MULTI_TASK = /\/multi_task\/ckpt\/[^/]+$/;
const TEXT_VOCABULARY_FROM_THERE = `../../data/${TEXT_VOCABULARY}`;
/** Answers of a bucket that does not have a file; the second where it does not tell strangers what it has. */
const MISSING: readonly unknown[] = [404, 403];
/** Of what is text: which checkpoint is the newest, and how it was trained. */
const SMALL_BYTES = 1 << 20;
/** Of a SentencePiece model; the official one has a twentieth of that. */
const VOCABULARY_BYTES = 16 << 20;

/** What is downloaded, and how patiently. */
export interface DownloadOptions {
  /**
   * The checkpoint's folder: `gs://bucket/path`, `https://…` or `http://…`, with user and password where the server asks
   * for them; Google's page of it will do.
   */
  readonly url: string;
  /** Where the files go; made where it is not there. */
  readonly directory: string;
  /** Gets bytes of the file `what`; `totalBytes` is 0 where the server does not tell. */
  readonly onProgress?: ((doneBytes: number, totalBytes: number, what: string) => void) | undefined;
  /** Told before each pause why an attempt at the file `what` failed. */
  readonly onRetry?: ((reason: string, waitMs: number, what: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Silence that ends an attempt, milliseconds. Default 30,000. */
  readonly stallMs?: number;
  /** Pause before the second of six attempts, milliseconds; each further one is twice as long. Default 1,000. */
  readonly retryMs?: number;
}

const OPTIONS: OptionTable<DownloadOptions> = {
  url: { type: 'text', required: true },
  directory: { type: 'text', required: true },
  onProgress: { type: 'hook' },
  onRetry: { type: 'hook' },
  signal: { type: 'value' },
  stallMs: { type: 'number', min: 0, default: 30_000, unit: 'ms' },
  retryMs: { type: 'number', min: 0, default: 1_000, unit: 'ms' },
};

/**
 * Downloads a checkpoint as the authors' public bucket has them: `checkpoint`, `config.json`, and of the
 * newest one the index and the data files; of those in `multi_task/ckpt` the text vocabulary too. Where the server has
 * no vocabulary or no `config.json` it does without: they can come from elsewhere, and whoever needs them says so. Called
 * again, it goes on where it ended.
 * @throws RangeError for another kind of address; PipelineError ERR_DOWNLOAD where a file can't be had,
 * ERR_CHECKPOINT where it is of another kind, ERR_OUTPUT where it can't be written; the signal's reason
 */
export async function downloadCheckpoint(options: DownloadOptions): Promise<void> {
  const resolved = resolveOptions('downloadCheckpoint', OPTIONS, options);
  const { directory, onProgress, onRetry, signal, stallMs, retryMs } = resolved;
  const folder = folderUrl(options.url);
  const mask = maskFor([options.url]);
  await makeFolder(directory);
  const get = async (
    name: string,
    maxBytes: number,
    at = encodeURIComponent(name),
  ): Promise<string> => {
    const file = join(directory, name);
    await downloadFile({
      url: new URL(at, `${folder}/`).href,
      file,
      maxBytes,
      onProgress: (done, total) => onProgress?.(done, total, name),
      onRetry: (reason, waitMs) => onRetry?.(mask(reason), waitMs, name),
      signal,
      stallMs,
      retryMs,
    }).catch((thrown: unknown) => {
      throw maskError(toError(thrown), mask);
    });
    return file;
  };
  const name = await readState(await get('checkpoint', SMALL_BYTES));
  await get('config.json', SMALL_BYTES).catch(unlessMissing);
  if (MULTI_TASK.test(folder)) {
    await get(TEXT_VOCABULARY, VOCABULARY_BYTES, TEXT_VOCABULARY_FROM_THERE).catch(unlessMissing);
  }
  const { numShards, entries } = await readBundleIndex(await get(`${name}.index`, MAX_INDEX_BYTES));
  const sizes = shardSizes(numShards, entries);
  for (let i = 0; i < numShards; i++) {
    await get(basename(shardFile(name, i, numShards)), sizes[i] ?? 0);
  }
}

/** A server need not have everything. @throws what says anything else */
function unlessMissing(thrown: unknown): void {
  if (!(thrown instanceof PipelineError && MISSING.includes(thrown.details['status']))) {
    throw thrown;
  }
}

async function makeFolder(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true });
  } catch (cause) {
    throw new PipelineError('ERR_OUTPUT', `Cannot make ${directory}: ${fileProblem(cause)}`, {
      cause,
    });
  }
}
