import { watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Server } from 'node:https';
import { basename, dirname } from 'node:path';
import { createSecureContext } from 'node:tls';
import { PipelineError, toError } from '../../models/core/errors.ts';
import { fileProblem } from '../../models/core/fileProblem.ts';

/** Time that both files have to change in, ms: between the two they do not belong together. */
const SETTLE_MS = 500;

/** Where a certificate and its key are. */
export interface TlsOptions {
  /** PEM, the chain included. */
  readonly cert: string;
  /** PEM, without a passphrase. */
  readonly key: string;
}

/** A certificate and its key. */
export interface TlsPair {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/**
 * Reads a certificate and its key.
 * @throws PipelineError ERR_SERVER_LISTEN where they are missing or do not belong together
 */
export async function readTls({ cert, key }: TlsOptions): Promise<TlsPair> {
  try {
    const pair = { cert: await readFile(cert), key: await readFile(key) };
    createSecureContext(pair);
    return pair;
  } catch (thrown) {
    throw new PipelineError(
      'ERR_SERVER_LISTEN',
      `Cannot use certificate ${cert} with key ${key}: ${fileProblem(thrown)}`,
      { cause: thrown },
    );
  }
}

/**
 * Lets a server take a new certificate whenever the files change, as they do every few weeks; a pair that
 * is not right is told, and the server goes on with the one it has.
 * @param onNotice told what happened, one line
 * @returns ends it
 */
export function followTls(
  server: Server,
  options: TlsOptions,
  onNotice: (text: string) => void,
): () => void {
  let timer: NodeJS.Timeout | undefined;
  const reload = (): void => {
    readTls(options).then(
      (pair) => {
        server.setSecureContext(pair);
        onNotice(`There is a new certificate in ${options.cert}`);
      },
      (thrown: unknown) => onNotice(`${toError(thrown).message}; the one before is still in use`),
    );
  };
  const changes = (file: string): FSWatcher =>
    // The folder, not the file: who renews one puts another in its place.
    watch(dirname(file), (_, name) => {
      // mounted secrets replace a folder named `..data`
      if (name === null || name === basename(file) || name.startsWith('..')) {
        clearTimeout(timer);
        timer = setTimeout(reload, SETTLE_MS);
      }
    });
  const watchers = [options.cert, options.key].flatMap((file): FSWatcher[] => {
    const fail = (thrown: unknown): void =>
      onNotice(`${file} is not watched: ${toError(thrown).message}`);
    try {
      return [changes(file).on('error', fail)];
    } catch (thrown) {
      fail(thrown); // the system has no watch left
      return [];
    }
  });
  return () => {
    clearTimeout(timer);
    watchers.forEach((watcher) => watcher.close());
  };
}
