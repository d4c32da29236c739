import { closest, distance } from 'fastest-levenshtein';
import { describeRange, isInRange } from './range.ts';
import type { NumberRange } from './range.ts';

export type { NumberRange } from './range.ts';

/**
 * Checks one number option.
 * @returns the value
 * @throws TypeError where it is no finite number, RangeError where it is out of range
 */
export function expectNumber(name: string, value: unknown, range: NumberRange = {}): number {
  const wanted = describeRange('a finite number', range);
  if (typeof value !== 'number' || !Number.isFinite(value)) {
    throw new TypeError(`Expected \`${name}\` to be ${wanted}, got ${show(value)}`);
  }
  if (!isInRange(value, range)) {
    throw new RangeError(`Expected \`${name}\` to be ${wanted}, got ${show(value)}`);
  }
  return value;
}

/**
 * Checks one whole-number option.
 * @returns the value
 * @throws TypeError where it is no number, RangeError where it is no whole one or out of range
 */
export function expectInteger(name: string, value: unknown, range: NumberRange = {}): number {
  if (typeof value !== 'number' || Number.isInteger(value)) {
    return expectNumber(name, value, range);
  }
  throw new RangeError(
    `Expected \`${name}\` to be ${describeRange('a whole number', range)}, got ${show(value)}`,
  );
}

/**
 * Checks one option that has a few known values.
 * @returns the value
 * @throws TypeError that names the nearest known value
 */
export function expectOneOf<T extends string>(
  name: string,
  value: unknown,
  known: readonly T[],
): T {
  const found = known.find((item) => item === value);
  if (found === undefined) {
    throw new TypeError(
      `Expected \`${name}\` to be one of ${known.join(', ')}, got ${show(value)}${suggest(String(value), known)}`,
    );
  }
  return found;
}

/**
 * Checks one option by what it is.
 * @param wanted what it has to be, in words
 * @returns the value
 * @throws TypeError
 */
export function expectKind(name: string, value: unknown, wanted: string, isIt: boolean): unknown {
  if (!isIt) {
    throw new TypeError(`Expected \`${name}\` to be ${wanted}, got ${show(value)}`);
  }
  return value;
}

/**
 * Refuses options that are not known, so that a typing mistake never passes in silence.
 * @throws TypeError that names the unknown key and the nearest known one
 */
export function expectKnownKeys(
  owner: string,
  options: object | undefined,
  known: readonly string[],
): void {
  for (const key of Object.keys(options ?? {})) {
    if (!known.includes(key)) {
      throw new TypeError(`Unknown option \`${key}\` of ${owner}${suggest(key, known)}`);
    }
  }
}

/**
 * Says that a caller did something in the wrong order or with the wrong thing.
 * @param fact what was expected of it, in words
 * @throws TypeError
 */
export function expectThat(condition: unknown, fact: string): asserts condition {
  if (!condition) {
    throw new TypeError(`Expected that ${fact}`);
  }
}

/**
 * The nearest of some names, whatever the case, as the end of a sentence.
 * @returns `'; did you mean …?'`, or an empty string where nothing is near
 */
export function suggest(name: string, known: readonly string[]): string {
  if (known.length === 0) {
    return '';
  }
  const small = known.map((one) => one.toLowerCase());
  const nearest = closest(name.toLowerCase(), small);
  return distance(name.toLowerCase(), nearest) <= Math.max(2, name.length / 3)
    ? `; did you mean \`${known[small.indexOf(nearest)]}\`?`
    : '';
}

function show(value: unknown): string {
  return `\`${String(value)}\` (${value === null ? 'null' : typeof value})`;
}
