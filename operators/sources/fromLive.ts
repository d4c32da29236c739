import type { Observable } from 'rxjs';
import type { Frame, ImageSpec } from '../../models/core/types.ts';
import { expectInteger, expectKnownKeys, expectNumber } from '../../models/core/validate.ts';
import { bundledImageSpec } from '../../models/index.ts';
import { MAX_SECONDS } from './live/backOff.ts';
import type { BackOff } from './live/backOff.ts';
import type { LiveDropCause, LiveState } from './live/liveSettings.ts';
import { watchLive } from './live/watchLive.ts';
import { maskedAddress, maskOf, readLiveSource } from './live/liveSource.ts';
import type { LiveSource } from './live/liveSource.ts';
import { maskErrors } from './maskErrors.ts';

/** Options of `fromLive`. */
export interface FromLiveConfig {
  /** Name of the source in every frame. Default: the address, its secrets masked. */
  readonly source?: string;
  /** How the model wants its pictures: `detector.model.image`. Default: as the bundled model does. */
  readonly image?: ImageSpec;
  /** Also give each frame a picture for people, this many pixels along its longer side; 0 for none. Default 0. */
  readonly display?: number;
  /** Take every n-th frame only. Default 1. */
  readonly stride?: number;
  /** End after so many frames; 0 for none. Default 0. */
  readonly maxFrames?: number;
  /** Frames that may be open at a time before newer ones are dropped, 1 or more. Default 8. */
  readonly maxOpenFrames?: number;
  /** Without a frame for so long the source has stalled and is connected anew, seconds, above 0, up to a day. Default 5. */
  readonly stallSeconds?: number;
  /**
   * Longest wait for the first frame of a connection, seconds, above 0, up to a day: cameras may send a whole picture every 10 s
   * only. Default 15.
   */
  readonly openSeconds?: number;
  /**
   * Wait before each new try. Default 0.25 s at least, 1.5 s at most; 0.4 s where a server does not answer at all. The
   * first after a good connection comes sooner.
   */
  readonly retryDelay?: BackOff;
  /**
   * Whether a web server may send FFmpeg to other addresses, by a redirect or in a playlist (HLS, DASH). Default true;
   * false needs FFmpeg 5.1.
   */
  readonly followLinks?: boolean | undefined;
  /**
   * Told with the first frame of each connection, before it: whether it is of a recording, which is given as fast as it
   * is taken.
   */
  readonly onOpen?: (facts: { readonly isFile: boolean }) => void;
  /** Told of each change. The reason is for people, one line, its secrets masked. */
  readonly onState?: (state: LiveState, reason: string) => void;
  /** Told of each picture that was decoded and never given out. */
  readonly onDropped?: (cause: LiveDropCause) => void;
}

const KEYS =
  'source image display stride maxFrames maxOpenFrames stallSeconds openSeconds retryDelay followLinks onOpen onState onDropped'.split(
    ' ',
  );

const WAIT = { above: 0, max: MAX_SECONDS };

/**
 * Plays a camera or a network stream, and stays with it: when it is lost, it is connected anew.
 * A camera may be unplugged for a night; its frames go on in the morning.
 *
 * ```text
 *  camera              f-f-f#    (down)     f-f-f-f-
 *  fromLive()   -------f-f-f----------------f-f-f-f-
 *  onState      c------o----x---------------o        connecting, online, offline, online
 *  consumer slow       f-----f-----f-----f-          the newest each time; the others go to onDropped
 * ```
 *
 * Cold: connects at subscription; unsubscribing ends the decoder at once, and so does the end of this
 * process, however it comes. A broken connection and one that ends are both a loss; so is one that
 * stays open without a frame for `stallSeconds`. After a loss it is tried again, for ever, with a
 * growing, random wait (`retryDelay`); RTSP, HTTP and RTMP servers are asked by a bare connection
 * first, which costs less than a decoder and is done more often. Size, codec and rate may be others then.
 *
 * Frames: `pts` is in seconds since the first frame, strictly increasing, in step with the wall clock
 * whatever the camera's clock does; `index` goes on after a loss; `capturedAt` is the time of arrival
 * here. While `maxOpenFrames` are open, the newest picture waits for one to be closed, and each newer
 * one takes its place: what is shown is never older than that, and the connection is always read.
 * Dropped pictures have been decoded and converted: the `ffmpeg` program knows nothing of us.
 *
 * A web address to which FFmpeg gives a duration (HLS on demand, a recording) is a file: nothing is
 * dropped, FFmpeg waits for its consumer, and it completes, or errors as `fromVideo` does; `onOpen`
 * tells, for those who `pace` it.
 * Needs the `ffmpeg` program: the built-in FFmpeg cannot open sockets. The address with its password
 * is among the program's arguments, which others on this machine may be able to list.
 * @param input an address, or a typed source; `rtsp://…#transport=udp` for RTSP over UDP
 * @returns frames; **errors:** ERR_VIDEO_OPEN where no effort helps: no `ffmpeg` program, or one that
 * lacks the protocol or device
 * @throws TypeError, RangeError for an unknown scheme and wrong options
 * **Owns:** the subscriber gets each frame and closes it; `detect` and `encode` do.
 */
export function fromLive(
  input: string | URL | LiveSource,
  config: FromLiveConfig = {},
): Observable<Frame> {
  expectKnownKeys('fromLive', config, KEYS);
  const { retryDelay = {}, onOpen, onState, onDropped } = config;
  expectKnownKeys('retryDelay', retryDelay, ['minSeconds', 'maxSeconds']);
  const minSeconds = expectNumber('minSeconds', retryDelay.minSeconds ?? 0.25, { min: 0 });
  const maxSeconds = expectNumber('maxSeconds', retryDelay.maxSeconds ?? 1.5, {
    min: minSeconds,
    max: MAX_SECONDS,
  });
  const name = maskedAddress(input);
  const mask = maskOf(input);
  return watchLive(readLiveSource(input), {
    name,
    source: config.source ?? name,
    request: {
      image: config.image ?? bundledImageSpec(),
      display: expectInteger('display', config.display ?? 0, { min: 0, max: 4096 }),
      stride: expectInteger('stride', config.stride ?? 1, { min: 1 }),
    },
    maxFrames: expectInteger('maxFrames', config.maxFrames ?? 0, { min: 0 }),
    maxOpenFrames: expectInteger('maxOpenFrames', config.maxOpenFrames ?? 8, { min: 1 }),
    stallSeconds: expectNumber('stallSeconds', config.stallSeconds ?? 5, WAIT),
    openSeconds: expectNumber('openSeconds', config.openSeconds ?? 15, WAIT),
    retryDelay: { minSeconds, maxSeconds },
    followLinks: config.followLinks ?? true,
    onOpen: (facts) => onOpen?.(facts),
    onState: (state, reason) => onState?.(state, mask(reason)),
    onDropped: (cause) => onDropped?.(cause),
  }).pipe(maskErrors(mask));
}
