import { concatMap, lastValueFrom, takeUntil, toArray } from 'rxjs';
import { REUSES } from '../../../models/core/decodeOptions.ts';
import { toDetections } from '../../../models/index.ts';
import type { Detection, Detector, Frame, Reuse, TokenSequence } from '../../../models/index.ts';
import { DraftKeeper, fromVideo, iou } from '../../../operators/index.ts';
import { abortOf } from '../../run/abortOf.ts';
import { mean, percentile } from './numbers.ts';

/** All modes; the first is what the others are held against. */
export const COMPARED: readonly Reuse[] = ['off', ...REUSES.filter((mode) => mode !== 'off')];
/** Score from which on an object counts, as `--conf` has it by default. */
const LEAST_SCORE = 0.3;
/** Overlap from which on an object is found again. */
const SAME_IOU = 0.5;

/** One mode on one clip. */
export interface ReuseFigures {
  readonly reuse: Reuse;
  readonly numFrames: number;
  /** Decoder calls a frame. */
  readonly calls: number;
  readonly callsP95: number;
  /** Drafted tokens that were kept, as a share. */
  readonly accepted: number;
  /** Of a frame's tokens, milliseconds. */
  readonly tokensMs: number;
  readonly tokensMsP50: number;
  readonly tokensMsP95: number;
  /** From the end of the encoder's run to the first object, milliseconds. */
  readonly firstObjectMs: number;
  /** Frames that read token for token what `off` reads. */
  readonly identical: number;
  /** Share of the objects of `off` that are found as well: same class, IoU of 0.5 or more. */
  readonly foundAgain: number;
  /** Mean IoU of those. */
  readonly meanIou: number;
  /** Share of a frame's objects that the next frame has as well: same class, IoU of 0.5 or more. */
  readonly seenAgain: number;
  /** Mean IoU of those: how steady boxes are, where cameras stand still. */
  readonly steadyIou: number;
}

/** What one mode made of one frame. */
interface Reading {
  readonly sequence: TokenSequence;
  readonly firstObjectMs: number;
  readonly detections: readonly Detection[];
}

/**
 * Reads every frame of a clip in every mode, side by side: one encoder run, then all modes in an
 * order that goes round, each with its own draft.
 * @param maxFrames 0 for all
 * @param interrupt ends it between two frames; the figures are of no use then
 */
export async function measureReuse(
  detector: Detector,
  clip: string,
  maxFrames: number,
  interrupt: AbortSignal,
): Promise<ReuseFigures[]> {
  const keepers = COMPARED.map((reuse) => new DraftKeeper({ reuse }));
  const frames$ = fromVideo(clip, { maxFrames }).pipe(
    concatMap((frame) => readAll(detector, frame, keepers)),
    takeUntil(abortOf(interrupt)),
    toArray(),
  );
  const frames = await lastValueFrom(frames$);
  return COMPARED.map((reuse, mode) => summary(reuse, frames, mode));
}

async function readAll(
  detector: Detector,
  frame: Frame,
  keepers: readonly DraftKeeper[],
): Promise<readonly Reading[]> {
  const drafts = keepers.map((keeper) => keeper.open(frame));
  using features = await detector.encode(frame.image);
  frame.close();
  const readings = new Map<number, Reading>();
  for (const i of drafts.keys()) {
    const mode = (i + frame.index) % drafts.length;
    const open = drafts[mode];
    if (open !== undefined) {
      const started = performance.now();
      let firstObjectMs = NaN;
      const onObject = (): void => {
        firstObjectMs = Number.isNaN(firstObjectMs) ? performance.now() - started : firstObjectMs;
      };
      const { draft, reuse } = open;
      const sequence = await detector.decode(features, { draft, reuse }, { onObject });
      open.keep(sequence);
      const detections = toDetections(sequence, frame, detector.model, LEAST_SCORE);
      readings.set(mode, { sequence, firstObjectMs, detections });
    }
  }
  return keepers.map((_, mode) => readings.get(mode) as Reading);
}

function summary(
  reuse: Reuse,
  frames: readonly (readonly Reading[])[],
  mode: number,
): ReuseFigures {
  const readings = frames.map((frame) => frame[mode] as Reading);
  const counts = readings.map(({ sequence }) => sequence.counts);
  const ms = readings.map(({ sequence }) => sequence.tokensMs);
  const firsts = readings.map(({ firstObjectMs }) => firstObjectMs);
  const total = (of: (count: (typeof counts)[number]) => number): number =>
    counts.reduce((sum, count) => sum + of(count), 0);
  const plain = frames.map(([first]) => first?.detections ?? []);
  const own = readings.map(({ detections }) => detections);
  const found = overlapsOf(plain, own);
  const again = overlapsOf(own.slice(0, -1), own.slice(1));
  return {
    reuse,
    numFrames: readings.length,
    calls: total(({ passes }) => passes) / readings.length,
    callsP95: percentile(
      counts.map(({ passes }) => passes),
      0.95,
    ),
    accepted: total(({ accepted }) => accepted) / total(({ drafted }) => drafted),
    tokensMs: mean(ms),
    tokensMsP50: percentile(ms, 0.5),
    tokensMsP95: percentile(ms, 0.95),
    firstObjectMs: mean(firsts.filter((first) => !Number.isNaN(first))),
    identical: frames.filter((frame, i) => isSame(frame[0], readings[i])).length,
    foundAgain: found.share,
    meanIou: found.meanIou,
    seenAgain: again.share,
    steadyIou: again.meanIou,
  };
}

/** How the objects of each frame are found in another reading of it, or in another frame. */
function overlapsOf(
  frames: readonly (readonly Detection[])[],
  others: readonly (readonly Detection[])[],
): { readonly share: number; readonly meanIou: number } {
  const overlaps = frames.flatMap((detections, i) =>
    detections.map((one) => bestOverlap(one, others[i] ?? [])),
  );
  const found = overlaps.filter((overlap) => overlap >= SAME_IOU);
  return { share: found.length / overlaps.length, meanIou: mean(found) };
}

function isSame(a: Reading | undefined, b: Reading | undefined): boolean {
  return a?.sequence.tokens.join() === b?.sequence.tokens.join();
}

function bestOverlap({ classId, box }: Detection, others: readonly Detection[]): number {
  return Math.max(
    0,
    ...others.filter((other) => other.classId === classId).map((other) => iou(box, other.box)),
  );
}
