import type { Observable } from 'rxjs';
import type { Frame } from '../../models/core/types.ts';
import { resolveOptions } from '../../models/core/resolveOptions.ts';
import { expectNumber } from '../../models/core/validate.ts';
import { bundledImageSpec } from '../../models/index.ts';
import { MAX_SECONDS } from './live/backOff.ts';
import type { BackOff } from './live/backOff.ts';
import { watchLive } from './live/watchLive.ts';
import { maskedAddress, maskOf, readLiveSource } from './live/liveSource.ts';
import type { LiveSource } from './live/liveSource.ts';
import { maskErrors } from './maskErrors.ts';
import { FROM_LIVE_OPTIONS } from './sourceOptions.ts';
import type { FromLiveConfig } from './sourceOptions.ts';

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
  const options = resolveOptions('fromLive', FROM_LIVE_OPTIONS, config);
  const { image = bundledImageSpec(), display, stride, onOpen, onState, onDropped } = options;
  const retryDelay = options.retryDelay as Required<BackOff>; // a group that is resolved has all its defaults
  expectNumber('maxSeconds', retryDelay.maxSeconds, {
    min: retryDelay.minSeconds,
    max: MAX_SECONDS,
  });
  const name = maskedAddress(input);
  const mask = maskOf(input);
  return watchLive(readLiveSource(input), {
    ...options,
    name,
    source: options.source ?? name,
    request: { image, display, stride },
    retryDelay,
    onOpen: (facts) => onOpen?.(facts),
    onState: (state, reason) => onState?.(state, mask(reason)),
    onDropped: (cause) => onDropped?.(cause),
  }).pipe(maskErrors(mask));
}
