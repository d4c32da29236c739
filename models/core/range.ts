/** The bounds of a number, both inclusive unless `above` is used. */
export interface NumberRange {
  readonly min?: number;
  readonly max?: number;
  /** Exclusive lower bound. */
  readonly above?: number;
}

/** Whether a number lies within bounds. */
export function isInRange(value: number, { min, max, above }: NumberRange): boolean {
  return value >= (min ?? -Infinity) && value <= (max ?? Infinity) && value > (above ?? -Infinity);
}

/**
 * Bounds in words.
 * @param noun what is bounded, such as `a whole number`
 */
export function describeRange(noun: string, { min, max, above }: NumberRange): string {
  if (min !== undefined && max !== undefined) {
    return `${noun} from ${min} to ${max}`;
  }
  const lower = above === undefined ? '' : ` > ${above}`;
  const from = min === undefined ? lower : ` >= ${min}`;
  const upper = from === '' ? ` <= ${max}` : `, at most ${max}`;
  return noun + from + (max === undefined ? '' : upper);
}
