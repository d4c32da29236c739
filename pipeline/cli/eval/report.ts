import type { Reuse } from '../../../models/index.ts';
import type { CocoFigures } from './averagePrecision.ts';
import type { FoundAgain } from './foundAgain.ts';

/** What `eval` says; means are over pictures. */
export interface EvalReport extends CocoFigures {
  readonly model: string;
  readonly device: string;
  readonly numPictures: number;
  /** Objects found. */
  readonly objects: number;
  /** Decoder calls. */
  readonly passes: number;
  readonly encodeMs: number;
  readonly tokensMs: number;
  /** Where pictures were clips; the costs are then of all frames but the first of each. */
  readonly pan?: {
    readonly numFrames: number;
    readonly reuse: Reuse;
    /** What of the last frame read from nothing was found again; absent where that is how it was read. */
    readonly foundAgain?: FoundAgain;
  };
}

/** A report as a small table. */
export function tableOf(report: EvalReport): string {
  const { model, device, numPictures, pan } = report;
  const clips = pan === undefined ? '' : ` as clips of ${pan.numFrames} frames, reuse ${pan.reuse}`;
  const a = pan === undefined ? 'a picture' : 'a frame';
  const rows: (readonly [string, string])[] = [
    ['AP', percent(report.ap)],
    ['AP50', percent(report.ap50)],
    ['AP75', percent(report.ap75)],
    ['AP small', percent(report.apSmall)],
    ['AP medium', percent(report.apMedium)],
    ['AP large', percent(report.apLarge)],
    ['AR@1', percent(report.ar1)],
    ['AR@10', percent(report.ar10)],
    ['AR@100', percent(report.ar100)],
    ['AR small', percent(report.arSmall)],
    ['AR medium', percent(report.arMedium)],
    ['AR large', percent(report.arLarge)],
    ['objects a picture', report.objects.toFixed(1)],
    [`decoder calls ${a}`, report.passes.toFixed(1)],
    [`encoder, ms ${a}`, report.encodeMs.toFixed(1)],
    [`decoder, ms ${a}`, report.tokensMs.toFixed(1)],
  ];
  if (pan?.foundAgain !== undefined) {
    rows.push(
      ['objects of a reading from nothing found again', percent(pan.foundAgain.recall)],
      ['their overlap', percent(pan.foundAgain.overlap)],
    );
  }
  const lines = rows.map(([what, figure]) => `| ${what} | ${figure} |`);
  const head = `${model} on ${device}, ${numPictures} pictures${clips}`;
  return [head, '', '| figure | |', '| --- | ---: |', ...lines, ''].join('\n');
}

function percent(share: number | undefined): string {
  return share === undefined ? '–' : (100 * share).toFixed(2);
}
