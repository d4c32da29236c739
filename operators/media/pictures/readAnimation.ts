import type { Subscriber } from 'rxjs';
import type { Frame } from '../../../models/core/types.ts';
import { readImages } from './imageReader.ts';
import type { ImageFacts, ImageSettings } from './imageReader.ts';

/** How an animated picture becomes frames. */
export type AnimationSettings = Omit<
  ImageSettings,
  'framesPerSecond' | 'namesFiles' | 'onFault'
> & { readonly onOpen: (facts: Omit<ImageFacts, 'numImages'>) => void };

/**
 * Reads a picture that moves as a video: its frames have the file's times, and no file of their own.
 * Pages without times, those of a TIFF, are a second apart.
 * @param path of a GIF, WebP or TIFF; a still one gives one frame
 */
export function readAnimation(
  path: string,
  { onOpen, maxFrames, ...settings }: AnimationSettings,
  subscriber: Subscriber<Frame>,
): void {
  const all = { framesPerSecond: 1, namesFiles: false, onFault: undefined };
  const wanted = { ...settings, ...all, maxFrames: maxFrames || Infinity };
  const onFacts = ({ duration, framesPerSecond }: ImageFacts): void =>
    onOpen({
      ...(duration === undefined ? {} : { duration }),
      ...(framesPerSecond === undefined ? {} : { framesPerSecond }),
    });
  readImages([path], wanted, onFacts, subscriber).then(
    () => subscriber.complete(),
    (error: unknown) => subscriber.error(error),
  );
}
