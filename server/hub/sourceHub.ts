import { Subject, Subscription, map, share, takeUntil, tap } from 'rxjs';
import type { Observable } from 'rxjs';
import type { Demand, FoundObject } from '../../models/index.ts';
import { toError } from '../../models/core/errors.ts';
import { expectKnownKeys } from '../../models/core/validate.ts';
import { maskText } from '../../models/core/secrets.ts';
import { SOURCE_NAME_RULE, isSourceName } from '../../models/core/sourceName.ts';
import { createDetectionFilter } from '../filters/detectionFilter.ts';
import type { HubListener } from './hubListener.ts';
import { describe, encodePicture, statusOf, watching } from './attachedSource.ts';
import type { Source } from './attachedSource.ts';
import type {
  SourceAttention,
  SourceInfo,
  SourceState,
  SourceStatus,
} from '../protocol/messages.ts';
import { PublishedFrame } from './publishedFrame.ts';
import { RateMeter } from './rateMeter.ts';
import { Replays } from './replay.ts';
import type { Replay, ReplayLimits } from './replay.ts';
import { FEED_OPTIONS } from './sourceFeed.ts';
import type { SourceEvent, SourceFeed } from './sourceFeed.ts';

/** Knows the attached sources, numbers their frames and passes everything on to its listeners. */
export class SourceHub {
  readonly #sources = new Map<string, Source>();
  readonly #subscriptions = new Subscription();
  readonly #listeners = new Set<HubListener>();
  /** The last frames of each source, kept when it is detached: no number is used twice in an epoch. */
  readonly #replays: Replays;
  #isClosed = false;

  constructor(limits: ReplayLimits) {
    this.#replays = new Replays(limits);
  }

  /**
   * Attaches a source.
   * @returns unsubscribing detaches it and tells the listeners that it has `ended`
   * @throws TypeError where the name is none, RangeError where it is taken, Error after `close()`
   */
  attach(feed: SourceFeed): Subscription {
    expectKnownKeys('attach', feed, Object.keys(FEED_OPTIONS)); // each is read when it is used: one may be a getter
    const { name } = feed;
    this.#expectFreeName(name);
    const detached$ = new Subject<void>();
    const source: Source = {
      name,
      rate: new RateMeter(),
      pictures$: feed.pictures$?.pipe(
        takeUntil(detached$),
        map(encodePicture),
        watching(() => source),
        share(),
      ),
      attention$: feed.attention$?.pipe(
        takeUntil(detached$),
        map((attention) => ({ ...attention, source: name })),
        watching(() => source),
      ),
      counts: feed.counts,
      state: 'connecting',
      reason: '',
      size: undefined,
      tellsArrivals: false,
      numWatching: 0,
      demand: undefined,
    };
    this.#sources.set(name, source);
    this.#replays.come(name);
    for (const listener of this.#listeners) {
      listener.onAttached(statusOf(source));
    }
    const subscription = new Subscription(() => {
      this.#sources.delete(name);
      detached$.next();
      if (!this.#isClosed) {
        this.#setState(source, 'ended', source.state === 'ended' ? source.reason : 'detached');
        this.#leave(name);
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

  /** The last frames of a source, also of one that is gone, or has never been. */
  replayOf(name: string): Replay {
    return this.#replays.of(name);
  }

  /**
   * A source's pictures as messages: 4 bytes of frame number, big-endian, then the JPEG.
   * @returns undefined where there is no such source or it has none; completes when it is detached
   */
  picturesOf(name: string): Observable<Uint8Array> | undefined {
    return this.#sources.get(name)?.pictures$;
  }

  /**
   * Where the decoder looks in a source's next frame.
   * @returns undefined where there is no such source or it cannot tell; one answer, or none in time
   */
  attentionOf(name: string): Observable<SourceAttention> | undefined {
    return this.#sources.get(name)?.attention$;
  }

  /** Detaches all sources, without telling anybody. Idempotent. */
  close(): void {
    this.#isClosed = true;
    this.#subscriptions.unsubscribe();
  }

  #gatherDemand({ name, numWatching }: Source): readonly Demand[] {
    const filters = [...this.#listeners].flatMap((listener) => listener.filtersFor(name));
    const all = numWatching > 0 ? [...filters, createDetectionFilter()] : filters;
    return [...new Map(all.map(({ key, demand }) => [key, demand])).values()];
  }

  #expectFreeName(name: unknown): void {
    if (!isSourceName(name)) {
      throw new TypeError(`Expected \`name\` of the source to be ${SOURCE_NAME_RULE}`);
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
      const size = source.size ?? { width: 1, height: 1 }; // before the first frame no zone can be told
      for (const listener of this.#listeners) {
        listener.onObject(object, size);
      }
      return;
    }
    const replay = this.replayOf(source.name);
    const frame = new PublishedFrame(source.name, replay.lastSeq + 1, event);
    if (!source.tellsArrivals) {
      this.#setOnline(source, event);
    }
    const nowMs = performance.now();
    source.rate.count(nowMs);
    replay.add(frame, nowMs);
    for (const listener of this.#listeners) {
      listener.onFrame(frame, event, nowMs);
    }
  }

  #leave(name: string): void {
    const forgotten = this.#replays.leave(name);
    if (forgotten !== undefined) {
      this.#listeners.forEach((listener) => listener.onForgotten(forgotten));
    }
  }

  #setOnline(source: Source, { width, height }: { width: number; height: number }): void {
    source.size = { width, height };
    this.#setState(source, 'online', source.state === 'online' ? source.reason : '');
  }

  #setState(source: Source, state: SourceState, said: string): void {
    const reason = maskText(said); // an attached stream may be anybody's
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
