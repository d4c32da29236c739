#!/usr/bin/env node
import { runCli } from './cli.ts';
import { EXIT } from './exitCodes.ts';

const interrupt = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (interrupt.signal.aborted) {
      process.exit(EXIT.interrupted); // asked twice: at once
    }
    interrupt.abort(signal); // its name is the reason
  });
}
process.exitCode = await runCli(process.argv.slice(2), interrupt.signal);
