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

  function add(name: string, state: string): Source {
    const statistics = createStatistics();
    const source = { name, state, reason: '', statistics, timeline: createTimeline() };
    sources.set(name, source);
    return source;
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
      for (const { name, state } of list) {
        const source = sources.get(name) ?? add(name, state);
        source.reason = source.state === state ? source.reason : ''; // the list gives no reasons
        source.state = state;
      }
    },
    setState(name, state, reason) {
      const source = sources.get(name) ?? add(name, state);
      source.state = state;
      source.reason = reason;
    },
    forgetStates() {
      for (const source of sources.values()) {
        source.state = 'unknown';
        source.reason = '';
      }
    },
  };
}
