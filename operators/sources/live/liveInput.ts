/** What FFmpeg has to be told to open a live source with little delay. */
import { PipelineError, invariant } from '../../../models/core/errors.ts';
import type { LiveAddress } from './liveSource.ts';
import { webOptions } from '../../media/ffmpeg/webOptions.ts';
import { patternGraph } from './testPattern.ts';

/** What one connection knows of the ones before it. */
export interface LiveInputContext {
  /** Of FFmpeg, major and minor. */
  readonly version: readonly [number, number];
  /** Silence after which FFmpeg itself gives up, seconds. */
  readonly silenceSeconds: number;
  /** Whether a web server may send FFmpeg to other addresses. */
  readonly followLinks: boolean;
  /** Look at more of the stream before the first frame: where the quick look was not enough. */
  readonly isThorough: boolean;
  /** The source is known to be live, and FFmpeg must not run ahead of it. */
  readonly isPaced: boolean;
  /** Frames before this connection, for the test pattern to go on. */
  readonly numFrames: number;
  readonly platform: NodeJS.Platform;
  /** The X11 display where none is named. */
  readonly display: string;
}

/** FFmpeg's options before `-i`, and what follows it. */
export interface LiveInput {
  readonly options: readonly string[];
  readonly input: string;
}

/**
 * Frames leave the decoder as soon as they can, after a short look at the stream: 32 KiB or a
 * millisecond of it (0 would mean FFmpeg's own five seconds). No `nobuffer`: it would throw away what
 * was looked at, the first whole picture with it, and the next one may be ten seconds off.
 */
const QUICK = '-flags low_delay -probesize 32768 -analyzeduration 1000'.split(' ');
/** FFmpeg's own, long look, of 5 MB or some seconds: where the first picture is too big for the short one. */
const THOROUGH = '-flags low_delay'.split(' ');

/** By scheme, and what an address on a web server ends in; the first that fits. */
const NETWORK: readonly {
  readonly fits: RegExp;
  readonly options: (
    address: LiveAddress & { readonly kind: 'network' },
    context: LiveInputContext,
  ) => readonly string[];
}[] = [
  {
    fits: /^rtsps?:/i,
    options: ({ transport }, context) => [
      ...analysis(context),
      ...['-rtsp_transport', transport, '-allowed_media_types', 'video'],
      // before FFmpeg 5, `-timeout` made RTSP a server that waits for callers
      ...[context.version[0] < 5 ? '-stimeout' : '-timeout', microseconds(context)],
    ],
  },
  {
    // segments come whole: paced, or all frames of one would be there at once; from the last, if it is live
    fits: /^https?:[^?#]*\.m3u8?(?:$|[?#])/i,
    options: (_, context) => [
      ...(context.isPaced ? ['-re', '-flags', 'low_delay'] : []),
      ...['-live_start_index', '-1', ...silence(context)],
    ],
  },
  {
    fits: /^udp:/i,
    options: (_, context) => [...analysis(context), ...silence(context), ...OVERRUN],
  },
  {
    fits: /^/,
    options: (_, context) => [
      ...analysis(context),
      ...(context.isPaced ? ['-re', '-live_start_index', '-1'] : []), // HLS by another name
      ...silence(context),
    ],
  },
];
/** Too slow a reader loses packets rather than the connection. */
const OVERRUN = ['-overrun_nonfatal', '1'];

/**
 * The FFmpeg input of a live source.
 * @throws PipelineError ERR_VIDEO_OPEN where this system has no such device
 */
export function liveInput(address: LiveAddress, context: LiveInputContext): LiveInput {
  switch (address.kind) {
    case 'network': {
      const row = NETWORK.find(({ fits }) => fits.test(address.url));
      invariant(row !== undefined, 'the last row fits every address');
      const { url } = address;
      const options = [...row.options(address, context), ...webOptions(url, context.followLinks)];
      return { options, input: url };
    }
    case 'webcam':
    case 'screen':
      return openDevice(address.kind, address.device, context);
    case 'test':
      return {
        options: ['-re', '-f', 'lavfi'],
        input: patternGraph(address.pattern, context.numFrames),
      };
  }
}

function analysis({ isThorough }: LiveInputContext): readonly string[] {
  return isThorough ? THOROUGH : QUICK;
}

function silence(context: LiveInputContext): readonly string[] {
  return ['-rw_timeout', microseconds(context)];
}

function microseconds({ silenceSeconds }: LiveInputContext): string {
  return String(Math.ceil(silenceSeconds * 1_000_000));
}

/** A device of this machine, by its number or name. */
type OpenDevice = (device: string, context: LiveInputContext) => LiveInput;

/** FFmpeg's own formats for cameras and screens, by platform. */
const DEVICES: Readonly<Partial<Record<NodeJS.Platform, Record<'webcam' | 'screen', OpenDevice>>>> =
  {
    linux: {
      webcam: (device) => ({
        options: ['-f', 'v4l2'],
        input: isNumber(device) ? `/dev/video${device}` : device,
      }),
      screen: (device, { display }) => ({
        options: ['-f', 'x11grab', '-framerate', '30'],
        input: isNumber(device) ? `${display.replace(/\.\d+$/, '')}.${device}` : device,
      }),
    },
    darwin: {
      webcam: (device) => ({
        options: ['-f', 'avfoundation', '-framerate', '30'],
        input: `${device}:none`,
      }),
      screen: (device) => ({
        options: ['-f', 'avfoundation', '-framerate', '30'],
        input: `Capture screen ${device}:none`,
      }),
    },
    win32: {
      webcam: (device) => ({ options: ['-f', 'dshow'], input: `video=${named(device)}` }),
      screen: () => ({ options: ['-f', 'gdigrab', '-framerate', '30'], input: 'desktop' }),
    },
  };

function isNumber(device: string): boolean {
  return /^\d+$/.test(device);
}

/** On Windows a camera goes by its name. @throws PipelineError ERR_VIDEO_OPEN for a number */
function named(device: string): string {
  if (isNumber(device)) {
    throw new PipelineError(
      'ERR_VIDEO_OPEN',
      'On Windows a webcam goes by its name, `webcam:NAME`; `ffmpeg -list_devices true -f dshow -i dummy` lists the names',
    );
  }
  return device;
}

function openDevice(
  kind: 'webcam' | 'screen',
  device: string,
  context: LiveInputContext,
): LiveInput {
  const devices = DEVICES[context.platform];
  if (devices === undefined) {
    const fact = `FFmpeg's ${kind} on ${context.platform} is not known to us`;
    throw new PipelineError('ERR_VIDEO_OPEN', fact);
  }
  return devices[kind](device, context);
}
