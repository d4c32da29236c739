import { closeSync, openSync, writeSync } from 'node:fs';
import { PipelineError, toError } from '../models/index.ts';

/** Where lines go. */
export interface LineWriter {
  /**
   * Writes one line, whole, before it returns: what was written is never lost, and a slow reader
   * slows the pipeline instead of filling memory.
   * @throws PipelineError ERR_OUTPUT; its cause has code EPIPE where the reader has gone
   */
  write(line: string): void;
  /** Closes the file. Idempotent. */
  close(): void;
}

/**
 * Opens the output.
 * @param out a file, which is replaced, or `-` for standard output
 * @throws PipelineError ERR_OUTPUT
 */
export function openLineWriter(out: string): LineWriter {
  let fd: number | undefined = 1;
  if (out !== '-') {
    fd = attempt(out, () => openSync(out, 'w'));
  }
  return {
    write(line) {
      const bytes = Buffer.from(`${line}\n`);
      for (let done = 0; done < bytes.length;) {
        done += attempt(out, () => writePatiently(fd ?? -1, bytes, done));
      }
    },
    close() {
      if (fd !== undefined && out !== '-') {
        closeSync(fd);
      }
      fd = undefined;
    },
  };
}

function attempt<T>(out: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    const name = out === '-' ? 'standard output' : `\`${out}\``;
    throw new PipelineError('ERR_OUTPUT', `Cannot write ${name}: ${toError(cause).message}`, {
      cause,
    });
  }
}

/** Writes even where standard output is a pipe in non-blocking mode that is full. */
function writePatiently(fd: number, bytes: Buffer, from: number): number {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (;;) {
    try {
      return writeSync(fd, bytes, from);
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== 'EAGAIN') {
        throw thrown;
      }
      Atomics.wait(pause, 0, 0, 5);
    }
  }
}
