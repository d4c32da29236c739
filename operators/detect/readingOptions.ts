import { DECODE_OPTIONS, expectKnownKeys } from '../../models/index.ts';

/** Decode options that an operator gives itself, frame by frame. */
const GIVEN: readonly string[] = ['draft', 'demand', 'attention'];
const READING = DECODE_OPTIONS.filter((name) => !GIVEN.includes(name));

/**
 * Refuses options that are not known to an operator which reads frames: those of decoding and of which objects are
 * kept, and its own.
 * @throws TypeError that names the unknown key and the nearest known one
 */
export function expectReadingOptions(owner: string, config: object, own: readonly string[]): void {
  expectKnownKeys(owner, config, [...own, 'minScore', 'classes', ...READING]);
}
