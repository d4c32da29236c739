import type { SourceInfo } from './protocol.ts';
import { createTimeline, type Timeline } from './timeline.ts';
import { createStatistics, type SourceStatistics } from './statistics.ts';

/** What the page knows of one source. */
export interface Source {
  readonly name: string;
  state: string;
  /** Why, in words; empty where there is nothing to say. */
  reason: string;
  readonly statistics: SourceStatistics;
  /** Of all objects, whatever the filters say. */
  readonly timeline: Timeline;
}

/** The sources by name, in the server's order. */
export interface Sources {
  readonly all: readonly Source[];
  get(name: string): Source | undefined;
  /** Takes over the server's list: what is not in it is forgotten. */
  replace(list: readonly SourceInfo[]): void;
  /** Takes over one state. */
  setState(name: string, state: string, reason: string): void;
  /** Without a connection nothing is known of the states. */
  forgetStates(): void;
}

/** Starts with no source. */
export function createSources(): Sources {
  const sources = new Map<string, Source>();

  function set(name: string, state: string, reason: string): void {
    const known = sources.get(name);
    if (known === undefined) {
      const [statistics, timeline] = [createStatistics(), createTimeline()];
      sources.set(name, { name, state, reason, statistics, timeline });
    } else {
      known.state = state;
      known.reason = reason;
    }
  }

  return {
    get all() {
      return [...sources.values()];
    },
    get: (name) => sources.get(name),
    replace(list) {
      const names = new Set(list.map(({ name }) => name));
      for (const name of sources.keys()) {
        if (!names.has(name)) {
          sources.delete(name);
        }
      }
      for (const { name, state, reason = '' } of list) {
        set(name, state, reason);
      }
    },
    setState: set,
    forgetStates() {
      for (const source of sources.values()) {
        source.state = 'unknown';
        source.reason = '';
      }
    },
  };
}
