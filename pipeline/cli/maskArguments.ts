import { maskFor } from '../../models/core/secrets.ts';
import type { Mask } from '../../models/core/secrets.ts';

/**
 * Makes a mask that knows the secrets of what was typed: of addresses, and whatever follows an option
 * that nobody knows, `--tokn=secret`, which commander repeats.
 */
export function maskArguments(args: readonly string[]): Mask {
  const mask = maskFor(args);
  const options = args.flatMap((arg) => /^--[\w-]+=/.exec(arg)?.map((name) => [arg, name]) ?? []);
  return (text) =>
    options.reduce((safe, [arg = '', name = '']) => safe.replaceAll(arg, `${name}***`), mask(text));
}
