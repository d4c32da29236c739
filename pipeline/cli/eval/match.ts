/** A box as COCO writes it: left, top, width, height, in pixels of the picture. */
export type Xywh = readonly [number, number, number, number];

/** A box that somebody drew. */
export interface LabelledBox {
  readonly categoryId: number;
  readonly xywh: Xywh;
  /** What counts as its size, square pixels: of its outline, where the data set has one. */
  readonly area: number;
  /** A crowd may be found several times, or not at all: neither is right or wrong. */
  readonly isCrowd: boolean;
}

/** A box that a model found. */
export interface ScoredBox {
  readonly categoryId: number;
  readonly xywh: Xywh;
  readonly score: number;
}

/** Who may be matched with whom. */
export interface MatchQuestion {
  /** [D][L] overlap of each detection, best score first, with each labelled box. */
  readonly overlaps: readonly (readonly number[])[];
  /** [L] whether a labelled box counts for nothing. */
  readonly isIgnored: readonly boolean[];
  /** [L] */
  readonly isCrowd: readonly boolean[];
  /** Least overlap of a match, inclusive. */
  readonly minOverlap: number;
}

/**
 * How much a detection agrees with a labelled box: shared area over the area of both, or over the
 * detection's own where the other is a crowd.
 * @returns 0 to 1
 * **Source:** cocoapi `maskApi.c`, `bbIou`; from widths rather than corners, so that rounding agrees.
 */
export function overlap(found: Xywh, labelled: Xywh, isCrowd: boolean): number {
  const [x, y, width, height] = found;
  const [left, top, across, down] = labelled;
  const w = Math.min(x + width, left + across) - Math.max(x, left);
  const h = Math.min(y + height, top + down) - Math.max(y, top);
  if (w <= 0 || h <= 0) {
    return 0;
  }
  const shared = w * h;
  return shared / (isCrowd ? width * height : width * height + across * down - shared);
}

/**
 * Gives each detection, best score first, the labelled box that it agrees with most.
 * A box is given once, a crowd as often as is asked; an ignored one only where no other agrees. Of
 * equals the last one is taken.
 * @returns [D] index of each detection's labelled box, -1 for none
 * **Source:** pycocotools `COCOeval.evaluateImg`
 */
export function match({ overlaps, isIgnored, isCrowd, minOverlap }: MatchQuestion): number[] {
  const boxes = [...isIgnored.keys()];
  const wantedFirst = [
    ...boxes.filter((box) => isIgnored[box] === false),
    ...boxes.filter((box) => isIgnored[box] === true),
  ];
  const isTaken = new Set<number>();
  return overlaps.map((row) => {
    let best = -1;
    let most = minOverlap;
    for (const box of wantedFirst) {
      if (best >= 0 && isIgnored[box] === true && isIgnored[best] === false) {
        break;
      }
      const agreement = row[box] ?? 0;
      if (agreement >= most && (!isTaken.has(box) || isCrowd[box] === true)) {
        most = agreement;
        best = box;
      }
    }
    if (best >= 0) {
      isTaken.add(best);
    }
    return best;
  });
}
