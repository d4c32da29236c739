import { Observable } from 'rxjs';
import { expectAddress } from '../../models/core/address.ts';
import { toError } from '../../models/core/errors.ts';
import type { PipelineError } from '../../models/core/errors.ts';
import { bundledImageSpec } from '../../models/index.ts';
import { maskError, maskFor } from '../../models/core/secrets.ts';
import { sourceName } from '../../models/core/sourceName.ts';
import type { Frame } from '../../models/core/types.ts';
import { resolveOptions } from '../../models/core/resolveOptions.ts';
import { maskErrors } from './maskErrors.ts';
import { readAnimation } from '../media/pictures/readAnimation.ts';
import { chooseDecoders } from '../media/video/chooseDecoders.ts';
import { playVideo } from '../media/video/playVideo.ts';
import { pathOf, prepareSource } from '../media/input/videoInput.ts';
import type { VideoInfo } from '../media/video/videoOptions.ts';
import { FROM_VIDEO_OPTIONS } from './sourceOptions.ts';
import type { FromVideoConfig } from './sourceOptions.ts';

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
  const options = resolveOptions('fromVideo', FROM_VIDEO_OPTIONS, config);
  const { decoder, onDamage, onOpen, onFault, ...settings } = options;
  expectAddress(String(input));
  const path = pathOf(input);
  const { source = sourceName(path) } = options;
  const mask = maskFor([path]);

  return new Observable<Frame>((subscriber) => {
    const preparing = new AbortController();
    subscriber.add(() => preparing.abort());
    const fail = (thrown: unknown): void => subscriber.error(toError(thrown));
    const play = async (): Promise<void> => {
      const { input: prepared, isPictures, dispose } = await prepareSource(path, preparing.signal);
      subscriber.add(dispose);
      const wanted = { ...settings, source, image: settings.image ?? bundledImageSpec() };
      if (isPictures && typeof prepared === 'string') {
        const onFacts = (facts: object): void => onOpen?.({ decoder: 'images', ...facts });
        readAnimation(prepared, { ...wanted, onOpen: onFacts }, subscriber);
        return;
      }
      if (typeof prepared !== 'string') {
        prepared.on('error', fail);
      }
      const decoders = await chooseDecoders(decoder, path);
      const skip = (error: PipelineError): void => onFault?.(maskError(error, mask));
      const events = {
        onOpen: (info: VideoInfo): void => onOpen?.(info),
        onFault: onDamage === 'skip' ? skip : undefined,
      };
      playVideo({ ...wanted, ...events, path, input: prepared, decoders }, subscriber);
    };
    play().catch(fail);
  }).pipe(maskErrors(mask));
}
