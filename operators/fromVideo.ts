import { Observable } from 'rxjs';
import { expectAddress } from '../models/address.ts';
import { toError } from '../models/errors.ts';
import { bundledImageSpec } from '../models/index.ts';
import { maskFor } from '../models/secrets.ts';
import { sourceName } from '../models/sourceName.ts';
import type { Frame, ImageSpec } from '../models/types.ts';
import { expectInteger, expectKnownKeys, expectOneOf } from '../models/validate.ts';
import { maskErrors } from './maskErrors.ts';
import type { StartDecoder } from './video/decoder.ts';
import { filterGraph } from './video/filterGraph.ts';
import { FrameReader } from './video/frameReader.ts';
import { findFfmpeg, startNative } from './video/nativeDecoder.ts';
import { readAnimation } from './images/readAnimation.ts';
import { pathOf, prepareSource, sourceLabel } from './video/sources.ts';
import type { PreparedSource } from './video/sources.ts';
import { startWasm } from './video/wasmDecoder.ts';

/** Which FFmpeg decodes: the program on the PATH, the built-in one, or the first that is there. */
export type DecoderChoice = 'auto' | 'wasm' | 'native';

/** What is known of a video once its first frame is there. */
export interface VideoInfo {
  /** `images` for an animated picture, which FFmpeg does not read. */
  readonly decoder: 'wasm' | 'native' | 'images';
  /** Seconds; absent for streams. */
  readonly duration?: number;
  readonly framesPerSecond?: number;
}

/** Options of `fromVideo`. */
export interface FromVideoConfig {
  /** Name of the source in every frame. Default: the file's name, without what may be secret in an address. */
  readonly source?: string;
  /** How the model wants its pictures: `detector.model.image`. Default: as the bundled model does. */
  readonly image?: ImageSpec;
  /** Default `auto`: the `ffmpeg` program where it is found, else the built-in FFmpeg. */
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
  /** Told once, before the first frame. */
  readonly onOpen?: (info: VideoInfo) => void;
}

const KEYS = 'source image decoder display stride maxFrames loop maxOpenFrames onOpen'.split(' ');

/**
 * Decodes a video into frames, ready for the model.
 * The file plays as fast as its frames are closed; nothing is dropped.
 *
 * ```text
 *  fromVideo(file)   -f-f-f-f-f-|     each f closed by its consumer
 *  too many open     -f-f-f-----f-|   the decoder waits at maxOpenFrames
 *  damaged file      -f-f-#           ERR_VIDEO_DECODE, with the second
 * ```
 *
 * Cold: decoding starts at subscription and stops at once when it ends. Frames come in display order
 * with the media time of the file, also at a variable rate; rotation is applied; a size that changes
 * midway is followed. Completes at the end of the file. An animated picture is a video too.
 * @param input a path, a named pipe, a URL (with the `ffmpeg` program only), or `-` for standard input
 * @returns frames; **errors:** ERR_VIDEO_OPEN where there is no video to be read, ERR_VIDEO_DECODE
 * where it is damaged or cut short, after the frames before the damage
 * @throws TypeError, RangeError for wrong options, TypeError for an address whose password holds a raw `/`, `?` or `#`
 * **Owns:** the subscriber gets each frame and closes it; `detect` and `encode` do.
 */
export function fromVideo(input: string | URL, config: FromVideoConfig = {}): Observable<Frame> {
  expectKnownKeys('fromVideo', config, KEYS);
  expectOneOf('decoder', config.decoder ?? 'auto', ['auto', 'wasm', 'native']);
  const settings = {
    display: expectInteger('display', config.display ?? 0, { min: 0, max: 4096 }),
    stride: expectInteger('stride', config.stride ?? 1, { min: 1 }),
    maxFrames: expectInteger('maxFrames', config.maxFrames ?? 0, { min: 0 }),
    maxOpenFrames: expectInteger('maxOpenFrames', config.maxOpenFrames ?? 8, { min: 2 }),
  };
  expectAddress(String(input));
  const path = pathOf(input);
  const name = config.source ?? sourceName(path);

  return new Observable<Frame>((subscriber) => {
    const fail = (thrown: unknown): void => subscriber.error(toError(thrown));
    const start = ({ input: source, isPictures, dispose }: PreparedSource): void => {
      subscriber.add(dispose);
      if (subscriber.closed) {
        return;
      }
      const image = config.image ?? bundledImageSpec();
      if (typeof source !== 'string') {
        source.on('error', fail);
      } else if (isPictures) {
        const onOpen = (facts: object): void => config.onOpen?.({ decoder: 'images', ...facts });
        const wanted = { ...settings, image, source: name, loop: config.loop ?? false, onOpen };
        readAnimation(source, wanted, subscriber);
        return;
      }
      const { decoder, start: startDecoder } = chooseDecoder(config.decoder ?? 'auto');
      const request = { image, display: settings.display, stride: settings.stride };
      const reader = new FrameReader({
        name: sourceLabel(path),
        source: name,
        request,
        maxOpenFrames: settings.maxOpenFrames,
        onOpen: (facts) => config.onOpen?.({ decoder, ...facts }),
        subscriber,
      });
      const running = startDecoder(
        {
          input: source,
          // one thread: several would hold as many frames back, and report damage out of order
          inputOptions: ['-threads', '1', ...(config.loop === true ? ['-stream_loop', '-1'] : [])],
          outputOptions: [
            ...['-filter_complex', filterGraph(request, 'out'), '-map', '[out]'],
            ...(settings.maxFrames > 0 ? ['-frames:v', String(settings.maxFrames)] : []),
            ...['-pix_fmt', 'rgb24', '-f', 'rawvideo'],
          ],
          slots: reader.slots,
        },
        reader,
      );
      subscriber.add(() => running.stop());
    };

    const preparing = new AbortController();
    subscriber.add(() => preparing.abort());
    prepareSource(path, preparing.signal).then(start).catch(fail);
  }).pipe(maskErrors(maskFor(path)));
}

function chooseDecoder(choice: DecoderChoice): {
  /** `images` for an animated picture, which FFmpeg does not read. */
  readonly decoder: 'wasm' | 'native' | 'images';
  readonly start: StartDecoder;
} {
  const isNative = choice === 'native' || (choice === 'auto' && findFfmpeg() !== undefined);
  return isNative
    ? { decoder: 'native', start: startNative }
    : { decoder: 'wasm', start: startWasm };
}
