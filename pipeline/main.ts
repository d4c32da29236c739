#!/usr/bin/env node
import { runCli } from './cli.ts';
import { EXIT } from './exitCodes.ts';
import { endStandardError, keepStandardError } from './standardError.ts';

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
keepStandardError();
process.exitCode = await runCli(process.argv.slice(2), interrupt.signal);
if (!(await endStandardError())) {
  process.exit(); // who should read the last lines does not
}
