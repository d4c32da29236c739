/** What a source string means to FFmpeg, and whether it can be read. */
import { open, stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { PipelineError } from '../../../models/core/errors.ts';
import { fileProblem } from '../../../models/core/fileProblem.ts';
import { KIND_BYTES, pictureKindOf } from './pictureKind.ts';
import { isByteStream, isStandardInput, openBytes, readHead, withHead } from './byteStream.ts';
import { needsSeeking } from './isoBoxes.ts';
import { layDown } from './temporaryFile.ts';

/** Most of a stream that is kept in memory to see what it is, bytes. */
const MAX_HEAD_BYTES = 8 * 2 ** 20;
/** Least that tells pictures from video, bytes; of a text, which may be a drawing, more. */
const LEAST_HEAD_BYTES = 12;

/** Whether a source is an address for FFmpeg rather than a file. */
export function isUrl(source: string): boolean {
  return /^[a-z][a-z0-9+.-]+:\/\//i.test(source);
}

/** The path that a `file:` address stands for; every other source as it is. */
export function pathOf(source: string | URL): string {
  const text = String(source);
  return /^file:\/\//i.test(text) ? fileURLToPath(text) : text;
}

/** A source as FFmpeg takes it, safe for file names with a colon. */
export function ffmpegInput(source: string): string {
  return isUrl(source) ? source : `file:${source}`;
}

/** A source as messages name it. */
export function sourceLabel(path: string): string {
  return isStandardInput(path) ? 'standard input' : `\`${path}\``;
}

/** A source made ready. */
export interface PreparedSource {
  readonly input: string | Readable;
  /** Whether it is a file of pictures, which sharp reads; all else is for FFmpeg. */
  readonly isPictures: boolean;
  /** Closes what was opened, and removes what was laid down. Idempotent. */
  dispose(): void;
}

/**
 * Makes a source ready: a file must be there, be readable, and hold something; addresses are left to
 * FFmpeg. Most kinds of video can be read from a pipe as they come; an MP4 whose index stands behind
 * its media data can't, and is put into a temporary file first.
 * @param path a file, an address, a named pipe, or a descriptor of this process: `-`, `/dev/stdin`, `/dev/fd/63`
 * @param signal ends the wait for a pipe
 * @throws PipelineError ERR_VIDEO_OPEN
 */
export async function prepareSource(path: string, signal: AbortSignal): Promise<PreparedSource> {
  if (isUrl(path)) {
    return { input: path, isPictures: false, dispose: () => undefined };
  }
  try {
    return await ((await isByteStream(path)) ? prepareStream(path, signal) : prepareFile(path));
  } catch (cause) {
    if (cause instanceof PipelineError) {
      throw cause;
    }
    const { code } = cause as NodeJS.ErrnoException;
    const fact =
      code === 'ENOENT'
        ? `There is no file \`${path}\``
        : `Cannot read ${sourceLabel(path)}: ${fileProblem(cause)}`;
    throw new PipelineError('ERR_VIDEO_OPEN', fact, { cause });
  }
}

async function prepareFile(path: string): Promise<PreparedSource> {
  if ((await stat(path)).isDirectory()) {
    throw new PipelineError('ERR_VIDEO_OPEN', `\`${path}\` is a folder, not a video`);
  }
  await using file = await open(path);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(KIND_BYTES), 0, KIND_BYTES, 0);
  if (bytesRead === 0) {
    throw new PipelineError('ERR_VIDEO_OPEN', `\`${path}\` is empty (0 bytes)`);
  }
  const isPictures = isForSharp(buffer.subarray(0, bytesRead), path);
  return { input: path, isPictures, dispose: () => undefined };
}

/** Whether these are pictures that FFmpeg reads the first of at best. @throws PipelineError where they may not be read */
function isForSharp(head: Uint8Array, path: string): boolean {
  const kind = pictureKindOf(head.subarray(0, KIND_BYTES));
  if (kind === 'svg') {
    const fact = `${sourceLabel(path)} cannot be read as video: it is a drawing (SVG)`;
    throw new PipelineError('ERR_VIDEO_OPEN', fact);
  }
  return kind === 'gif' || kind === 'webp' || kind === 'tiff';
}

async function prepareStream(path: string, signal: AbortSignal): Promise<PreparedSource> {
  const { bytes, release } = await openBytes(path);
  try {
    const head = await readHead(bytes, isEnough, signal);
    if (head.length === 0) {
      const fact = isStandardInput(path) ? 'Standard input' : sourceLabel(path);
      throw new PipelineError('ERR_VIDEO_OPEN', `${fact} is empty; pipe a video into it`);
    }
    const whole = withHead(head, bytes);
    const isPictures = isForSharp(head, path);
    if (isPictures || (needsSeeking(head) ?? head.length >= MAX_HEAD_BYTES)) {
      const file = await layDown(whole, sourceLabel(path), signal);
      release();
      return { input: file.path, isPictures, dispose: file.dispose };
    }
    const dispose = (): void => {
      whole.destroy();
      release();
    };
    return { input: whole, isPictures, dispose };
  } catch (thrown) {
    release();
    throw thrown;
  }
}

/** Whether the beginning of a stream tells what it is. */
function isEnough(head: Buffer): boolean {
  const mayBeText = /^[\xef\s<]/.test(head.toString('latin1', 0, 1));
  const least = mayBeText ? KIND_BYTES : LEAST_HEAD_BYTES;
  return (
    head.length >= MAX_HEAD_BYTES || (head.length >= least && needsSeeking(head) !== undefined)
  );
}
