import { createWriteStream, rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { PipelineError } from '../../../models/core/errors.ts';
import { fileProblem } from '../../../models/core/fileProblem.ts';

/** Most that is laid down of a source, bytes: more than any recording, less than a stream that never ends. */
const MAX_BYTES = 64 * 2 ** 30;

/** A file that goes when it is disposed of, and at the latest when this process ends. */
export interface TemporaryFile {
  readonly path: string;
  /** Idempotent. */
  dispose(): void;
}

/**
 * Lays a stream down in a temporary file.
 * @param name of the source, for messages
 * @param signal ends it; then nothing is left
 * @throws PipelineError ERR_VIDEO_OPEN where the disk is full, or the stream is longer than `maxBytes`
 * **Owns:** the caller disposes of the file.
 */
export async function layDown(
  bytes: Readable,
  name: string,
  signal: AbortSignal,
  maxBytes: number = MAX_BYTES,
): Promise<TemporaryFile> {
  let folder: string | undefined;
  const dispose = (): void => {
    process.off('exit', dispose);
    if (folder !== undefined) {
      rmSync(folder, { recursive: true, force: true });
    }
  };
  try {
    folder = await mkdtemp(join(tmpdir(), 'pix2seq-stream-'));
    process.once('exit', dispose); // at a second Ctrl-C
    const path = join(folder, 'source');
    await pipeline(bytes, limited(maxBytes), createWriteStream(path), { signal });
    return { path, dispose };
  } catch (cause) {
    dispose();
    const fact = `Cannot lay ${name} down in ${tmpdir()}, which has to be sought in: ${fileProblem(cause)}`;
    const wayOut = 'give it as a file, or set TMPDIR to a folder with room';
    throw new PipelineError('ERR_VIDEO_OPEN', `${fact}; ${wayOut}`, { cause });
  }
}

function limited(maxBytes: number): Transform {
  let numBytes = 0;
  return new Transform({
    transform(piece: Buffer, _, done) {
      numBytes += piece.length;
      done(numBytes > maxBytes ? new Error(`it is longer than ${maxBytes} bytes`) : null, piece);
    },
  });
}
