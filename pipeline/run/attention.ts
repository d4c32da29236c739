import { EMPTY, Subject, concatMap, from, take, timeout } from 'rxjs';
import type { Observable } from 'rxjs';
import type { AttentionMap, Detector, DisplayImage, Frame } from '../../models/index.ts';
import { readAttention } from '../../operators/index.ts';
import type { AttendedObject, ReadAttentionConfig, FairScheduler } from '../../operators/index.ts';
import type { ObjectAttention, SourceAttention } from '../../server/index.ts';
import { copyOf, toJpeg } from '../sinks/pictures.ts';
import { roundedDetection } from '../sinks/rounded.ts';

/** How long a source may take to have its next frame read, ms. */
const FRAME_WAIT_MS = 5_000;

/** Where the decoder looks in the frames of one source, for those who ask. */
export interface Attention {
  /** See `SourceFeed.attention$`; costs nothing while nobody subscribes. */
  readonly attention$: Observable<SourceAttention>;
  /** Takes a copy of an open frame that is about to be read, where somebody asks. */
  take(frame: Frame): void;
}

/** What attention is read with. */
export interface AttentionConfig {
  /** Of the source. */
  readonly name: string;
  readonly detector: Detector;
  /** Of the detector: the reading waits for its turn, as a frame of another source would. */
  readonly turns: FairScheduler;
  readonly reading: ReadAttentionConfig;
}

/** A frame's own copy of what is needed when its turn comes. */
interface Taken extends Pick<Frame, 'index' | 'image' | 'width' | 'height' | 'letterbox'> {
  readonly picture: DisplayImage | undefined;
  readonly atMs: number;
}

/** Has the next frame of a source read once more, with the graph that tells attention. */
export function createAttention({ name, detector, turns, reading }: AttentionConfig): Attention {
  const taken$ = new Subject<Taken>();
  const tell = async (taken: Taken): Promise<SourceAttention> => {
    const { index, width, height, picture } = taken;
    const objects = await readAttention(detector, taken, reading);
    return {
      ...{ source: name, frame: index, width, height },
      ...(picture && { picture: Buffer.from(await toJpeg(picture)).toString('base64') }),
      objects: objects.map((one) => heatOf(one, taken, detector.model.image.size)),
    };
  };
  return {
    attention$: taken$.pipe(
      timeout({ first: FRAME_WAIT_MS, with: () => EMPTY }),
      take(1),
      concatMap((taken) =>
        turns.schedule(
          () => from(tell(taken)),
          () => taken.atMs,
        ),
      ),
    ),
    take({ index, image, width, height, letterbox, display }) {
      if (taken$.observed) {
        const facts = { index, width, height, letterbox, atMs: performance.now() };
        taken$.next({ ...facts, image: image.slice(), picture: display && copyOf(display) });
      }
    },
  };
}

/** The mean of an object's maps, cut to the cells that lie on the picture. @param size of the square, pixels */
function heatOf(
  { detection, maps }: AttendedObject,
  { width, height, letterbox: { scaleX, scaleY } }: Pick<Frame, 'width' | 'height' | 'letterbox'>,
  size: number,
): ObjectAttention {
  const [{ width: across, height: down }] = maps as readonly [AttentionMap];
  const [cellWidth, cellHeight] = [size / across / scaleX, size / down / scaleY];
  const columns = Math.min(across, Math.ceil(width / cellWidth));
  const rows = Math.min(down, Math.ceil(height / cellHeight));
  const sums = Array.from({ length: rows * columns }, (_, i) => {
    const at = Math.floor(i / columns) * across + (i % columns);
    return maps.reduce((sum, { shares }) => sum + (shares[at] ?? 0), 0);
  });
  const most = Math.max(...sums) || 1;
  const heat = Uint8Array.from(sums, (sum) => Math.round((255 * sum) / most));
  return {
    detection: roundedDetection(detection),
    ...{ columns, rows, cellWidth, cellHeight },
    heat: Buffer.from(heat).toString('base64'),
  };
}
