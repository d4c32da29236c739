/** What a source string means, and whether it can be read. */
import {
  accessSync,
  constants,
  createReadStream,
  createWriteStream,
  mkdtempSync,
  rmSync,
  statSync,
} from 'node:fs';
import type { Stats } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { PipelineError, toError } from '../../models/errors.ts';
import type { StandardInput } from './decoder.ts';
import { readStdin } from './emscripten.ts';

/** Bytes of standard input that are looked at before FFmpeg gets them. */
const HEAD_BYTES = 64 * 1024;

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

/**
 * Checks that a file is there, may be read, and holds something; addresses are left to FFmpeg.
 * @throws PipelineError ERR_VIDEO_OPEN
 */
export function prepareFile(path: string): PreparedSource {
  if (!isUrl(path)) {
    expectReadableFile(path);
  }
  return { input: path, dispose: () => undefined };
}

function expectReadableFile(path: string): void {
  const stats = statsOf(path);
  if (stats === undefined) {
    throw new PipelineError('ERR_VIDEO_OPEN', `There is no file \`${path}\``);
  }
  if (stats.isDirectory()) {
    throw new PipelineError('ERR_VIDEO_OPEN', `\`${path}\` is a folder, not a video`);
  }
  if (stats.isFile() && stats.size === 0) {
    throw new PipelineError('ERR_VIDEO_OPEN', `\`${path}\` is empty (0 bytes)`);
  }
}

/** @returns nothing where there is no such file */
function statsOf(path: string): Stats | undefined {
  try {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats !== undefined) {
      accessSync(path, constants.R_OK); // opening it would wait at a named pipe
    }
    return stats;
  } catch (cause) {
    const fact = `Cannot read \`${path}\`: ${toError(cause).message}`;
    throw new PipelineError('ERR_VIDEO_OPEN', fact, { cause });
  }
}

/** A source made ready for FFmpeg. */
export interface PreparedSource {
  readonly input: string | StandardInput;
  /** Removes what was laid down. Idempotent. */
  dispose(): void;
}

/**
 * Reads the beginning of standard input. Most kinds of video can be read as they come; an MP4 whose
 * index stands at its end can't, and is put into a temporary file first.
 * @throws PipelineError ERR_VIDEO_OPEN where there is nothing to read
 */
export async function prepareStdin(): Promise<PreparedSource> {
  const head = readHead();
  if (head.length === 0) {
    throw new PipelineError('ERR_VIDEO_OPEN', 'Standard input is empty; pipe a video into it');
  }
  if (!needsSeeking(head)) {
    return { input: { head }, dispose: () => undefined };
  }
  const folder = mkdtempSync(join(tmpdir(), 'pix2seq-stream-'));
  const dispose = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    const file = join(folder, 'stdin.mp4');
    const out = createWriteStream(file);
    out.write(head);
    await pipeline(createReadStream('', { fd: 0, autoClose: false }), out);
    return { input: file, dispose };
  } catch (thrown) {
    dispose();
    throw thrown;
  }
}

/**
 * Whether an ISO base media file (MP4, MOV) has its media data before its index.
 * @param head the first bytes of the file
 * Source: ISO/IEC 14496-12 section 4.2, boxes.
 */
export function needsSeeking(head: Uint8Array): boolean {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  for (let at = 0; at + 8 <= head.length;) {
    const size = view.getUint32(at);
    const kind = String.fromCharCode(...head.subarray(at + 4, at + 8));
    if (kind === 'mdat') {
      return true;
    }
    if (!['ftyp', 'free', 'skip', 'wide', 'uuid'].includes(kind) || size < 8) {
      return false;
    }
    at += size;
  }
  return false;
}

function readHead(): Uint8Array {
  const head = new Uint8Array(HEAD_BYTES);
  let length = 0;
  while (length < HEAD_BYTES) {
    const count = readStdin(head.subarray(length));
    if (count === 0) {
      break;
    }
    length += count;
  }
  return head.subarray(0, length);
}
