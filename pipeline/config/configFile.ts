import { readFileSync, watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { toError } from '../../models/index.ts';
import { fileProblem } from '../../models/core/fileProblem.ts';
import { parseConfig } from './parseConfig.ts';
import type { Config } from './parseConfig.ts';

/** Editors write a file in several steps; so long nothing must have happened to it, milliseconds. */
const QUIET_MS = 200;

/** A configuration file, read. */
export interface ConfigFile {
  readonly path: string;
  readonly text: string;
  readonly config: Config;
}

/** Who hears of a configuration file's changes. */
export interface ConfigListener {
  /** Told of each text that is right and differs from the one before; at SIGHUP of any that is right. */
  onChange(config: Config): void;
  /** Told of what cannot be read, in one line; the configuration before it still holds. */
  onFault(error: Error): void;
}

/**
 * Reads a configuration file.
 * @throws TypeError with one line: file, line, key, and what is wrong
 */
export function readConfig(path: string): ConfigFile {
  const text = readText(path);
  return { path, text, config: parseConfig(text, path) };
}

/**
 * Follows a configuration file: changes are found by themselves where the system tells of them, and
 * always at SIGHUP.
 * @param known the file as it was read last; one that has changed since is told of at once
 * @returns ends it
 */
export function followConfig(known: ConfigFile, listener: ConfigListener): () => void {
  const { path } = known;
  // The text that was looked at last, right or wrong.
  let { text } = known;
  let timer: NodeJS.Timeout | undefined;
  const look = (isAsked: boolean): void => {
    try {
      const now = readText(path);
      if (isAsked || now !== text) {
        text = now;
        listener.onChange(parseConfig(now, path));
      }
    } catch (thrown) {
      listener.onFault(toError(thrown));
    }
  };
  const lookSoon = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => look(false), QUIET_MS);
  };
  const watcher = watchFile(path, lookSoon, (error) =>
    listener.onFault(
      new Error(
        `Changes of ${path} are found at SIGHUP only, as watching it failed: ${error.message}`,
      ),
    ),
  );
  const onSignal = (): void => look(true);
  process.on('SIGHUP', onSignal);
  look(false);
  return () => {
    process.off('SIGHUP', onSignal);
    clearTimeout(timer);
    watcher?.close();
  };
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (thrown) {
    throw new TypeError(`Cannot read the configuration ${path}: ${fileProblem(thrown)}`, {
      cause: thrown,
    });
  }
}

/** Watches the file's folder: a file that is replaced, as most editors do, is another one afterwards. */
function watchFile(
  path: string,
  onEvent: () => void,
  onError: (error: Error) => void,
): FSWatcher | undefined {
  const name = basename(path);
  try {
    const watcher = watch(dirname(resolve(path)), (_, changed) => {
      // mounted configuration maps replace a folder named `..data`
      if (changed === null || changed === name || changed.startsWith('..')) {
        onEvent();
      }
    });
    watcher.on('error', onError);
    return watcher;
  } catch (thrown) {
    onError(toError(thrown));
    return undefined;
  }
}
