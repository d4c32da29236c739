/** Gives the canvas one pixel per pixel of the device; a new size empties it, an equal one must not be set. */
export function fitToDevice(canvas: HTMLCanvasElement): void {
  const width = Math.max(1, Math.round(canvas.clientWidth * devicePixelRatio));
  const height = Math.max(1, Math.round(canvas.clientHeight * devicePixelRatio));
  if (canvas.width !== width) {
    canvas.width = width;
  }
  if (canvas.height !== height) {
    canvas.height = height;
  }
}

/**
 * What to draw with on a canvas that nothing shines through.
 * @throws Error in a browser that cannot draw
 */
export function contextOf(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const context = canvas.getContext('2d', { alpha: false });
  if (context === null) {
    throw new Error('This browser cannot draw on a canvas');
  }
  return context;
}
