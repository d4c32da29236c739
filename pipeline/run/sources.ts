import type { Subject, Subscription } from 'rxjs';
import type { Demand, Detector, FrameDetections } from '../../models/index.ts';
import type { FairScheduler } from '../../operators/index.ts';
import type { DetectionServer, SourceManager } from '../../server/index.ts';
import { FrameLedger } from './frameLedger.ts';
import { createAttention } from './attention.ts';
import { createPictures } from '../sinks/pictures.ts';
import { absoluteSource, checkSource, parseSource } from './pipelineSource.ts';
import type { PipelineSource } from './pipelineSource.ts';
import { RunningSource } from './runningSource.ts';
import type { SourceReport } from './runningSource.ts';
import { detectLatest, sourceEvents } from './sourceEvents.ts';
import type { SourceDefaults } from './sourceEvents.ts';

/** What somebody wants who takes whatever comes. */
const EVERYTHING: readonly Demand[] = [{}];

/**
 * The sources of a running pipeline. Each has its own decoder, queue, state and ledger; what happens to
 * one of them does not disturb the others.
 */
export interface PipelineSources {
  /**
   * Adds a source and starts it, unless it is `paused`. Clients whose subscriptions match hear of it.
   * @throws TypeError where it is wrong, RangeError where its name is taken or there are too many, Error
   * after `close()`
   */
  add(source: PipelineSource): void;
  /**
   * Ends a source; its clients are told that it has `ended`, with the reason `removed`.
   * @returns its last report, in which no frame is in flight
   * @throws RangeError where there is no such source; the same for the others
   */
  remove(name: string): SourceReport;
  /**
   * Closes a source's decoder and gives up the frame under way; the source is `offline` with the reason
   * `paused`, and keeps its name, its subscribers and its ledger.
   */
  pause(name: string): void;
  /**
   * Opens a source that does not run: one that is paused, has ended or has failed. A file starts at its
   * beginning, with frame 0. A source that runs is left alone.
   */
  resume(name: string): void;
  /** How the sources are doing, in the order they were added; after `close()`, how they were then. */
  list(): readonly SourceReport[];
}

/** What the sources of a pipeline share. */
export interface SourcesConfig {
  readonly defaults: SourceDefaults;
  readonly maxSources: number;
  readonly detector: Detector;
  readonly turns: FairScheduler;
  readonly server: DetectionServer;
  readonly results$: Subject<FrameDetections>;
  readonly onState: ((report: SourceReport) => void) | undefined;
  readonly onRemoved: ((report: SourceReport) => void) | undefined;
}

/** Keeps the sources of one pipeline, and takes the server's requests to change them. */
export class Sources implements PipelineSources {
  readonly #config: SourcesConfig;
  readonly #sources = new Map<string, RunningSource>();
  readonly #attached = new Map<string, Subscription>();
  #isClosed = false;

  /** @throws TypeError, RangeError where the sources' shared options are wrong */
  constructor(config: SourcesConfig) {
    this.#config = config;
    detectLatest(config.detector, config.defaults.detect); // a mistake shows here, not at a frame
  }

  add(source: PipelineSource): void {
    this.#add(checkSource(source));
  }

  remove(name: string): SourceReport {
    const source = this.#expect(name);
    source.remove();
    this.#attached.get(name)?.unsubscribe();
    this.#attached.delete(name);
    this.#sources.delete(name);
    const report = source.report();
    this.#config.onRemoved?.(report);
    return report;
  }

  pause(name: string): void {
    this.#expect(name).pause();
  }

  resume(name: string): void {
    this.#expect(name).start();
  }

  list(): readonly SourceReport[] {
    return [...this.#sources.values()].map((source) => source.report());
  }

  /** Takes requests of others, which may name sources as text only; paths are relative to the working directory. */
  manager(): SourceManager {
    return {
      add: (value) => {
        const given = parseSource(value);
        this.#add({ ...given, source: absoluteSource(given.source, process.cwd()) });
      },
      remove: (name) => void this.remove(name),
      pause: (name) => this.pause(name),
      resume: (name) => this.resume(name),
    };
  }

  /** Ends all sources without telling anybody. Idempotent. */
  close(): void {
    this.#isClosed = true;
    for (const source of this.#sources.values()) {
      source.close();
    }
  }

  #add(given: PipelineSource): void {
    const { name } = given;
    const { defaults, maxSources, detector, turns, server, results$ } = this.#config;
    if (this.#isClosed) {
      throw new Error(`The pipeline is closed; source ${name} cannot be added`);
    }
    if (this.#sources.size >= maxSources) {
      throw new RangeError(
        `There are ${maxSources} sources, the most that are allowed; remove one first, or raise the limit (--max-sources, \`maxSources\`)`,
      );
    }
    const pictures = createPictures();
    const { motion: _, ...reading } = defaults.detect ?? {};
    const attention = createAttention({ name, detector, turns, reading });
    const ledger = new FrameLedger();
    const demand = (): readonly Demand[] => (results$.observed ? EVERYTHING : server.demand(name));
    const connections = { detector, turns, pictures, attention, ledger, demand, results$ };
    const source = new RunningSource(given, ledger, sourceEvents(given, defaults, connections));
    source.states$.subscribe((report) => this.#config.onState?.(report));
    const feed = {
      name,
      events$: source.events$,
      pictures$: pictures.pictures$,
      attention$: attention.attention$,
      counts: () => ledger.counts(),
    };
    this.#attached.set(name, server.attach(feed));
    this.#sources.set(name, source);
    if (given.paused === true) {
      source.pause();
    } else {
      source.start();
    }
  }

  #expect(name: string): RunningSource {
    const source = this.#sources.get(name);
    if (source === undefined || this.#isClosed) {
      const known = [...this.#sources.keys()].join(', ') || 'none';
      throw new RangeError(
        this.#isClosed
          ? `The pipeline is closed; source ${name} cannot be changed`
          : `There is no source named ${name}; there are: ${known}`,
      );
    }
    return source;
  }
}
