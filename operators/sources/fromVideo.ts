import { Observable } from 'rxjs';
import { expectAddress } from '../../models/core/address.ts';
import { toError } from '../../models/core/errors.ts';
import type { PipelineError } from '../../models/core/errors.ts';
import { bundledImageSpec } from '../../models/index.ts';
import { maskError, maskFor } from '../../models/core/secrets.ts';
import { sourceName } from '../../models/core/sourceName.ts';
import type { Frame, ImageSpec } from '../../models/core/types.ts';
import {
  expectInteger,
  expectKnownKeys,
  expectNumber,
  expectOneOf,
} from '../../models/core/validate.ts';
import { MAX_SECONDS } from './live/backOff.ts';
import { maskErrors } from './maskErrors.ts';
import { readAnimation } from '../media/pictures/readAnimation.ts';
import { chooseDecoders } from '../media/video/chooseDecoders.ts';
import { playVideo } from '../media/video/playVideo.ts';
import { pathOf, prepareSource } from '../media/input/videoInput.ts';
import type { DecoderChoice, OnDamage, VideoInfo } from '../media/video/videoOptions.ts';

/** Options of `fromVideo`. */
export interface FromVideoConfig {
  /** Name of the source in every frame. Default: the file's name, without what may be secret in an address. */
  readonly source?: string;
  /** How the model wants its pictures: `detector.model.image`. Default: as the bundled model does. */
  readonly image?: ImageSpec;
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
  readonly followLinks?: boolean | undefined;
  /** Told once, before the first frame. */
  readonly onOpen?: (info: VideoInfo) => void;
  /** Told of each damage that is left behind, where `onDamage` is `skip`. */
  readonly onFault?: (error: PipelineError) => void;
}

const KEYS = [
  ...['source', 'image', 'decoder', 'display', 'stride', 'maxFrames', 'loop', 'maxOpenFrames'],
  ...['onDamage', 'stallSeconds', 'followLinks', 'onOpen', 'onFault'],
];

/**
 * Decodes a video into frames, ready for the model.
 * The file plays as fast as its frames are closed; nothing is dropped.
 *
 * ```text
 *  fromVideo(file)   -f-f-f-f-f-|     each f closed by its consumer
 *  too many open     -f-f-f-----f-|   the decoder waits at maxOpenFrames
 *  damaged file      -f-f-#           ERR_VIDEO_DECODE, with the second
 *  with skip         -f-f---f-f-|     onFault is told
 * ```
 *
 * Cold: decoding starts at subscription and stops at once when it ends. Frames come in display order
 * with the media time of the file, also at a variable rate; rotation is applied; a size that changes
 * midway is followed. Completes at the end of the file. An animated picture is a video too. A file is damaged where
 * a picture is missing that FFmpeg failed to decode, or where it ends before its own length. A picture that FFmpeg
 * gave although it is damaged is a frame like any other, and an error behind the last frame tells of it.
 * @param input a path, a named pipe, a URL (with the `ffmpeg` program only), or `-` for standard input
 * @returns frames; **errors:** ERR_VIDEO_OPEN where there is no video to be read, ERR_VIDEO_DECODE
 * where it is damaged or cut short, after the frames before the damage
 * @throws TypeError, RangeError for wrong options, TypeError for an address whose password holds a raw `/`, `?` or `#`
 * **Owns:** the subscriber gets each frame and closes it; `detect` and `encode` do.
 */
export function fromVideo(input: string | URL, config: FromVideoConfig = {}): Observable<Frame> {
  expectKnownKeys('fromVideo', config, KEYS);
  expectOneOf('decoder', config.decoder ?? 'auto', ['auto', 'wasm', 'native']);
  const { onDamage = 'stop', loop = false } = config;
  expectOneOf('onDamage', onDamage, ['stop', 'skip']);
  const settings = {
    display: expectInteger('display', config.display ?? 0, { min: 0, max: 4096 }),
    stride: expectInteger('stride', config.stride ?? 1, { min: 1 }),
    maxFrames: expectInteger('maxFrames', config.maxFrames ?? 0, { min: 0 }),
    maxOpenFrames: expectInteger('maxOpenFrames', config.maxOpenFrames ?? 8, { min: 2 }),
    stallSeconds: expectNumber('stallSeconds', config.stallSeconds ?? 20, {
      above: 0,
      max: MAX_SECONDS,
    }),
    followLinks: config.followLinks ?? true,
  };
  expectAddress(String(input));
  const path = pathOf(input);
  const source = config.source ?? sourceName(path);
  const mask = maskFor([path]);

  return new Observable<Frame>((subscriber) => {
    const preparing = new AbortController();
    subscriber.add(() => preparing.abort());
    const fail = (thrown: unknown): void => subscriber.error(toError(thrown));
    const play = async (): Promise<void> => {
      const { input: prepared, isPictures, dispose } = await prepareSource(path, preparing.signal);
      subscriber.add(dispose);
      const wanted = { ...settings, source, loop, image: config.image ?? bundledImageSpec() };
      if (isPictures && typeof prepared === 'string') {
        const onOpen = (facts: object): void => config.onOpen?.({ decoder: 'images', ...facts });
        readAnimation(prepared, { ...wanted, onOpen }, subscriber);
        return;
      }
      if (typeof prepared !== 'string') {
        prepared.on('error', fail);
      }
      const decoders = await chooseDecoders(config.decoder ?? 'auto', path);
      const onFault = (error: PipelineError): void => config.onFault?.(maskError(error, mask));
      const events = {
        onOpen: (info: VideoInfo): void => config.onOpen?.(info),
        onFault: onDamage === 'skip' ? onFault : undefined,
      };
      playVideo({ ...wanted, ...events, path, input: prepared, decoders }, subscriber);
    };
    play().catch(fail);
  }).pipe(maskErrors(mask));
}
