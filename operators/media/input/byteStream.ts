/** Bytes that come by themselves: standard input, pipes, devices. Nothing here holds the event loop. */
import { constants, createReadStream, open } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';

/** Names under which systems let a process open its own descriptors; a child of it would open its own. */
const OWN_DESCRIPTOR = /^-$|^\/dev\/stdin$|^\/(?:dev|proc\/self)\/fd\/\d+$/;
const STANDARD_INPUT = /^-$|^\/dev\/stdin$|^\/(?:dev|proc\/self)\/fd\/0$/;

/** Whether a source is a descriptor of this process, however it is spelt: `-`, `/dev/stdin`, `/dev/fd/63`. */
export function isOwnDescriptor(source: string): boolean {
  return OWN_DESCRIPTOR.test(source);
}

/** Whether a source is this process's standard input, however it is spelt. */
export function isStandardInput(source: string): boolean {
  return STANDARD_INPUT.test(source);
}

/**
 * Whether a source can be read only once, as it comes: a descriptor of this process, a pipe, a device.
 * @throws Error of `node:fs`
 */
export async function isByteStream(source: string): Promise<boolean> {
  if (isOwnDescriptor(source)) {
    return true;
  }
  const stats = await stat(source);
  return stats.isFIFO() || stats.isCharacterDevice();
}

/** A stream that is open. */
export interface OpenBytes {
  readonly bytes: Readable;
  /** Lets go of it. Standard input is left open, since it belongs to the process. Idempotent. */
  release(): void;
}

/**
 * Opens standard input, a pipe or a device. A named pipe that nobody writes to yet is waited for.
 * @throws Error of `node:fs`
 * **Owns:** the caller releases it.
 */
export async function openBytes(source: string): Promise<OpenBytes> {
  if (isStandardInput(source)) {
    const { stdin } = process;
    return { bytes: stdin, release: () => void stdin.pause() };
  }
  const bytes = (await stat(source)).isFIFO() ? await openPipe(source) : createReadStream(source);
  return { bytes, release: () => void bytes.destroy() };
}

/** Opened by `fs` alone it would hold a thread of Node's pool until somebody writes. */
async function openPipe(path: string): Promise<Readable> {
  const fd = await promisify(open)(path, constants.O_RDONLY | constants.O_NONBLOCK);
  return new Socket({ fd, readable: true, writable: false });
}

/**
 * Reads the beginning of a stream, and leaves it paused.
 * @param isEnough asked with all that has come
 * @param signal ends the wait
 * @returns what has come; where the stream ends first, all of it
 */
export function readHead(
  bytes: Readable,
  isEnough: (head: Buffer) => boolean,
  signal: AbortSignal,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    let head: Buffer = Buffer.alloc(0);
    const settle = (act: () => void) => (): void => {
      bytes.pause().off('data', take).off('end', end).off('error', fail);
      signal.removeEventListener('abort', abort);
      act();
    };
    const end = settle(() => resolve(head));
    const abort = settle(() => reject(signal.reason as Error));
    const fail = (error: Error): void => settle(() => reject(error))();
    const take = (piece: Buffer): void => {
      head = Buffer.concat([head, piece]);
      if (isEnough(head)) {
        end();
      }
    };
    bytes.on('end', end).on('error', fail).on('data', take);
    signal.addEventListener('abort', abort);
  });
}

/** A stream from its first byte again. @param head what was read of it */
export function withHead(head: Uint8Array, bytes: Readable): Readable {
  const whole = new PassThrough();
  const fail = (error: Error): void => void whole.destroy(error);
  whole.write(head);
  if (bytes.readableEnded) {
    whole.end();
  } else {
    bytes.on('error', fail).pipe(whole);
  }
  return whole.once('close', () => bytes.off('error', fail).unpipe(whole));
}
