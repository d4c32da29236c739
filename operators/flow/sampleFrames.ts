import { filter, Observable } from 'rxjs';
import type { MonoTypeOperatorFunction } from 'rxjs';
import type { OptionTable } from '../../models/core/options.ts';
import { resolveOptions } from '../../models/core/resolveOptions.ts';

/** Options of `sampleFrames`: exactly one of `perSecond` and `stride`. */
export interface SampleFramesConfig<T> {
  /** At most so many values for each second of media time, above 0. */
  readonly perSecond?: number | undefined;
  /** Every so many-th value by its `index`, 1 or more. */
  readonly stride?: number | undefined;
  /** Takes over each value that is left out, for frames `(frame) => frame.close()`. Default: none. */
  readonly onDropped?: ((value: T) => void) | undefined;
}

const OPTIONS: OptionTable<SampleFramesConfig<never>> = {
  perSecond: { type: 'number', above: 0 },
  stride: { type: 'integer', min: 1 },
  onDropped: { type: 'hook' },
};

/** Containers round media times to the millisecond: so much too early is still in time, seconds. */
const ROUNDING = 0.001;

/**
 * Thins the values out by media time or by index.
 * Where five pictures a second are enough, the other twenty cost nothing further down.
 *
 * ```text
 *  source                       a--b--c--d--e--f--|     pts 0, 0.1, 0.2, ... seconds
 *  sampleFrames({perSecond: 5}) a-----c-----e-----|
 *  dropped                      ---b-----d-----f---
 * ```
 *
 * Both ways keep the first value and lay a grid from there, of `1 / perSecond` seconds or of `stride`
 * indices; a value is kept when it has reached the next line of the grid that no kept value has
 * reached. So the mean rate is right where the frame rate is no multiple of `perSecond`, a hole in
 * the source is followed by no burst, and between two lines there is at most one value. When `pts`
 * (or `index`) goes backwards, because of a seek or a loop, that value is kept and the grid begins
 * anew. Nothing is delayed; completion and unsubscription pass straight through.
 *
 * @param config see `SampleFramesConfig`
 * @returns an operator that emits the values that are kept, unchanged
 * @throws TypeError or RangeError at the call for an unknown option, a wrong value, or where not
 *   exactly one of `perSecond` and `stride` is given
 *
 * **Errors:** those of the source, and what `onDropped` throws.
 *
 * **Owns:** nothing; a value that is left out passes to `onDropped`.
 */
export function sampleFrames<T extends { readonly pts: number; readonly index: number }>(
  config: SampleFramesConfig<T>,
): MonoTypeOperatorFunction<T> {
  const { perSecond, stride, onDropped } = resolveOptions('sampleFrames', OPTIONS, config);
  const step = gridStep(perSecond, stride);

  return (source) =>
    new Observable<T>((subscriber) => {
      // Where the grid begins.
      let start = 0;
      // Where the value before was, kept or not.
      let last = Infinity;
      // The line of the grid that the kept values have reached.
      let reached = 0;

      return source
        .pipe(
          filter((value) => {
            const at = perSecond === undefined ? value.index : value.pts;
            const isRestart = at < last;
            start = isRestart ? at : start;
            last = at;
            const line = Math.floor((at - start + ROUNDING) / step);
            if (isRestart || line > reached) {
              reached = line;
              return true;
            }
            onDropped?.(value);
            return false;
          }),
        )
        .subscribe(subscriber);
    });
}

function gridStep(perSecond: number | undefined, stride: number | undefined): number {
  if (perSecond !== undefined && stride === undefined) {
    return 1 / perSecond;
  }
  if (stride !== undefined && perSecond === undefined) {
    return stride;
  }
  const got = perSecond === undefined ? 'neither' : 'both';
  throw new TypeError(
    `Expected exactly one of \`perSecond\` and \`stride\` for sampleFrames, got ${got}`,
  );
}
