import { concat, defer, filter, map, retry, switchMap, take, tap, throwError, timer } from 'rxjs';
import type { Observable } from 'rxjs';
import { toError } from '../../../models/core/errors.ts';
import type { Frame } from '../../../models/core/types.ts';
import { FrameMaker } from '../../media/frames/frameMaker.ts';
import { openFfmpeg } from '../../media/native/nativeDecoder.ts';
import type { FfmpegProgram } from '../../media/native/nativeDecoder.ts';
import { waitSeconds } from './backOff.ts';
import { probe, probeDelay } from './probe.ts';
import { LiveClock } from './liveClock.ts';
import { liveInput } from './liveInput.ts';
import { LiveLoss, liveRun, PacingNeeded } from './liveRun.ts';
import type { LivePicture } from './liveRun.ts';
import type { LiveSettings, LiveState } from './liveSettings.ts';
import type { LiveAddress } from './liveSource.ts';
import { newestFrames, SPARE_SLOTS } from './newestFrames.ts';
import type { PlacedPicture } from './newestFrames.ts';
import { watchdog } from './watchdog.ts';

/** FFmpeg gives up by itself after so many times the silence that the watchdog allows; a second net. */
const FFMPEG_TIMEOUT_FACTOR = 2;
/** A connection that has lasted so long was a good one: the waits start small again, milliseconds. */
const GOOD_MS = 2_000;

/** What the system says where it is short of something; it may have it the next time. */
const SHORTAGES = ['EMFILE', 'ENFILE', 'EAGAIN', 'ENOMEM'];

/** Connects, watches, and connects again, for ever: see `fromLive`. */
export function watchLive(address: LiveAddress, settings: LiveSettings): Observable<Frame> {
  return defer(() => watchAnew(address, settings));
}

function watchAnew(address: LiveAddress, settings: LiveSettings): Observable<Frame> {
  const { name, source, request, maxOpenFrames, maxFrames } = settings;
  const maker = new FrameMaker(source, request, maxOpenFrames + SPARE_SLOTS);
  const history = new ConnectionHistory(settings, maker);
  history.report('connecting', name);

  const connect = (program: FfmpegProgram): Observable<LivePicture> => {
    const { isThorough, isPaced, numPictures } = history;
    const input = liveInput(address, {
      version: program.version,
      silenceSeconds: FFMPEG_TIMEOUT_FACTOR * Math.max(settings.stallSeconds, settings.openSeconds),
      followLinks: settings.followLinks,
      isThorough,
      isPaced,
      numFrames: numPictures,
      platform: process.platform,
      display: process.env['DISPLAY'] ?? ':0',
    });
    const run$ = liveRun({
      ...{ program, input, name, request, pool: maker.pool, isPaced },
      mayBeFile: address.kind === 'network' && /^https?$/.test(address.scheme),
      fileSilenceSeconds: settings.openSeconds,
    });
    return history.isLost ? concat(probe(address), run$) : run$;
  };
  const connection$ = defer(async () => (history.program ??= await findProgram())).pipe(
    switchMap(connect),
  );

  return connection$.pipe(
    watchdog(
      (before) => history.waitSeconds(before),
      (before) => history.stall(before),
    ),
    map((picture) => history.place(picture)),
    filter((picture) => picture !== undefined),
    retry({ delay: (thrown) => history.next(thrown) }),
    newestFrames({ maker, maxOpenFrames, onDropped: settings.onDropped }),
    maxFrames > 0 ? take(maxFrames) : map((frame) => frame),
    tap({
      complete: () => history.report('ended', 'the source has ended'),
      error: (thrown) => history.report('ended', toError(thrown).message),
    }),
  );
}

/** @returns rejects with LiveLoss where the system is short of something */
async function findProgram(): Promise<FfmpegProgram> {
  try {
    return await openFfmpeg('install FFmpeg: the built-in FFmpeg cannot open sockets or devices');
  } catch (thrown) {
    const { code } = (toError(thrown).cause ?? {}) as NodeJS.ErrnoException;
    throw SHORTAGES.includes(code ?? '')
      ? new LiveLoss('offline', toError(thrown).message)
      : thrown;
  }
}

/** What a source remembers from one connection to the next. */
class ConnectionHistory {
  /** Whether the next connection looks longer before the first frame. */
  isThorough = false;
  /** Whether the source is known to be live HLS. */
  isPaced = false;
  /** Pictures of all connections. */
  numPictures = 0;
  /** Asked for once, which has to succeed. */
  program: FfmpegProgram | undefined;
  readonly #settings: LiveSettings;
  readonly #maker: FrameMaker;
  readonly #clock = new LiveClock();
  /** First and latest media time of a recording, seconds. */
  readonly #file = { first: undefined as number | undefined, last: 0 };
  /** Tries since the source was last there. */
  #numTries = 0;
  /** When this connection gave its first frame; absent before. */
  #onlineAtMs: number | undefined;
  #lastReport = '';

  constructor(settings: LiveSettings, maker: FrameMaker) {
    this.#settings = settings;
    this.#maker = maker;
  }

  /** Whether the source was tried, and is not there. */
  get isLost(): boolean {
    return this.#numTries > 0;
  }

  /** Reports a state, once. */
  report(state: LiveState, reason: string): void {
    const report = `${state}: ${reason}`;
    if (report !== this.#lastReport) {
      this.#lastReport = report;
      this.#settings.onState(state, reason);
    }
  }

  /** How long the next picture may take. @param before the one before, of the same connection */
  waitSeconds(before: LivePicture | undefined): number {
    const { openSeconds, stallSeconds } = this.#settings;
    // a recording waits for its consumer, for as long as that takes
    return before === undefined ? openSeconds : before.isFile ? Infinity : stallSeconds;
  }

  stall(before: LivePicture | undefined): LiveLoss {
    const reason = `no frame for ${this.waitSeconds(before)} s`;
    return new LiveLoss('stalled', reason, before === undefined ? 'blind' : 'known');
  }

  /** Gives a picture its place in the source: number and time. @returns nothing for one that `stride` leaves out */
  place({ slot, pts, isFile, arrivedAtMs, handoverMs }: LivePicture): PlacedPicture | undefined {
    if (this.#onlineAtMs === undefined) {
      this.#onlineAtMs = arrivedAtMs;
      this.#clock.restart();
      this.#settings.onOpen({ isFile });
      const { width, height } = this.#maker.sizeOf(slot);
      this.report('online', `${width}x${height}`);
    }
    const index = this.numPictures;
    this.numPictures += 1;
    const time = isFile ? this.#filePts(pts) : this.#clock.next(pts, arrivedAtMs);
    if (index % this.#settings.request.stride !== 0) {
      this.#maker.pool.release(slot);
      return undefined;
    }
    const facts = { capturedAt: Date.now(), arrivedAtMs, decodeMs: handoverMs };
    return { slot, isFile, facts: { index, pts: time, ...facts } };
  }

  /** After the end of a connection. @returns what to wait for before the next, or the error there is no way around */
  next(thrown: unknown): Observable<unknown> {
    const onlineAtMs = this.#onlineAtMs;
    this.#onlineAtMs = undefined;
    if (thrown instanceof PacingNeeded) {
      this.isPaced = true;
      return timer(0);
    }
    if (!(thrown instanceof LiveLoss)) {
      return throwError(() => thrown);
    }
    const wasGood = onlineAtMs !== undefined && performance.now() - onlineAtMs > GOOD_MS;
    this.#numTries = wasGood ? 1 : this.#numTries + 1;
    this.isThorough = thrown.stage === 'blind' ? !this.isThorough : this.isThorough;
    this.report(thrown.state, thrown.message);
    const { retryDelay } = this.#settings;
    const delay = thrown.stage === 'unanswered' ? probeDelay(retryDelay) : retryDelay;
    // A good connection is asked for again nearly at once; not by all cameras of a network together.
    const seconds = wasGood ? Math.random() * delay.minSeconds : waitSeconds(delay, this.#numTries);
    return timer(seconds * 1_000);
  }

  #filePts(seconds: number | undefined): number {
    this.#file.first ??= seconds ?? 0;
    this.#file.last = seconds === undefined ? this.#file.last + 1 / 25 : seconds - this.#file.first;
    return this.#file.last;
  }
}
