import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lastValueFrom, takeUntil, tap, toArray } from 'rxjs';
import type { Detector, FrameDetections, ModelInfo, Reuse } from '../../../models/index.ts';
import { detect, fromImages } from '../../../operators/index.ts';
import { abortOf } from '../../run/abortOf.ts';
import { temporary } from '../../sinks/unfinished.ts';
import type { JudgedPicture } from './averagePrecision.ts';
import { expectSize } from './cocoFile.ts';
import type { LabelledPicture } from './cocoFile.ts';
import type { EvalArguments } from '../options/evalOptions.ts';
import type { TwoReadings } from './foundAgain.ts';
import type { ScoredBox } from './match.ts';
import { writeClip } from './pan.ts';
import { seenThrough } from './windows.ts';

/** How pictures are read. */
export interface ReadingOptions {
  /** Borrowed. */
  readonly detector: Detector;
  readonly detect: EvalArguments['detect'];
  /** Told of each frame that was read. */
  readonly onFrame: () => void;
  /** Ends the reading between two frames; what was read so far is returned. */
  readonly interrupt: AbortSignal;
}

/** What was read out of labelled pictures. */
export interface Readings {
  /** What is judged: one frame of each picture. */
  readonly judged: readonly JudgedPicture[];
  /** Results whose costs count. */
  readonly results: readonly FrameDetections[];
  /** Each clip's last frame, as it was read and as it is read from nothing; empty where that is the same. */
  readonly lastFrames: readonly TwoReadings[];
}

/**
 * Reads labelled pictures.
 * @param pan 0 to read each as it is; otherwise each becomes a clip of so many frames, 2 or more. Its
 * last frame is judged, against the labels that are seen in it; the costs are those of all frames but
 * the first, which has no previous one.
 * @throws PipelineError ERR_VIDEO_OPEN where a picture cannot be read, ERR_ANNOTATIONS where one is not as large as annotated;
 * ERR_MODEL_RUN, ERR_WORKER_EXIT
 */
export function readPictures(
  pictures: readonly LabelledPicture[],
  pan: number,
  options: ReadingOptions,
): Promise<Readings> {
  return pan === 0 ? readStills(pictures, options) : readPans(pictures, pan, options);
}

async function readStills(
  pictures: readonly LabelledPicture[],
  options: ReadingOptions,
): Promise<Readings> {
  const files = pictures.map(({ path }) => path);
  const results = await readFrames(files, options.detect.reuse, options, (result) => {
    const picture = pictures[result.frame];
    if (picture !== undefined) {
      expectSize(picture, result);
    }
  });
  const { model } = options.detector;
  const judged = results.flatMap((result) => {
    const picture = pictures[result.frame];
    const found = scoredBoxes(result, model);
    return picture === undefined ? [] : [{ id: picture.id, labelled: picture.labelled, found }];
  });
  return { judged, results, lastFrames: [] };
}

async function readPans(
  pictures: readonly LabelledPicture[],
  numFrames: number,
  options: ReadingOptions,
): Promise<Readings> {
  const { detector, interrupt } = options;
  const { reuse } = options.detect;
  const judged: JudgedPicture[] = [];
  const results: FrameDetections[] = [];
  const lastFrames: TwoReadings[] = [];
  const folder = temporary(await mkdtemp(join(tmpdir(), 'pix2seq-stream-pan-')));
  try {
    for (const picture of pictures) {
      const { files, lastWindow } = await writeClip(picture, numFrames, folder.path);
      const read = await readFrames(files, reuse, options);
      const alone = reuse === 'off' ? [] : await readFrames(files.slice(-1), 'off', options);
      const last = read.at(-1);
      if (interrupt.aborted || last === undefined) {
        break;
      }
      const found = scoredBoxes(last, detector.model);
      judged.push({ id: picture.id, labelled: seenThrough(lastWindow, picture.labelled), found });
      results.push(...read.slice(1));
      for (const result of alone) {
        lastFrames.push({ reference: scoredBoxes(result, detector.model), found });
      }
    }
  } finally {
    folder.discard();
  }
  return { judged, results, lastFrames };
}

/** Reads pictures as the frames of one source. */
function readFrames(
  files: readonly string[],
  reuse: Reuse,
  { detector, detect: config, onFrame, interrupt }: ReadingOptions,
  check: (result: FrameDetections) => void = () => undefined,
): Promise<FrameDetections[]> {
  const frames$ = fromImages(files, { image: detector.model.image });
  const results$ = frames$.pipe(
    detect(detector, { ...config, reuse }),
    tap(check),
    tap(onFrame),
    takeUntil(abortOf(interrupt)),
    toArray(),
  );
  return lastValueFrom(results$);
}

function scoredBoxes({ detections }: FrameDetections, { labels }: ModelInfo): ScoredBox[] {
  return detections.map(({ classId, score, box: { xmin, ymin, xmax, ymax } }) => {
    const categoryId = labels[classId]?.id ?? classId;
    return { categoryId, score, xywh: [xmin, ymin, xmax - xmin, ymax - ymin] };
  });
}
