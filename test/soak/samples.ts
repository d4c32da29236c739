/** What is measured of the server's process again and again. */
import { percentile } from '../../pipeline/cli/bench/numbers.ts';
import { descendantsOf, isDecoder, isNode, listProcesses, numOpenFiles } from './processes.ts';
import type { ServerFigures } from './serverMessages.ts';
import type { SoakServer } from './soakServer.ts';

/** The server's process at one moment. */
export interface Sample {
  /** Since the run began. */
  readonly seconds: number;
  readonly rssBytes: number;
  readonly heapBytes: number;
  /** Of all its descendants together. */
  readonly childrenRssBytes: number;
  /** Active resources, all kinds together. */
  readonly resources: number;
  /** Open files, sockets and pipes; absent where the system does not say. */
  readonly openFiles: number | undefined;
  readonly decoders: number;
  /** Descendants that are Node programs. */
  readonly workers: number;
  readonly loopDelayP99Ms: number;
  readonly loopDelayMaxMs: number;
}

/** Samples taken into one. */
export type Level = Pick<
  Sample,
  'rssBytes' | 'heapBytes' | 'childrenRssBytes' | 'resources' | 'decoders' | 'workers'
> & { readonly openFiles: number };

/** Takes samples, and remembers which processes there were. */
export class Sampler {
  readonly samples: Sample[] = [];
  /** Every descendant that was seen. */
  readonly seen: Map<number, string> = new Map();
  /** Sources whose frames were not the sum of what became of them at some moment. */
  readonly uneven: Set<string> = new Set();
  readonly #server: SoakServer;
  readonly #startedMs = performance.now();

  constructor(server: SoakServer) {
    this.#server = server;
  }

  /** @throws Error where the process is gone */
  async take(): Promise<{ readonly sample: Sample; readonly figures: ServerFigures }> {
    const { pid } = this.#server;
    const [figures, all] = await Promise.all([this.#server.figures(), listProcesses()]);
    const children = descendantsOf(pid, all);
    children.forEach((child) => this.seen.set(child.pid, child.command));
    figures.uneven.forEach((name) => this.uneven.add(name));
    const sample: Sample = {
      seconds: (performance.now() - this.#startedMs) / 1_000,
      rssBytes: figures.rssBytes,
      heapBytes: figures.heapBytes,
      childrenRssBytes: children.reduce((sum, { rssBytes }) => sum + rssBytes, 0),
      resources: Object.values(figures.resources).reduce((sum, count) => sum + count, 0),
      openFiles: numOpenFiles(pid),
      decoders: children.filter(isDecoder).length,
      workers: children.filter(isNode).length,
      loopDelayP99Ms: figures.loopDelayMs.p99,
      loopDelayMaxMs: figures.loopDelayMs.max,
    };
    this.samples.push(sample);
    return { sample, figures };
  }

  /** The median of the three samples around a moment; cameras that are down just then make single ones uneven. */
  level(seconds: number): Level {
    const near = this.samples
      .toSorted((a, b) => Math.abs(a.seconds - seconds) - Math.abs(b.seconds - seconds))
      .slice(0, 3);
    const median = (of: (sample: Sample) => number): number => percentile(near.map(of), 0.5);
    return {
      rssBytes: median(({ rssBytes }) => rssBytes),
      heapBytes: median(({ heapBytes }) => heapBytes),
      childrenRssBytes: median(({ childrenRssBytes }) => childrenRssBytes),
      resources: median(({ resources }) => resources),
      openFiles: median(({ openFiles = 0 }) => openFiles),
      decoders: median(({ decoders }) => decoders),
      workers: median(({ workers }) => workers),
    };
  }

  /** Those of the seen processes that are still there, under the same command. */
  async left(): Promise<string[]> {
    return (await listProcesses())
      .filter(({ pid, command }) => this.seen.get(pid) === command)
      .map(({ pid, command }) => `${pid} ${command.slice(0, 120)}`);
  }
}
