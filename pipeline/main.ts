#!/usr/bin/env node
import { toError } from '../models/core/errors.ts';
import { maskError } from '../models/core/secrets.ts';
import { runCli } from './cli/cli.ts';
import { EXIT, errorLine } from './cli/output/exitCodes.ts';
import { maskArguments } from './cli/maskArguments.ts';
import { watchPackageManager } from './cli/packageManager.ts';
import { endStandardError, keepStandardError } from './cli/output/standardError.ts';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
const interrupt = new AbortController();
for (const signal of SIGNALS) {
  process.on(signal, () => {
    if (interrupt.signal.aborted) {
      SIGNALS.forEach((name) => process.removeAllListeners(name)); // a third one does not ask us
      process.exit(EXIT.interrupted); // asked twice: at once
    }
    interrupt.abort(signal); // its name is the reason
  });
}
watchPackageManager(() => interrupt.abort('SIGTERM'));
keepStandardError();
// a fault of ours: Node would print the error with all that it carries, such as the arguments of a decoder
process.on('uncaughtException', (thrown) => {
  const mask = maskArguments(process.argv.slice(2));
  process.stderr.write(errorLine(maskError(toError(thrown), mask), true));
  process.exit(EXIT.failed);
});
process.exitCode = await runCli(process.argv.slice(2), interrupt.signal);
if (!(await endStandardError())) {
  process.exit(); // who should read the last lines does not
}
