import { openDetector } from '../../../models/index.ts';
import type { Detector, FrameDetections } from '../../../models/index.ts';
import { EXIT } from '../output/exitCodes.ts';
import { printable } from '../output/printable.ts';
import { printReport } from '../../sinks/lineWriter.ts';
import { createProgress } from '../output/progress.ts';
import { say } from '../output/standardError.ts';
import { cocoFigures } from './averagePrecision.ts';
import { expectSameCategories } from './categories.ts';
import { readCocoFile } from './cocoFile.ts';
import type { LabelledPictures } from './cocoFile.ts';
import type { EvalArguments } from '../options/evalOptions.ts';
import { foundAgain } from './foundAgain.ts';
import { readPictures } from './readings.ts';
import type { Readings } from './readings.ts';
import { tableOf } from './report.ts';
import type { EvalReport } from './report.ts';

/**
 * The `eval` command: how good a model is on labelled pictures, and what it costs.
 * @returns the exit code
 * @throws Error where pictures, annotations or model could not be opened, or reading failed
 */
export async function evalCommand(options: EvalArguments, interrupt: AbortSignal): Promise<number> {
  const labelled = await readCocoFile(options.pictures); // first: the model takes a while
  await using detector = await openDetector(options.detector);
  const { categories } = labelled;
  const remark = expectSameCategories(categories, detector.model, options.pictures.annotations);
  if (remark !== undefined && !options.quiet) {
    say(`${printable(remark)}\n`); // it names classes of the file
  }
  const progress = options.quiet ? undefined : createProgress('eval');
  progress?.start(numFramesOf(labelled, options));
  const readings = await readPictures(labelled.pictures, options.pan, {
    detector,
    detect: options.detect,
    onFrame: () => progress?.tick(),
    interrupt,
  }).finally(() => progress?.stop());
  if (interrupt.aborted) {
    return EXIT.interrupted;
  }
  const report = reportOf(readings, labelled, options, detector);
  printReport(options.json ? JSON.stringify(report) : printable(tableOf(report)));
  return EXIT.done;
}

/** Frames that will be read: with reuse, each clip's last one is also read from nothing. */
function numFramesOf({ pictures }: LabelledPictures, { pan, detect }: EvalArguments): number {
  const numFrames = pan === 0 ? 1 : pan + (detect.reuse === 'off' ? 0 : 1);
  return pictures.length * numFrames;
}

function reportOf(
  { judged, results, lastFrames }: Readings,
  { categories }: LabelledPictures,
  { pan, detect }: EvalArguments,
  { model, device }: Detector,
): EvalReport {
  const mean = (of: (result: FrameDetections) => number): number =>
    results.reduce((sum, result) => sum + of(result), 0) / results.length;
  const numObjects = judged.reduce((sum, { found }) => sum + found.length, 0);
  return {
    model: model.name,
    device,
    numPictures: judged.length,
    ...cocoFigures(
      judged,
      categories.map(({ id }) => id),
    ),
    objects: numObjects / judged.length,
    passes: mean(({ tokens }) => tokens.passes),
    encodeMs: mean(({ timing }) => timing.encodeMs),
    tokensMs: mean(({ timing }) => timing.tokensMs),
    ...(pan > 0 && {
      pan: {
        numFrames: pan,
        reuse: detect.reuse,
        ...(lastFrames.length > 0 && { foundAgain: foundAgain(lastFrames) }),
      },
    }),
  };
}
