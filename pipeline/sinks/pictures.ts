/** The door to sharp for writing JPEG pictures of frames, for those who look. */
import type { Observable } from 'rxjs';
import { Subject } from 'rxjs';
import sharp from 'sharp';
import type { DisplayImage, Frame } from '../../models/index.ts';
import { inferLatest } from '../../operators/index.ts';
import type { Picture } from '../../server/index.ts';

const QUALITY = 75;

/** The pictures of one source. */
export interface Pictures {
  /** Pictures of the frames taken; costs nothing while nobody subscribes. Never errors. */
  readonly pictures$: Observable<Picture>;
  /** Takes a copy of an open frame's display picture, where somebody looks. */
  take(frame: Frame): void;
}

interface Shown {
  readonly frame: number;
  readonly picture: DisplayImage;
}

/** Makes JPEG pictures of a source's frames; when they come too fast, the newest wins. */
export function createPictures(): Pictures {
  const shown$ = new Subject<Shown>();
  return {
    pictures$: shown$.pipe(
      inferLatest(async ({ frame, picture }) => ({ frame, jpeg: await toJpeg(picture) })),
    ),
    take(frame) {
      const { display } = frame;
      if (shown$.observed && display !== undefined) {
        shown$.next({ frame: frame.index, picture: copyOf(display) });
      }
    },
  };
}

/** A picture that outlives its frame. */
export function copyOf(display: DisplayImage): DisplayImage {
  return { ...display, data: display.data.slice(0, display.stride * display.height) };
}

/** Compresses a picture that stays as it is meanwhile. */
export async function toJpeg({ data, stride, width, height }: DisplayImage): Promise<Uint8Array> {
  const raw = { width: stride / 3, height, channels: 3 } as const;
  return sharp(data, { raw })
    .extract({ left: 0, top: 0, width, height })
    .jpeg({ quality: QUALITY })
    .toBuffer();
}
