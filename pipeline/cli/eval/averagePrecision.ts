import { match, overlap } from './match.ts';
import type { LabelledBox, ScoredBox } from './match.ts';

/** One picture, with what is in it and what was found. */
export interface JudgedPicture {
  /** Pictures are taken in the order of their ids, which decides between equal scores. */
  readonly id: number;
  readonly labelled: readonly LabelledBox[];
  readonly found: readonly ScoredBox[];
}

/** COCO's figures, 0 to 1; one is undefined where no labelled box counts for it. */
export interface CocoFigures {
  /** Average precision, the mean over overlaps from 0.5 to 0.95. */
  readonly ap: number | undefined;
  /** At an overlap of 0.5, and of 0.75. */
  readonly ap50: number | undefined;
  readonly ap75: number | undefined;
  /** Of boxes up to 32² pixels, between, and from 96² pixels. */
  readonly apSmall: number | undefined;
  readonly apMedium: number | undefined;
  readonly apLarge: number | undefined;
  /** Average recall with the best 1, 10, 100 detections of a class and picture. */
  readonly ar1: number | undefined;
  readonly ar10: number | undefined;
  readonly ar100: number | undefined;
  readonly arSmall: number | undefined;
  readonly arMedium: number | undefined;
  readonly arLarge: number | undefined;
}

/** Sizes of labelled boxes that count, square pixels, both ends inclusive. */
const AREAS = {
  all: [0, 1e5 ** 2],
  small: [0, 32 ** 2],
  medium: [32 ** 2, 96 ** 2],
  large: [96 ** 2, 1e5 ** 2],
} as const;
const MIN_OVERLAPS = evenly(0.5, 0.95, 10);
const RECALLS = evenly(0, 1, 101);
/** Most detections of a class and picture that are looked at. */
const MAX_FOUND = 100;

/** One class in one picture. */
interface Pair {
  readonly labelled: readonly LabelledBox[];
  readonly found: readonly ScoredBox[]; // [D] best score first
  readonly overlaps: readonly (readonly number[])[]; // [D][L]
}

/** A detection that counts. */
interface Verdict {
  readonly score: number;
  readonly isRight: boolean;
}

/** Precision and recall of one class at one least overlap. */
interface Curve {
  /** Mean over the 101 recalls. */
  readonly precision: number;
  readonly recall: number;
}

/**
 * Judges detections as COCO does: the twelve figures of pycocotools' `COCOeval` for boxes.
 * @param categoryIds classes to be judged; boxes of others are left out
 * **Source:** pycocotools `COCOeval`, `evaluateImg`, `accumulate` and `summarize`
 */
export function cocoFigures(
  pictures: readonly JudgedPicture[],
  categoryIds: readonly number[],
): CocoFigures {
  const inOrder = [...pictures].sort((a, b) => a.id - b.id);
  const classes = [...new Set(categoryIds)].map((id) => pairsOf(inOrder, id));
  const curves = (area: keyof typeof AREAS, maxFound: number): Curve[][] =>
    MIN_OVERLAPS.map((minOverlap) =>
      classes.flatMap((pairs) => curveOf(pairs, AREAS[area], minOverlap, maxFound)),
    );
  const all = curves('all', MAX_FOUND);
  const small = curves('small', MAX_FOUND);
  const medium = curves('medium', MAX_FOUND);
  const large = curves('large', MAX_FOUND);
  return {
    ap: meanPrecision(all),
    ap50: meanPrecision(all.slice(0, 1)),
    ap75: meanPrecision(all.slice(5, 6)),
    apSmall: meanPrecision(small),
    apMedium: meanPrecision(medium),
    apLarge: meanPrecision(large),
    ar1: meanRecall(curves('all', 1)),
    ar10: meanRecall(curves('all', 10)),
    ar100: meanRecall(all),
    arSmall: meanRecall(small),
    arMedium: meanRecall(medium),
    arLarge: meanRecall(large),
  };
}

function pairsOf(pictures: readonly JudgedPicture[], categoryId: number): Pair[] {
  return pictures.flatMap((picture) => {
    const labelled = picture.labelled.filter((box) => box.categoryId === categoryId);
    const found = picture.found
      .filter((box) => box.categoryId === categoryId)
      .sort((a, b) => b.score - a.score)
      .slice(0, MAX_FOUND);
    if (labelled.length === 0 && found.length === 0) {
      return [];
    }
    const overlaps = found.map(({ xywh }) =>
      labelled.map((box) => overlap(xywh, box.xywh, box.isCrowd)),
    );
    return [{ labelled, found, overlaps }];
  });
}

/** @returns nothing where no labelled box counts */
function curveOf(
  pairs: readonly Pair[],
  area: readonly [number, number],
  minOverlap: number,
  maxFound: number,
): Curve[] {
  let numWanted = 0;
  const verdicts: Verdict[] = [];
  for (const { labelled, found, overlaps } of pairs) {
    const isCrowd = labelled.map((box) => box.isCrowd);
    const isIgnored = labelled.map((box) => box.isCrowd || !isWithin(box.area, area));
    numWanted += isIgnored.filter((ignored) => !ignored).length;
    const partners = match({ overlaps, isIgnored, isCrowd, minOverlap });
    for (const [index, { score, xywh }] of found.slice(0, maxFound).entries()) {
      const partner = partners[index] ?? -1;
      const counts = partner < 0 ? isWithin(xywh[2] * xywh[3], area) : isIgnored[partner] === false;
      if (counts) {
        verdicts.push({ score, isRight: partner >= 0 });
      }
    }
  }
  return numWanted === 0 ? [] : [curve(verdicts, numWanted)];
}

function curve(verdicts: Verdict[], numWanted: number): Curve {
  verdicts.sort((a, b) => b.score - a.score);
  let numRight = 0;
  const recalls: number[] = []; // [D] rising
  const precisions = verdicts.map(({ isRight }, index) => {
    numRight += isRight ? 1 : 0;
    recalls.push(numRight / numWanted);
    return numRight / (index + 1);
  });
  // each place has the best precision from there on, so that the curve only falls
  for (let i = precisions.length - 1; i > 0; i--) {
    precisions[i - 1] = Math.max(precisions[i - 1] ?? 0, precisions[i] ?? 0);
  }
  let place = 0;
  const samples = RECALLS.map((recall) => {
    while (place < recalls.length && (recalls[place] ?? 0) < recall) {
      place += 1;
    }
    return precisions[place] ?? 0;
  });
  return { precision: mean(samples) ?? 0, recall: recalls.at(-1) ?? 0 };
}

function isWithin(area: number, [least, most]: readonly [number, number]): boolean {
  return area >= least && area <= most;
}

function meanPrecision(curves: readonly (readonly Curve[])[]): number | undefined {
  return mean(curves.flat().map(({ precision }) => precision));
}

function meanRecall(curves: readonly (readonly Curve[])[]): number | undefined {
  return mean(curves.flat().map(({ recall }) => recall));
}

function mean(values: readonly number[]): number | undefined {
  return values.length === 0
    ? undefined
    : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Numbers from one end to the other, both exact. The rounding is that of numpy's `linspace`. */
function evenly(first: number, last: number, count: number): number[] {
  const step = (last - first) / (count - 1);
  return Array.from({ length: count }, (_, i) => (i === count - 1 ? last : i * step + first));
}
