import {
  Subject,
  firstValueFrom,
  groupBy,
  lastValueFrom,
  map,
  merge,
  mergeMap,
  tap,
  toArray,
} from 'rxjs';
import type {
  Detection,
  Detector,
  Frame,
  FrameDetections,
  FrameInfo,
} from '../../../models/core/types.ts';
import { detect } from '../../../operators/detect/detect.ts';
import type { DetectConfig } from '../../../operators/detect/detectOptions.ts';
import type { DropCause } from '../../../operators/detect/losses.ts';
import { fromVideo } from '../../../operators/sources/fromVideo.ts';
import type { FromVideoConfig } from '../../../operators/sources/sourceOptions.ts';
import { FramePool } from '../../../operators/media/frames/framePool.ts';
import { PooledFrame } from '../../../operators/media/frames/pooledFrame.ts';

/** The bundled clip: people, bicycles and cars. */
export const DEMO: URL = new URL('../../../pipeline/demo/campus.mp4', import.meta.url);

interface Picture extends FrameInfo {
  readonly image: Uint8Array;
}

/** Pictures of the demo by stride, as many as somebody asked for. */
const decoded = new Map<number, Promise<readonly Picture[]>>();

/**
 * Some frames of the demo, all open at once; whoever takes one closes it. They are decoded once for
 * all tests of a file; each time they are frames of their own, in memory of their own.
 */
export async function demoFrames(
  numFrames: number,
  { stride = 1, source = 'campus' }: Pick<FromVideoConfig, 'stride' | 'source'> = {},
): Promise<Frame[]> {
  let pictures = (await decoded.get(stride)) ?? [];
  if (pictures.length < numFrames) {
    const decoding = demoPictures(numFrames, stride);
    decoded.set(stride, decoding);
    pictures = await decoding;
  }
  return pictures.slice(0, numFrames).map(({ image, ...info }) => {
    const pool = new FramePool(1, image.length);
    const pixels = pool.bytes(0);
    pixels.set(image);
    const frame = new PooledFrame({ ...info, source }, { image: pixels }, pool, 0);
    frame.arrive();
    return frame;
  });
}

async function demoPictures(maxFrames: number, stride: number): Promise<readonly Picture[]> {
  const frames$ = fromVideo(DEMO, { decoder: 'wasm', stride, maxFrames });
  return await lastValueFrom(
    frames$.pipe(
      map((frame) => {
        const { source, index, pts, width, height, letterbox, decodeMs } = frame;
        const { capturedAt, arrivedAtMs } = frame;
        const image = frame.image.slice();
        frame.close();
        const info = { source, index, pts, width, height, letterbox, decodeMs };
        return { ...info, capturedAt, arrivedAtMs, image };
      }),
      toArray(),
    ),
  );
}

/** What came of some frames. */
export interface Fed {
  readonly results: readonly FrameDetections[];
  /** Indices of the frames that were dropped. */
  readonly dropped: readonly number[];
}

/**
 * Gives frames to `detect` one by one, the next when it is known what became of the last. Frames of
 * several sources go through a pipeline each, unless one is asked for.
 */
export async function feed(
  frames: readonly Frame[],
  detector: Detector,
  { isOnePipeline = false, ...config }: DetectConfig & { readonly isOnePipeline?: boolean } = {},
): Promise<Fed> {
  const source = new Subject<Frame>();
  const dropped$ = new Subject<Frame>();
  const results: FrameDetections[] = [];
  const dropped: number[] = [];
  const onDropped = (frame: Frame, cause: DropCause): void => {
    config.onDropped?.(frame, cause);
    dropped.push(frame.index);
    dropped$.next(frame);
  };
  const results$ = source.pipe(
    groupBy((frame) => (isOnePipeline ? 'all' : frame.source)),
    mergeMap((frames$) => frames$.pipe(detect(detector, { ...config, onDropped }))),
    tap((result) => results.push(result)),
  );
  const settled$ = new Subject<void>();
  const subscription = merge(results$, dropped$).subscribe({
    next: () => settled$.next(),
    error: (error: unknown) => settled$.error(error),
  });
  try {
    for (const frame of frames) {
      const settled = firstValueFrom(settled$);
      source.next(frame);
      await settled;
    }
  } finally {
    subscription.unsubscribe();
  }
  return { results, dropped };
}

/** What of a result does not hang on the clock. */
export function timeless(result: FrameDetections): Omit<FrameDetections, 'timing' | 'capturedAt'> {
  const { timing: _, capturedAt: __, ...rest } = result;
  return rest;
}

/** A result as others but `detect` give it: its objects have no number among the tokens. */
export function slotless(result: FrameDetections): FrameDetections {
  return { ...result, detections: result.detections.map((one) => without('slot', one)) };
}

export function without(key: keyof Detection, detection: Detection): Detection {
  const entries = Object.entries(detection).filter(([name]) => name !== key);
  return Object.fromEntries(entries) as unknown as Detection;
}
