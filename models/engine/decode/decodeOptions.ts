import { DECODE_OPTIONS } from '../../core/decodeOptions.ts';
import { resolveOptions } from '../../core/resolveOptions.ts';
import type { DecodeOptions, ModelInfo } from '../../core/types.ts';
import { expectThat } from '../../core/validate.ts';

/** Decode options with every default filled in. */
export type ResolvedDecodeOptions = Required<DecodeOptions>;

/** The defaults that depend on the model. */
export function modelDefaults({
  decode,
  vocabulary,
}: ModelInfo): ModelInfo['decode'] & Required<Pick<DecodeOptions, 'tolerance'>> {
  return { ...decode, tolerance: Math.round(vocabulary.bins / 100) };
}

/**
 * Checks decode options and fills in the defaults, the model's own where it has some.
 * @throws TypeError, RangeError that name the option, the rule and the value
 */
export function resolveDecodeOptions(
  options: DecodeOptions | undefined,
  model: ModelInfo,
): ResolvedDecodeOptions {
  for (const [name, value] of Object.entries(options ?? {})) {
    expectThat(value !== undefined, `\`${name}\` has a value where it is given`);
  }
  const resolved = resolveOptions('decode', DECODE_OPTIONS, options, modelDefaults(model));
  expectThat(Array.isArray(resolved.demand), '`demand` is a list of what is wanted');
  return resolved;
}
