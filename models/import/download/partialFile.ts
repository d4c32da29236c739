import { constants } from 'node:fs';
import { open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { PipelineError, toError } from '../../core/errors.ts';
import { crc32c } from '../checkpoint/crc32c.ts';

/** Links are not followed: what lies in a folder must not make us write elsewhere. Windows has no such bit, which is 0 then. */
const { O_RDWR, O_WRONLY, O_APPEND, O_CREAT, O_TRUNC, O_NOFOLLOW } = constants;
const APPEND = O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW;
const REPLACE = O_WRONLY | O_TRUNC | O_CREAT | O_NOFOLLOW;

/**
 * A file that is not whole yet: its bytes are in `FILE.part`, the server's name for the version that they
 * are of in `FILE.etag`. Both stay where there is something to go on with.
 */
export class PartialFile implements AsyncDisposable {
  readonly #file: string;
  readonly #handle: FileHandle;
  #etag: string;
  #bytes = 0;
  #crc = 0;

  private constructor(file: string, handle: FileHandle, etag: string) {
    this.#file = file;
    this.#handle = handle;
    this.#etag = etag;
  }

  /**
   * Opens what there is of a file, or begins it.
   * **Owns:** the caller disposes of it.
   * @throws PipelineError ERR_OUTPUT
   */
  static async open(file: string): Promise<PartialFile> {
    return await onDisk(file, async () => {
      const etag = await readFile(`${file}.etag`, 'utf8').catch(() => ''); // begun without one, or not at all
      const partial = new PartialFile(file, await open(`${file}.part`, APPEND), etag);
      await (etag === '' ? partial.restart('') : partial.#recount());
      return partial;
    });
  }

  /** How much is there. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The version that it is of; empty where the server told none. */
  get etag(): string {
    return this.#etag;
  }

  /** CRC-32C of what is there. */
  get crc(): number {
    return this.#crc;
  }

  /** Forgets what is there. */
  async restart(etag: string): Promise<void> {
    await onDisk(this.#file, async () => {
      await this.#handle.truncate();
      await (etag === '' ? rm(`${this.#file}.etag`, { force: true }) : this.#name(etag));
    });
    this.#etag = etag;
    this.#bytes = 0;
    this.#crc = 0;
  }

  /** Adds to the end. */
  async append(chunk: Uint8Array): Promise<void> {
    await onDisk(this.#file, () => this.#handle.appendFile(chunk));
    this.#bytes += chunk.length;
    this.#crc = crc32c(chunk, this.#crc);
  }

  /** Gives the file its name: it is whole. */
  async finish(): Promise<void> {
    await onDisk(this.#file, async () => {
      await this.#handle.close(); // Windows renames no open file
      await rename(`${this.#file}.part`, this.#file);
      await rm(`${this.#file}.etag`, { force: true });
    });
  }

  /** Closes it, and keeps it where there is something to go on with. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close();
    if (this.#bytes === 0) {
      await rm(`${this.#file}.part`, { force: true });
      await rm(`${this.#file}.etag`, { force: true });
    }
  }

  async #name(etag: string): Promise<void> {
    await writeFile(`${this.#file}.etag`, etag, { flag: REPLACE });
  }

  async #recount(): Promise<void> {
    const { bytes, crc } = await sumUp(`${this.#file}.part`);
    this.#bytes = bytes;
    this.#crc = crc;
  }
}

/**
 * Computes the CRC-32C of a file, piece by piece.
 * @throws Error where it can't be read
 */
export async function sumUp(file: string): Promise<{ bytes: number; crc: number }> {
  const sum = { bytes: 0, crc: 0 };
  await using handle = await open(file);
  for await (const chunk of handle.createReadStream({ highWaterMark: 1 << 20 })) {
    sum.bytes += (chunk as Buffer).length;
    sum.crc = crc32c(chunk as Buffer, sum.crc);
  }
  return sum;
}

async function onDisk<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof PipelineError) {
      throw cause;
    }
    throw new PipelineError('ERR_OUTPUT', `Cannot write ${file}: ${toError(cause).message}`, {
      cause,
    });
  }
}
