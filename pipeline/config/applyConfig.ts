import { isDeepStrictEqual } from 'node:util';
import { toError } from '../../models/index.ts';
import type { Config, ConfigSource } from './parseConfig.ts';
import type { PipelineSources } from '../run/sources.ts';

/** What an edit of a configuration did to the running sources. */
export interface Applied {
  /** What was done, in words; empty where nothing was. */
  readonly done: readonly string[];
  /** What could not be done, one line each. */
  readonly faults: readonly string[];
}

/**
 * Makes the running sources follow an edit of their list: what the edit does not touch stays as it is,
 * also where it was changed by other means. A source of which only `paused` changes is paused or
 * resumed; one with another change is removed and added anew.
 * Never throws.
 */
export function applySources(
  sources: PipelineSources,
  before: readonly ConfigSource[],
  after: readonly ConfigSource[],
): Applied {
  const done: string[] = [];
  const faults: string[] = [];
  const attempt = (word: string, name: string, work: () => void): void => {
    try {
      work();
      done.push(`${word} ${name}`);
    } catch (thrown) {
      faults.push(`${name} could not be ${word}: ${toError(thrown).message}`);
    }
  };
  const isThere = (name: string): boolean => sources.list().some((one) => one.name === name);
  const old = new Map(before.map((source) => [source.name, source]));
  const kept = new Set(after.map(({ name }) => name));
  for (const { name } of before) {
    if (!kept.has(name) && isThere(name)) {
      attempt('removed', name, () => void sources.remove(name));
    }
  }
  for (const source of after) {
    const { name } = source;
    const was = old.get(name);
    if (was === undefined) {
      attempt('added', name, () => sources.add(source));
    } else if (isDeepStrictEqual(was, source)) {
      continue;
    } else if (isThere(name) && isDeepStrictEqual(unpaused(was), unpaused(source))) {
      const isPaused = source.paused === true;
      attempt(isPaused ? 'paused' : 'resumed', name, () =>
        isPaused ? sources.pause(name) : sources.resume(name),
      );
    } else {
      attempt('changed', name, () => {
        if (isThere(name)) {
          sources.remove(name);
        }
        sources.add(source);
      });
    }
  }
  return { done, faults };
}

/** The settings in which two configurations differ, except the sources: they need a restart. */
export function changedSettings(before: Config, after: Config): readonly string[] {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  keys.delete('sources');
  const [a, b] = [new Map(Object.entries(before)), new Map(Object.entries(after))];
  return [...keys].filter((key) => !isDeepStrictEqual(a.get(key), b.get(key)));
}

function unpaused(source: ConfigSource): object {
  return { ...source, paused: undefined };
}
