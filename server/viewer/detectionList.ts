import type { Detection } from '../../models/core/types.ts';
import { element, setText } from './elements.ts';
import { colorOf } from './palette.ts';
import { scoreText } from './scoreText.ts';

/** The list of what is on the screen. */
export interface DetectionList {
  update(detections: readonly Detection[]): void;
}

interface Row {
  readonly item: HTMLLIElement;
  readonly swatch: HTMLElement;
  readonly label: HTMLElement;
  readonly track: HTMLElement;
  readonly fill: HTMLElement;
  readonly score: HTMLElement;
}

/** Binds the list of the page. Rows are used again from frame to frame. */
export function createDetectionList(): DetectionList {
  const list = element('detections', HTMLElement);
  const empty = element('detections-empty', HTMLElement);
  const rows: Row[] = [];

  return {
    update(detections) {
      const sorted = detections.toSorted(inSteadyOrder);
      while (rows.length < sorted.length) {
        rows.push(createRow());
      }
      for (const [index, row] of rows.entries()) {
        const detection = sorted[index];
        if (detection === undefined) {
          row.item.remove();
        } else {
          write(row, detection);
          if (!row.item.isConnected) {
            list.append(row.item);
          }
        }
      }
      empty.hidden = sorted.length > 0;
    },
  };
}

/** By track number, so that rows keep their place; what has no track follows, surest first. */
function inSteadyOrder(a: Detection, b: Detection): number {
  if (a.trackId !== undefined && b.trackId !== undefined) {
    return a.trackId - b.trackId;
  }
  if (a.trackId !== undefined) {
    return -1;
  }
  return b.trackId !== undefined ? 1 : b.score - a.score;
}

function createRow(): Row {
  const item = document.createElement('li');
  const [swatch, label, track, bar, score] = ['swatch', 'label', 'track', 'bar', 'score'].map(
    (name) => {
      const span = document.createElement('span');
      span.className = name;
      return span;
    },
  ) as [HTMLElement, HTMLElement, HTMLElement, HTMLElement, HTMLElement];
  const fill = document.createElement('i');
  bar.ariaHidden = 'true'; // the number beside it says the same
  bar.append(fill);
  item.append(swatch, label, track, bar, score);
  return { item, swatch, label, track, fill, score };
}

function write(row: Row, detection: Detection): void {
  row.swatch.style.backgroundColor = colorOf(detection);
  setText(row.label, detection.label);
  setText(row.track, detection.trackId === undefined ? '' : `#${detection.trackId}`);
  row.fill.style.width = `${100 * detection.score}%`;
  setText(row.score, scoreText(detection.score));
  row.item.title = detection.reused
    ? 'Its tokens were kept from the previous frame'
    : 'Its tokens were read anew in this frame';
  row.item.classList.toggle('reused', detection.reused === true);
}
