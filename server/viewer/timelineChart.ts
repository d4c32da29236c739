import { element, setText } from './elements.ts';
import { colorOf } from './palette.ts';
import { BUCKET_MS, MAX_BUCKETS, type ClassCounts } from './timeline.ts';

/** The chart of counts. */
export interface TimelineChart {
  /** @param classes most frequent first; the first few are drawn */
  update(classes: readonly ClassCounts[]): void;
}

/** Lines that can still be told apart. */
const MAX_LINES = 6;
/** Room for the numbers of the scale, CSS pixels. */
const LEFT = 26;
const BOTTOM = 18;
const TOP = 8;

/** Binds the chart of the page. Its colours come from the style sheet: `color` for words, `border-color` for lines. */
export function createTimelineChart(): TimelineChart {
  const canvas = element('timeline-chart', HTMLCanvasElement);
  const legend = element('timeline-legend', HTMLUListElement);
  return {
    update(classes) {
      const shown = classes.slice(0, MAX_LINES);
      draw(canvas, shown);
      const texts = shown.map(({ label, means }) => `${label} ${latest(means).toFixed(1)}`);
      while (legend.children.length > texts.length) {
        legend.lastElementChild?.remove();
      }
      for (const [i, text] of texts.entries()) {
        const item = (legend.children[i] ?? legend.appendChild(createItem())) as HTMLElement;
        const [swatch, words] = item.children as unknown as [HTMLElement, HTMLElement];
        swatch.style.backgroundColor = colorOf({ classId: shown[i]?.classId ?? 0 });
        setText(words, text);
      }
    },
  };
}

function createItem(): HTMLLIElement {
  const item = document.createElement('li');
  const swatch = document.createElement('span');
  swatch.className = 'swatch';
  item.append(swatch, document.createElement('span'));
  return item;
}

function latest(means: readonly number[]): number {
  return means.findLast((mean) => !Number.isNaN(mean)) ?? 0;
}

function draw(canvas: HTMLCanvasElement, classes: readonly ClassCounts[]): void {
  const context = canvas.getContext('2d');
  const { clientWidth, clientHeight } = canvas;
  if (!context || clientWidth === 0) {
    return;
  }
  canvas.width = Math.round(clientWidth * devicePixelRatio); // also clears it
  canvas.height = Math.round(clientHeight * devicePixelRatio);
  context.scale(devicePixelRatio, devicePixelRatio);
  const highest = Math.max(1, ...classes.flatMap(({ means }) => means.filter((mean) => mean > 0)));
  const ceiling = Math.ceil(highest / 2) * 2;
  const xOf = (i: number): number => LEFT + (i / (MAX_BUCKETS - 1)) * (clientWidth - LEFT - TOP);
  const yOf = (mean: number): number =>
    clientHeight - BOTTOM - (mean / ceiling) * (clientHeight - BOTTOM - TOP);
  drawScale(context, ceiling, xOf, yOf);
  context.lineWidth = 2;
  context.lineJoin = 'round';
  for (const { classId, means } of classes) {
    context.strokeStyle = colorOf({ classId });
    context.beginPath();
    for (const [i, mean] of means.entries()) {
      const isFirst = Number.isNaN(means[i - 1] ?? NaN);
      if (Number.isNaN(mean)) {
        continue; // a hole: nobody looked
      }
      if (isFirst) {
        context.moveTo(xOf(i) - 1, yOf(mean)); // so that a lone value is a dash
      }
      context.lineTo(xOf(i), yOf(mean));
    }
    context.stroke();
  }
}

function drawScale(
  context: CanvasRenderingContext2D,
  ceiling: number,
  xOf: (i: number) => number,
  yOf: (mean: number) => number,
): void {
  const style = getComputedStyle(context.canvas);
  const minutes = (MAX_BUCKETS * BUCKET_MS) / 60_000;
  context.font = '11px system-ui, sans-serif';
  context.fillStyle = style.color;
  context.strokeStyle = style.borderTopColor;
  context.textBaseline = 'middle';
  context.textAlign = 'right';
  for (const mean of [0, ceiling / 2, ceiling]) {
    context.fillText(String(mean), LEFT - 6, yOf(mean));
    context.beginPath();
    context.moveTo(LEFT, yOf(mean));
    context.lineTo(xOf(MAX_BUCKETS - 1), yOf(mean));
    context.stroke();
  }
  context.textBaseline = 'bottom';
  for (let ago = 0; ago <= minutes; ago++) {
    context.textAlign = ago === 0 ? 'right' : ago === minutes ? 'left' : 'center';
    const x = xOf((1 - ago / minutes) * (MAX_BUCKETS - 1));
    const unit = ago === minutes ? ' min' : ''; // once: on a telephone there is no room for more
    context.fillText(ago === 0 ? 'now' : `−${ago}${unit}`, x, context.canvas.clientHeight);
  }
}
