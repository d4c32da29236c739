/** What a source string means to FFmpeg, and whether it can be read. */
import { open, stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { PipelineError } from '../../models/errors.ts';
import { fileProblem } from '../../models/fileProblem.ts';
import { isOwnDescriptor, isStandardInput, openBytes, readHead, withHead } from './byteStream.ts';
import { needsSeeking } from './isoBoxes.ts';
import { layDown } from './temporaryFile.ts';

/** Most of a stream that is kept in memory to see what it is, bytes. */
const MAX_HEAD_BYTES = 8 * 2 ** 20;

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

/** A source made ready for FFmpeg. */
export interface PreparedSource {
  readonly input: string | Readable;
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
    return { input: path, dispose: () => undefined };
  }
  if (isOwnDescriptor(path) || (await isStream(path))) {
    return prepareStream(path, signal);
  }
  return { input: path, dispose: () => undefined };
}

/**
 * Looks at what is there.
 * @returns whether it is a pipe or a device rather than a file
 */
async function isStream(path: string): Promise<boolean> {
  const refuse = (fact: string): never => {
    throw new PipelineError('ERR_VIDEO_OPEN', fact);
  };
  try {
    const stats = await stat(path);
    if (stats.isDirectory()) {
      return refuse(`\`${path}\` is a folder, not a video`);
    }
    if (stats.isFIFO() || stats.isCharacterDevice()) {
      return true;
    }
    if (stats.isFile() && stats.size === 0) {
      return refuse(`\`${path}\` is empty (0 bytes)`);
    }
    await (await open(path)).close();
    return false;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') {
      return refuse(`There is no file \`${path}\``);
    }
    throw unreadable(path, cause);
  }
}

function unreadable(path: string, cause: unknown): Error {
  const fact = `Cannot read ${sourceLabel(path)}: ${fileProblem(cause)}`;
  return cause instanceof PipelineError
    ? cause
    : new PipelineError('ERR_VIDEO_OPEN', fact, { cause });
}

async function prepareStream(path: string, signal: AbortSignal): Promise<PreparedSource> {
  const label = sourceLabel(path);
  const { bytes, release } = await openBytes(path).catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
  try {
    const isEnough = (head: Buffer): boolean =>
      head.length >= MAX_HEAD_BYTES || needsSeeking(head) !== undefined;
    const head = await readHead(bytes, isEnough, signal);
    if (head.length === 0) {
      const fact = isStandardInput(path) ? 'Standard input' : label;
      throw new PipelineError('ERR_VIDEO_OPEN', `${fact} is empty; pipe a video into it`);
    }
    const whole = withHead(head, bytes);
    const dispose = (): void => {
      whole.destroy();
      release();
    };
    if (needsSeeking(head) ?? head.length >= MAX_HEAD_BYTES) {
      const file = await layDown(whole, label, signal);
      release();
      return { input: file.path, dispose: file.dispose };
    }
    return { input: whole, dispose };
  } catch (thrown) {
    release();
    throw unreadable(path, thrown);
  }
}
