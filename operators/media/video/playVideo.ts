import type { Readable } from 'node:stream';
import type { Subscriber } from 'rxjs';
import type { PipelineError } from '../../../models/core/errors.ts';
import type { Frame, ImageSpec } from '../../../models/core/types.ts';
import type { VideoInfo } from './videoOptions.ts';
import type { VideoDecoder } from './chooseDecoders.ts';
import type { DecoderRequest } from '../ffmpeg/decoder.ts';
import { FrameReader } from './frameReader.ts';
import { PICTURE_INPUT, pictureOutput } from '../nut/pictureOutput.ts';
import { watchSilence } from './silenceWatch.ts';
import { isUrl, sourceLabel } from '../input/videoInput.ts';
import { webOptions } from '../ffmpeg/webOptions.ts';

/** A video, and what is wanted of it. */
export interface PlayRequest {
  /** As the user named it. */
  readonly path: string;
  /** As it was made ready. */
  readonly input: string | Readable;
  /** To be tried in this order, where one turns out not to work. */
  readonly decoders: readonly VideoDecoder[];
  readonly source: string;
  readonly image: ImageSpec;
  readonly display: number;
  readonly stride: number;
  /** 0 for all. */
  readonly maxFrames: number;
  readonly loop: boolean;
  readonly maxOpenFrames: number;
  readonly stallSeconds: number;
  readonly followLinks: boolean;
  readonly onOpen: (info: VideoInfo) => void;
  /** Told of damage that is left behind; absent where it is the end. */
  readonly onFault: ((error: PipelineError) => void) | undefined;
}

/** Decodes with the first decoder, and with the next one where that does not work. */
export function playVideo(wanted: PlayRequest, subscriber: Subscriber<Frame>): void {
  const { path, input, decoders, image, display, stride, stallSeconds } = wanted;
  const [decoder, ...others] = decoders;
  if (decoder === undefined || subscriber.closed) {
    return;
  }
  const { pool, onLine, onPicture, onEnd, silent } = new FrameReader({
    name: sourceLabel(path),
    source: wanted.source,
    request: { image, display, stride },
    maxOpenFrames: wanted.maxOpenFrames,
    maxFrames: wanted.maxFrames || Infinity,
    onOpen: (facts) => wanted.onOpen({ decoder: decoder.name, ...facts }),
    onFault: wanted.onFault,
    onBroken() {
      const goesOn = others.length > 0 && typeof input === 'string'; // a stream is read only once
      if (goesOn) {
        playVideo({ ...wanted, decoders: others }, subscriber);
      }
      return goesOn;
    },
    subscriber,
  });
  const silence = watchSilence({
    seconds: isUrl(path) ? stallSeconds : Infinity,
    isHeldUp: () => pool.isFull,
    onSilent: () => subscriber.error(silent(stallSeconds)),
  });
  subscriber.add(() => silence.stop());
  const running = decoder.start(
    { input, ...optionsOf(wanted), pool },
    {
      onLine: (line) => (silence.onHeartbeat(), onLine(line)),
      onPicture: (picture) => (silence.onHeartbeat(), onPicture(picture)),
      onEnd: (end) => (silence.stop(), onEnd(end)),
    },
  );
  subscriber.add(() => running.stop());
}

function optionsOf({
  path,
  followLinks,
  maxFrames,
  stride,
  loop,
  ...request
}: PlayRequest): Pick<DecoderRequest, 'inputOptions' | 'outputOptions'> {
  const numPictures = (maxFrames - 1) * stride + 1;
  return {
    inputOptions: [
      ...PICTURE_INPUT,
      ...webOptions(path, followLinks),
      ...(loop ? ['-stream_loop', '-1'] : []),
    ],
    outputOptions: [
      ...pictureOutput(request),
      ...(maxFrames === 0 ? [] : ['-frames:v', String(numPictures)]),
    ],
  };
}
