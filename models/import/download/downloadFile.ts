import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { PipelineError, toError } from '../../core/errors.ts';
import { askFor } from './askFor.ts';
import { PartialFile, sumUp } from './partialFile.ts';

/** How often a file is asked for. */
const MAX_ATTEMPTS = 6;
/** Answers that may be other ones a little later: busy, too many requests, and all from 500. */
const PASSING: readonly number[] = [408, 429];

/** What is downloaded, and how patiently. */
export interface FileDownload {
  readonly url: string;
  /** Where it goes; what is there already stays where its checksum is right. */
  readonly file: string;
  /** What such a file can have at the most. */
  readonly maxBytes: number;
  /** Gets bytes; `totalBytes` is 0 where the server does not tell. */
  readonly onProgress: (doneBytes: number, totalBytes: number) => void;
  readonly signal: AbortSignal | undefined;
  /** Silence that ends an attempt. */
  readonly stallMs: number;
  /** Pause before the second attempt; each further one is twice as long. */
  readonly retryMs: number;
  /** Told before each pause why an attempt failed. */
  readonly onRetry: (reason: string, waitMs: number) => void;
}

/**
 * Downloads a file. What was cut off goes on where it ended, in this call and in later ones, unless the
 * file has changed on the server. Its CRC-32C is checked where the server tells it in `x-goog-hash`, as
 * Google's buckets do.
 * @throws PipelineError ERR_DOWNLOAD where the server refuses (`details.status` is its answer) or six attempts
 * failed, ERR_OUTPUT where it can't be written; the signal's reason
 */
export async function downloadFile(download: FileDownload): Promise<void> {
  const { url, signal, retryMs, onRetry } = download;
  for (let attempt = 1; ; attempt++) {
    const waitMs = retryMs * 2 ** (attempt - 1);
    try {
      await attemptDownload(download);
      return;
    } catch (thrown) {
      signal?.throwIfAborted();
      if (thrown instanceof PipelineError) {
        throw thrown;
      }
      if (attempt === MAX_ATTEMPTS) {
        throw new PipelineError(
          'ERR_DOWNLOAD',
          `Cannot download ${url}: ${reasonOf(thrown)}, at the last of ${attempt} attempts; ` +
            'what has come is kept, run it again to go on',
          { cause: thrown },
        );
      }
      onRetry(reasonOf(thrown), waitMs);
    }
    await wait(waitMs, undefined, signal && { signal });
  }
}

/** @throws PipelineError where it is no use to try again, another Error where it may be */
async function attemptDownload(download: FileDownload): Promise<void> {
  const { url, file, signal, stallMs, onProgress } = download;
  await using partial = await PartialFile.open(file);
  const silence = new AbortController();
  const timer = setTimeout(() => {
    silence.abort(new Error(`nothing came for ${stallMs / 1000} seconds`));
  }, stallMs);
  try {
    const range = { Range: `bytes=${partial.bytes}-`, 'If-Range': partial.etag };
    const response = await askFor(url, {
      headers: { 'Accept-Encoding': 'identity', ...(partial.bytes > 0 && range) },
      signal: signal ? AbortSignal.any([signal, silence.signal]) : silence.signal,
    });
    const wanted = checksumOf(response);
    await begin(url, response, partial);
    const total = partial.bytes + Number(response.headers.get('content-length') ?? 0);
    if (partial.bytes === 0 && (await isThere(file, wanted))) {
      await response.body?.cancel();
      onProgress(total, total);
      return;
    }
    await expectRoom(download, partial.bytes, total);
    for await (const chunk of response.body ?? []) {
      timer.refresh();
      if (partial.bytes + chunk.length > download.maxBytes) {
        await partial.restart('');
        throw tooLarge(download);
      }
      await partial.append(chunk);
      onProgress(partial.bytes, total);
    }
    if (wanted !== undefined && partial.crc !== wanted) {
      await partial.restart('');
      throw new Error('what came does not fit its checksum');
    }
    await partial.finish();
  } finally {
    clearTimeout(timer);
  }
}

/** Makes the partial file ready for the answer's bytes. @throws Error, as `attemptDownload` */
async function begin(url: string, response: Response, partial: PartialFile): Promise<void> {
  const { status, statusText, headers } = response;
  const etag = headers.get('etag') ?? '';
  const range = headers.get('content-range') ?? '';
  if (status === 206 && etag === partial.etag && range.startsWith(`bytes ${partial.bytes}-`)) {
    return;
  }
  if (status === 200) {
    await partial.restart(etag.startsWith('"') ? etag : ''); // a weak one does not stand for the same bytes
    return;
  }
  await response.body?.cancel();
  if (status === 206 || status === 416) {
    await partial.restart('');
    throw new Error('it has changed on the server');
  }
  const answer = `the server answers ${status} ${statusText}`.trimEnd();
  if (PASSING.includes(status) || status >= 500) {
    throw new Error(answer);
  }
  throw new PipelineError(
    'ERR_DOWNLOAD',
    `Cannot download ${url}: ${answer}; expected the folder of a TensorFlow 2 checkpoint`,
    { details: { status } },
  );
}

function tooLarge({ url, maxBytes }: FileDownload): PipelineError {
  return new PipelineError(
    'ERR_DOWNLOAD',
    `Cannot download ${url}: it has more than ${maxBytes} bytes, which no file of its kind has`,
  );
}

/**
 * Looks at what the server promises before a byte of it is kept.
 * @throws PipelineError ERR_DOWNLOAD, and ERR_OUTPUT where the disk has no room for the rest
 */
async function expectRoom(download: FileDownload, doneBytes: number, total: number): Promise<void> {
  const { file } = download;
  if (total > download.maxBytes) {
    throw tooLarge(download);
  }
  const { bavail, bsize } = await statfs(dirname(file));
  const [needed, free] = [total - doneBytes, bavail * bsize];
  if (needed > free) {
    const [needs, has] = [needed, free].map((bytes) => `${Math.ceil(bytes / 1e6)} MB`);
    throw new PipelineError(
      'ERR_OUTPUT',
      `Cannot write ${file}: it needs ${needs}, its disk has ${has}`,
    );
  }
}

/** CRC-32C of the whole file. */
function checksumOf({ headers }: Response): number | undefined {
  const [, base64] = /\bcrc32c=([\w+/]{6}==)/.exec(headers.get('x-goog-hash') ?? '') ?? [];
  return base64 === undefined ? undefined : Buffer.from(base64, 'base64').readUInt32BE();
}

async function isThere(file: string, wanted: number | undefined): Promise<boolean> {
  const sum = await sumUp(file).catch(() => undefined); // mostly it is not there
  return sum !== undefined && sum.crc === wanted;
}

/** What `fetch` throws says nothing; its cause does, in a message or in a code. */
function reasonOf(thrown: unknown): string {
  const { message, cause } = toError(thrown);
  if (!(cause instanceof Error)) {
    return message;
  }
  const { code } = cause as NodeJS.ErrnoException;
  return cause.message || (code ?? message);
}
