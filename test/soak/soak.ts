/**
 * `npm run soak`: hours with cameras that fail, subscribers that do not read, and sources that come and go.
 * Prints a Markdown table, or everything as JSON; Ctrl-C ends it early and prints what there is.
 * Memory, open files, the event loop, silence and age have limits (limits.ts); with `--shared`, for a machine on which
 * other programs run, times are told and not judged.
 * Exit code: 0 all well, 1 something is wrong and the table says what, 2 wrong arguments, 130 interrupted.
 *
 *     npm run soak -- --minutes 60 [--cameras 8] [--rate 5] [--seed 1] [--shared] [--json]
 */
import { parseArgs } from 'node:util';
import { toError } from '../../models/core/errors.ts';
import { expectInteger, expectNumber } from '../../models/core/validate.ts';
import { EXIT } from '../../pipeline/cli/output/exitCodes.ts';
import { soakTable } from './report.ts';
import { runSoak } from './runSoak.ts';
import type { SoakOptions } from './findings.ts';

interface Arguments extends SoakOptions {
  readonly json: boolean;
}

/** @throws TypeError, RangeError for wrong ones */
function readArguments(args: readonly string[]): Arguments {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: 'string', default: '60' },
      cameras: { type: 'string', default: '8' },
      rate: { type: 'string', default: '5' },
      seed: { type: 'string', default: '1' },
      shared: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  });
  return {
    minutes: expectNumber('minutes', Number(values.minutes), { above: 0 }),
    cameras: expectInteger('cameras', Number(values.cameras), { min: 1, max: 64 }),
    framesPerSecond: expectInteger('rate', Number(values.rate), { min: 1, max: 60 }),
    seed: expectInteger('seed', Number(values.seed), { min: 0 }),
    judgesTimes: !values.shared,
    json: values.json,
  };
}

/** @returns the exit code */
async function main(): Promise<number> {
  const note = (line: string): void => void process.stderr.write(`soak: ${line}\n`);
  const interrupt = new AbortController();
  const stop = (): void => {
    if (interrupt.signal.aborted) {
      process.exit(EXIT.interrupted); // asked twice: the children are ended on the way out
    }
    note('ending');
    interrupt.abort();
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  let args: Arguments;
  try {
    args = readArguments(process.argv.slice(2));
  } catch (thrown) {
    note(toError(thrown).message);
    return EXIT.usage;
  }
  try {
    const report = await runSoak(args, interrupt.signal, note);
    process.stdout.write(args.json ? `${JSON.stringify(report)}\n` : soakTable(report));
    const isWell = report.faults.length === 0;
    return !isWell ? EXIT.failed : interrupt.signal.aborted ? EXIT.interrupted : EXIT.done;
  } catch (thrown) {
    note(toError(thrown).message);
    return EXIT.failed;
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
}

process.exitCode = await main();
