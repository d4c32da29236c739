import { closeSync, fstatSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { PipelineError, invariant } from '../../models/index.ts';
import { fileProblem } from '../../models/core/fileProblem.ts';

/** Where lines go. */
export interface LineWriter {
  /** Whether what the file held before is gone. */
  readonly hasBegun: boolean;
  /** Empties the file, for a result that may have no line. Idempotent. @throws PipelineError ERR_OUTPUT */
  begin(): void;
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
 * Opens the output. What the file holds stays until there is something to write.
 * @param out a file, or `-` for standard output
 * @throws PipelineError ERR_OUTPUT
 */
export function openLineWriter(out: string): LineWriter {
  const fd = out === '-' ? 1 : attempt(out, () => openSync(out, 'a'));
  let hasBegun = false;
  let isClosed = false;
  const begin = (): void => {
    if (!hasBegun) {
      hasBegun = true;
      attempt(out, () => fstatSync(fd).isFile() && out !== '-' && ftruncateSync(fd));
    }
  };
  return {
    get hasBegun() {
      return hasBegun;
    },
    begin,
    write(line) {
      invariant(!isClosed, 'lines are written before the writer is closed');
      begin();
      const bytes = Buffer.from(`${line}\n`);
      for (let done = 0; done < bytes.length;) {
        done += attempt(out, () => writePatiently(fd, bytes, done));
      }
    },
    close() {
      if (out !== '-' && !isClosed) {
        closeSync(fd);
      }
      isClosed = true;
    },
  };
}

/**
 * Writes a report to standard output; whoever reads it may have seen enough.
 * @throws PipelineError ERR_OUTPUT
 */
export function printReport(text: string): void {
  try {
    openLineWriter('-').write(text.trimEnd());
  } catch (thrown) {
    if (!isReaderGone(thrown)) {
      throw thrown;
    }
  }
}

/** Whether writing failed since whoever read standard output has seen enough, as `| head` does. */
export function isReaderGone(thrown: unknown): boolean {
  const cause = thrown instanceof Error ? thrown.cause : undefined;
  return (cause as NodeJS.ErrnoException | undefined)?.code === 'EPIPE';
}

function attempt<T>(out: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    const name = out === '-' ? 'standard output' : `\`${out}\``;
    throw new PipelineError('ERR_OUTPUT', `Cannot write ${name}: ${fileProblem(cause)}`, {
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
