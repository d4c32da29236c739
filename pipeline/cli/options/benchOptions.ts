/** What `bench` says on the command line. */
import type { Command } from 'commander';
import type { OptionTable } from '../../../models/core/options.ts';
import { addOptions, flagValues } from './addOptions.ts';
import type { Flags } from './addOptions.ts';

/** How long the benchmarks take. */
interface BenchSettings {
  readonly json: boolean;
  /** Length of the memory test, minutes; 0 leaves it out. */
  readonly minutes: number;
  /** Frames of each clip; 0 for all. */
  readonly maxFrames: number;
}

const BENCH_SETTINGS: OptionTable<BenchSettings> = {
  json: { type: 'boolean', default: false, flag: '--json', help: 'figures as JSON' },
  minutes: {
    type: 'number',
    min: 0,
    default: 10,
    flag: '--minutes <n>',
    help: 'length of the memory test (0: none)',
  },
  maxFrames: {
    type: 'integer',
    min: 0,
    default: 0,
    flag: '--max-frames <n>',
    help: 'frames of each clip (0: all)',
  },
};

/** Arguments of `bench`. */
export interface BenchArguments extends BenchSettings {
  /** Videos on which the ways of reuse are compared, beside the bundled one. */
  readonly clips: readonly string[];
}

/** Adds the options of `bench`. */
export function addBenchOptions(command: Command): Command {
  return addOptions(command, BENCH_SETTINGS);
}

/** Turns the flags of `bench` into arguments. */
export function benchArguments(clips: readonly string[], flags: Flags): BenchArguments {
  return { ...flagValues<BenchSettings>(BENCH_SETTINGS, flags), clips };
}
