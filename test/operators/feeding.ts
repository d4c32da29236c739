import {
  Subject,
  firstValueFrom,
  groupBy,
  lastValueFrom,
  merge,
  mergeMap,
  tap,
  toArray,
} from 'rxjs';
import type { Detection, Detector, Frame, FrameDetections } from '../../models/types.ts';
import { detect } from '../../operators/detect.ts';
import type { DetectConfig } from '../../operators/detect.ts';
import { fromVideo } from '../../operators/fromVideo.ts';
import type { FromVideoConfig } from '../../operators/fromVideo.ts';

/** The bundled clip: people, bicycles and cars. */
export const DEMO: URL = new URL('../../pipeline/demo/campus.mp4', import.meta.url);

/** Some frames of the demo, all open at once; whoever takes one closes it. */
export function demoFrames(
  numFrames: number,
  { stride = 1, source = 'campus' }: Pick<FromVideoConfig, 'stride' | 'source'> = {},
): Promise<Frame[]> {
  const limits = { maxFrames: numFrames, maxOpenFrames: numFrames + 1 };
  const frames$ = fromVideo(DEMO, { decoder: 'wasm', stride, source, ...limits });
  return lastValueFrom(frames$.pipe(toArray()));
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
  const onDropped = (frame: Frame): void => {
    config.onDropped?.(frame);
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
