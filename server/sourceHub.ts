import { Subject, Subscription, map, share, takeUntil, tap } from 'rxjs';
import type { Observable } from 'rxjs';
import type { Demand, FoundObject } from '../models/index.ts';
import { toError } from '../models/errors.ts';
import { createDetectionFilter } from './detectionFilter.ts';
import type { DetectionFilter } from './detectionFilter.ts';
import type { FrameCounts, SourceInfo, SourceState, SourceStatus } from './messages.ts';
import { PublishedFrame } from './publishedFrame.ts';
import { RateMeter } from './rateMeter.ts';
import type { Picture, SourceEvent, SourceFeed } from './sourceFeed.ts';

/** Who is told about all sources. */
export interface HubListener {
  onAttached(status: SourceStatus): void;
  onFrame(frame: PublishedFrame): void;
  onObject(object: FoundObject): void;
  onStatus(status: SourceStatus): void;
  /** What it wants to see of a source. */
  filtersFor(source: string): readonly DetectionFilter[];
}

/** One attached source. */
interface Source {
  readonly name: string;
  readonly rate: RateMeter;
  readonly pictures$: Observable<Uint8Array> | undefined;
  readonly counts: (() => FrameCounts) | undefined;
  state: SourceState;
  reason: string;
  size: { readonly width: number; readonly height: number } | undefined;
  /** Whether it tells of frames before they are read. */
  tellsArrivals: boolean;
  /** Whether somebody looks at its pictures. */
  isWatched: boolean;
  /** What is wanted of it; undefined where that has changed since it was last asked. */
  demand: readonly Demand[] | undefined;
}

/** Knows the attached sources, numbers their frames and passes everything on to its listeners. */
export class SourceHub {
  readonly #sources = new Map<string, Source>();
  readonly #subscriptions = new Subscription();
  readonly #listeners = new Set<HubListener>();
  /** The last number of each source, kept when it is detached: a number is used once per epoch. */
  readonly #seqs = new Map<string, number>();
  #isClosed = false;

  /**
   * Attaches a source.
   * @returns unsubscribing detaches it and tells the listeners that it has `ended`
   * @throws TypeError where the name is empty, RangeError where it is taken, Error after `close()`
   */
  attach(feed: SourceFeed): Subscription {
    const { name } = feed;
    this.#expectFreeName(name);
    const detached$ = new Subject<void>();
    const source: Source = {
      name,
      rate: new RateMeter(),
      pictures$: feed.pictures$?.pipe(
        takeUntil(detached$),
        map(encodePicture),
        tap({
          subscribe: () => setWatched(source, true),
          finalize: () => setWatched(source, false),
        }),
        share(),
      ),
      counts: feed.counts,
      state: 'connecting',
      reason: '',
      size: undefined,
      tellsArrivals: false,
      isWatched: false,
      demand: undefined,
    };
    this.#sources.set(name, source);
    for (const listener of this.#listeners) {
      listener.onAttached(statusOf(source));
    }
    const subscription = new Subscription(() => {
      this.#sources.delete(name);
      detached$.next();
      if (!this.#isClosed) {
        this.#setState(source, 'ended', source.state === 'ended' ? source.reason : 'detached');
      }
    });
    this.#subscriptions.add(subscription);
    // `tap`, so that whatever goes wrong while publishing counts as an error of this source only.
    const events = feed.events$.pipe(tap((event) => this.#publish(source, event))).subscribe({
      error: (thrown: unknown) => this.#setState(source, 'offline', toError(thrown).message),
      complete: () =>
        this.#setState(source, 'ended', source.state === 'ended' ? source.reason : ''),
    });
    subscription.add(events);
    return subscription;
  }

  /** @returns unsubscribing ends the news */
  listen(listener: HubListener): Subscription {
    this.#listeners.add(listener);
    this.changeDemand();
    return new Subscription(() => {
      this.#listeners.delete(listener);
      this.changeDemand();
    });
  }

  /** To be called when a listener wants something else. */
  changeDemand(): void {
    for (const source of this.#sources.values()) {
      source.demand = undefined;
    }
  }

  /** See `DetectionServer.demand`. */
  demandOn(name: string): readonly Demand[] {
    const source = this.#sources.get(name);
    if (source === undefined) {
      return [];
    }
    source.demand ??= this.#gatherDemand(source);
    return source.demand;
  }

  /** Describes all attached sources, in the order of attaching. */
  describe(nowMs: number = performance.now()): readonly SourceInfo[] {
    return [...this.#sources.values()].map((source) => describe(source, nowMs));
  }

  /** Describes one source; undefined where there is none of that name. */
  describeOne(name: string, nowMs: number = performance.now()): SourceInfo | undefined {
    const source = this.#sources.get(name);
    return source && describe(source, nowMs);
  }

  /** The state of all attached sources. */
  statuses(): readonly SourceStatus[] {
    return [...this.#sources.values()].map(statusOf);
  }

  /** Number of the last frame message of a source, 0 before the first one. */
  seqOf(name: string): number {
    return this.#seqs.get(name) ?? 0;
  }

  /**
   * A source's pictures as messages: 4 bytes of frame number, big-endian, then the JPEG.
   * @returns undefined where there is no such source or it has none; completes when it is detached
   */
  picturesOf(name: string): Observable<Uint8Array> | undefined {
    return this.#sources.get(name)?.pictures$;
  }

  /** Detaches all sources, without telling anybody. Idempotent. */
  close(): void {
    this.#isClosed = true;
    this.#subscriptions.unsubscribe();
  }

  #gatherDemand({ name, isWatched }: Source): readonly Demand[] {
    const filters = [...this.#listeners].flatMap((listener) => listener.filtersFor(name));
    const all = isWatched ? [...filters, createDetectionFilter()] : filters;
    return [...new Map(all.map(({ key, demand }) => [key, demand])).values()];
  }

  #expectFreeName(name: unknown): void {
    if (typeof name !== 'string' || name === '') {
      throw new TypeError('Expected `name` of the source to be a non-empty string');
    }
    if (this.#sources.has(name)) {
      throw new RangeError(`Expected \`name\` of the source to be unique, got \`${name}\` again`);
    }
    if (this.#isClosed) {
      throw new Error(`The server is closed; source ${name} cannot be attached`);
    }
  }

  #publish(source: Source, event: SourceEvent): void {
    if (event.type === 'status') {
      this.#setState(source, event.state, event.reason);
      return;
    }
    if (event.type === 'arrival') {
      source.tellsArrivals = true;
      this.#setOnline(source, event);
      return;
    }
    if (event.type === 'object') {
      const object: FoundObject = { ...event, source: source.name };
      for (const listener of this.#listeners) {
        listener.onObject(object);
      }
      return;
    }
    const frame = new PublishedFrame(source.name, this.seqOf(source.name) + 1, event);
    if (!source.tellsArrivals) {
      this.#setOnline(source, event);
    }
    source.rate.count(performance.now());
    this.#seqs.set(source.name, frame.seq);
    for (const listener of this.#listeners) {
      listener.onFrame(frame);
    }
  }

  #setOnline(source: Source, { width, height }: { width: number; height: number }): void {
    source.size = { width, height };
    this.#setState(source, 'online', source.state === 'online' ? source.reason : '');
  }

  #setState(source: Source, state: SourceState, reason: string): void {
    if (source.state === state && source.reason === reason) {
      return;
    }
    source.state = state;
    source.reason = reason;
    for (const listener of this.#listeners) {
      listener.onStatus(statusOf(source));
    }
  }
}

function describe({ name, state, size, rate, counts }: Source, nowMs: number): SourceInfo {
  const perSecond = rate.perSecond(nowMs);
  return {
    name,
    state,
    ...size,
    ...(perSecond === undefined ? {} : { rate: perSecond }),
    ...(counts === undefined ? {} : { counts: counts() }),
  };
}

function statusOf({ name, state, reason }: Source): SourceStatus {
  return { type: 'status', source: name, state, reason };
}

function setWatched(source: Source, isWatched: boolean): void {
  source.isWatched = isWatched;
  source.demand = undefined;
}

function encodePicture({ frame, jpeg }: Picture): Uint8Array {
  const header = Buffer.alloc(4);
  header.writeUInt32BE(frame % 2 ** 32);
  return Buffer.concat([header, jpeg]);
}
