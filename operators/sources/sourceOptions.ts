/** What sources can be told. Tables only: the command line loads them to explain itself. */
import type { PipelineError } from '../../models/core/errors.ts';
import type { OptionTable } from '../../models/core/options.ts';
import type { ImageSpec } from '../../models/core/types.ts';
import { DECODERS, ON_DAMAGE } from '../media/video/videoOptions.ts';
import type { DecoderChoice, OnDamage, VideoInfo } from '../media/video/videoOptions.ts';
import type { FoundFiles } from './findFiles.ts';
import { MAX_SECONDS } from './live/backOff.ts';
import type { BackOff } from './live/backOff.ts';
import type { LiveDropCause, LiveState } from './live/liveSettings.ts';

/** Options of `fromVideo`. */
export interface FromVideoConfig {
  /** Name of the source in every frame. Default: the file's name, without what may be secret in an address. */
  readonly source?: string | undefined;
  /** How the model wants its pictures: `detector.model.image`. Default: as the bundled model does. */
  readonly image?: ImageSpec | undefined;
  /** Default `auto`: the `ffmpeg` program where it is found and runs, else the built-in FFmpeg. */
  readonly decoder?: DecoderChoice;
  /** Also give each frame a picture for people, this many pixels along its longer side; 0 for none. Default 0. */
  readonly display?: number;
  /** Decode every n-th frame only. Default 1. */
  readonly stride?: number;
  /** End after so many frames; 0 for all. Default 0. */
  readonly maxFrames?: number;
  /** Start again at the end, for ever; time and index go on. Default false. */
  readonly loop?: boolean;
  /** Frames that may be open at a time before the decoder waits, 2 or more. Default 8. */
  readonly maxOpenFrames?: number;
  /** Where a file is damaged: end with the error, or go on with what can be read behind it. Default `stop`. */
  readonly onDamage?: OnDamage;
  /** Longest silence of an address on the network before it is given up, seconds, above 0, up to a day. Default 20. */
  readonly stallSeconds?: number;
  /**
   * Whether a web server may send FFmpeg to other addresses, by a redirect or in a playlist (HLS, DASH). Default true;
   * false needs FFmpeg 5.1.
   */
  readonly followLinks?: boolean;
  /** Told once, before the first frame. */
  readonly onOpen?: ((info: VideoInfo) => void) | undefined;
  /** Told of each damage that is left behind, where `onDamage` is `skip`. */
  readonly onFault?: ((error: PipelineError) => void) | undefined;
}

/** Options of `fromImages`. */
export interface FromImagesConfig {
  /** Name of the source in every frame. Default: the name of the folder, file or glob. */
  readonly source?: string | undefined;
  /** How the model wants its pictures: `detector.model.image`. Default: as the bundled model does. */
  readonly image?: ImageSpec | undefined;
  /** Also give each frame a picture for people, this many pixels along its longer side; 0 for none. Default 0. */
  readonly display?: number;
  /** Read every n-th picture only. Default 1. */
  readonly stride?: number;
  /** End after so many frames; 0 for all. Default 0. */
  readonly maxFrames?: number;
  /** Media time between pictures is 1 ÷ this, seconds. Default 1. */
  readonly framesPerSecond?: number;
  /** Frames that may be open at a time before reading waits, 2 or more. Default 4. */
  readonly maxOpenFrames?: number;
  /** Start again at the end, for ever; time and index go on. Default false. */
  readonly loop?: boolean;
  /** Told before the first frame how many pictures will be read, and how many of what were left out. */
  readonly onOpen?:
    | ((facts: { readonly numImages: number; readonly leftOut: FoundFiles['leftOut'] }) => void)
    | undefined;
  /** Told of a picture that cannot be read, which is then left out; without it, it is an error. */
  readonly onFault?: ((error: PipelineError) => void) | undefined;
}

/** Options of `fromLive`. */
export interface FromLiveConfig {
  /** Name of the source in every frame. Default: the address, its secrets masked. */
  readonly source?: string | undefined;
  /** How the model wants its pictures: `detector.model.image`. Default: as the bundled model does. */
  readonly image?: ImageSpec | undefined;
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
  readonly followLinks?: boolean;
  /**
   * Told with the first frame of each connection, before it: whether it is of a recording, which is given as fast as it
   * is taken.
   */
  readonly onOpen?: ((facts: { readonly isFile: boolean }) => void) | undefined;
  /** Told of each change. The reason is for people, one line, its secrets masked. */
  readonly onState?: ((state: LiveState, reason: string) => void) | undefined;
  /** Told of each picture that was decoded and never given out. */
  readonly onDropped?: ((cause: LiveDropCause) => void) | undefined;
}

/** Rows of all kinds of source. */
const COMMON: OptionTable<
  Pick<FromImagesConfig, 'source' | 'image' | 'display' | 'stride' | 'maxFrames'>
> = {
  source: { type: 'text' },
  image: { type: 'value' },
  display: { type: 'integer', min: 0, max: 4096, default: 0, unit: 'pixels' },
  stride: {
    type: 'integer',
    min: 1,
    default: 1,
    flag: '--stride <n>',
    alias: 'vidStride',
    help: 'look at every n-th frame',
  },
  maxFrames: {
    type: 'integer',
    min: 0,
    default: 0,
    flag: '--max-frames <n>',
    help: 'end each source after n frames (0: all)',
  },
};

const LOOP: OptionTable<Pick<FromImagesConfig, 'loop'>> = {
  loop: { type: 'boolean', default: false, flag: '--loop', help: 'play files for ever' },
};

const LINKS: OptionTable<Pick<FromLiveConfig, 'followLinks'>> = {
  followLinks: {
    type: 'boolean',
    default: true,
    flag: '--no-follow-links',
    alias: 'follow',
    help: 'open web addresses themselves only, no others that they name: no redirects, no HLS (FFmpeg 5.1)',
  },
};

/** The table of {@link FromVideoConfig}. */
export const FROM_VIDEO_OPTIONS: OptionTable<FromVideoConfig> = {
  ...COMMON,
  ...LOOP,
  ...LINKS,
  decoder: {
    type: 'choice',
    values: DECODERS,
    default: 'auto',
    flag: '--decoder <decoder>',
    help: 'which FFmpeg decodes video',
  },
  maxOpenFrames: { type: 'integer', min: 2, default: 8 },
  onDamage: {
    type: 'choice',
    values: ON_DAMAGE,
    default: 'stop',
    flag: '--on-damage <what>',
    help: 'end a damaged video there, or go on behind it',
  },
  stallSeconds: { type: 'number', above: 0, max: MAX_SECONDS, default: 20, unit: 's' },
  onOpen: { type: 'hook' },
  onFault: { type: 'hook' },
};

/** The table of {@link FromImagesConfig}. */
export const FROM_IMAGES_OPTIONS: OptionTable<FromImagesConfig> = {
  ...COMMON,
  ...LOOP,
  framesPerSecond: { type: 'number', above: 0, default: 1 },
  maxOpenFrames: { type: 'integer', min: 2, default: 4 },
  onOpen: { type: 'hook' },
  onFault: { type: 'hook' },
};

const BACK_OFF_OPTIONS: OptionTable<BackOff> = {
  minSeconds: { type: 'number', min: 0, default: 0.25, unit: 's' },
  maxSeconds: { type: 'number', min: 0, max: MAX_SECONDS, default: 1.5, unit: 's' },
};

/** The table of {@link FromLiveConfig}. */
export const FROM_LIVE_OPTIONS: OptionTable<FromLiveConfig> = {
  ...COMMON,
  ...LINKS,
  maxOpenFrames: { type: 'integer', min: 1, default: 8 },
  stallSeconds: { type: 'number', above: 0, max: MAX_SECONDS, default: 5, unit: 's' },
  openSeconds: { type: 'number', above: 0, max: MAX_SECONDS, default: 15, unit: 's' },
  retryDelay: { type: 'group', table: BACK_OFF_OPTIONS, default: {} },
  onOpen: { type: 'hook' },
  onState: { type: 'hook' },
  onDropped: { type: 'hook' },
};
