import type { StopReason } from '../../models/core/types.ts';
import { element, setText } from './elements.ts';
import { drawCosts } from './costs.ts';
import type { Summary } from './statistics.ts';

const stopMeanings: Readonly<Record<StopReason, string>> = {
  eos: 'end token read',
  noise: 'only noise left',
  maxObjects: 'object limit reached',
  budget: 'time budget spent',
  filter: 'all that is wanted is found',
  abort: 'cut off',
};

/** The fields of index.html that carry a number or a word of the readout. */
const FIELDS = [
  'rate',
  'latency',
  'latency-note',
  'passes',
  'passes-mean',
  'decoded',
  'kept',
  'objects',
  'objects-shown',
  'stop',
  'stop-meaning',
  'encode',
  'token-time',
  'skipped',
  'position',
  'ticker',
] as const;

/** The instruments beside the picture. */
export interface Readout {
  /** @param numShown objects left by the filters */
  update(summary: Summary, numShown: number): void;
  clear(): void;
}

/** Binds the fields of the page. */
export function createReadout(): Readout {
  const fields = new Map(FIELDS.map((id) => [id, element(id, HTMLElement)]));
  const costs = element('costs', HTMLCanvasElement);
  const costScale = element('cost-scale', HTMLElement);
  const strip = element('strip', HTMLElement);

  function write(texts: Readonly<Record<(typeof FIELDS)[number], string>>): void {
    for (const [id, field] of fields) {
      setText(field, texts[id]);
    }
  }

  return {
    update(summary, numShown) {
      const { frame, latencyMs } = summary;
      const { tokens, timing, detections } = frame;
      write({
        rate: summary.framesPerSecond.toFixed(1),
        latency: latencyMs.toFixed(0),
        'latency-note': latencyMs < 0 ? 'ms, clocks differ' : 'ms',
        passes: String(tokens.passes),
        'passes-mean': `mean ${summary.meanPasses.toFixed(1)}`,
        decoded: String(tokens.decoded),
        kept: tokens.drafted > 0 ? `kept ${tokens.accepted} of ${tokens.drafted}` : 'no draft',
        objects: String(detections.length),
        'objects-shown': `${numShown} shown`,
        stop: frame.stop,
        'stop-meaning': stopMeanings[frame.stop] ?? '',
        encode: timing.encodeMs.toFixed(1),
        'token-time': timing.tokensMs.toFixed(1),
        skipped: summary.skipped.map(([cause, count]) => `${cause} ${count}`).join(', ') || 'none',
        position: `frame ${frame.frame}, ${frame.pts.toFixed(2)} s, ${frame.width} × ${frame.height}`,
        ticker: `${tokens.accepted} kept, ${tokens.drafted - tokens.accepted} rejected, ${tokens.decoded} decoded`,
      });
      setShares(strip, [tokens.accepted, tokens.drafted - tokens.accepted, tokens.decoded]);
      drawCosts(costs, costScale, summary.costs);
    },
    clear() {
      for (const [id, field] of fields) {
        const isNote = ['-note', '-mean', '-shown', '-meaning'].some((end) => id.endsWith(end));
        setText(field, isNote || ['kept', 'ticker', 'position'].includes(id) ? '' : '–');
      }
      setShares(strip, [0, 0, 0]);
      drawCosts(costs, costScale, []);
    },
  };
}

function setShares(strip: HTMLElement, counts: readonly number[]): void {
  for (const [index, child] of [...strip.children].entries()) {
    (child as HTMLElement).style.flexGrow = String(counts[index] ?? 0);
  }
}
