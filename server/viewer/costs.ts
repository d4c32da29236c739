import { MAX_COSTS, type FrameCost } from './statistics.ts';

/** Steps the upper end of the scale takes, milliseconds, so that it does not breathe. */
const CEILINGS_MS = [20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000];

/**
 * Draws the model time of the last frames as bars, encoder below and tokens above it.
 * Colours come from the style sheet: `color` is the encoder's, `accent-color` the tokens'.
 * @param scale is told the upper end
 */
export function drawCosts(
  canvas: HTMLCanvasElement,
  scale: HTMLElement,
  costs: readonly FrameCost[],
): void {
  const context = canvas.getContext('2d');
  if (!context) {
    return;
  }
  const { clientWidth, clientHeight } = canvas;
  canvas.width = Math.round(clientWidth * devicePixelRatio); // also clears it
  canvas.height = Math.round(clientHeight * devicePixelRatio);
  context.scale(devicePixelRatio, devicePixelRatio);

  const highestMs = Math.max(0, ...costs.map(({ encodeMs, tokensMs }) => encodeMs + tokensMs));
  const ceilingMs = CEILINGS_MS.find((stepMs) => stepMs >= highestMs) ?? highestMs;
  const style = getComputedStyle(canvas);
  const step = clientWidth / MAX_COSTS;
  const barWidth = Math.max(1, step - 1);
  const pixelsPerMs = clientHeight / ceilingMs;
  for (const [index, { encodeMs, tokensMs }] of costs.entries()) {
    const x = clientWidth - (costs.length - index) * step; // the newest at the right edge
    const encodeHeight = encodeMs * pixelsPerMs;
    const tokensHeight = tokensMs * pixelsPerMs;
    context.fillStyle = style.color;
    context.fillRect(x, clientHeight - encodeHeight, barWidth, encodeHeight);
    context.fillStyle = style.accentColor;
    context.fillRect(x, clientHeight - encodeHeight - tokensHeight, barWidth, tokensHeight);
  }
  scale.textContent = costs.length > 0 ? `${ceilingMs} ms` : '';
}
