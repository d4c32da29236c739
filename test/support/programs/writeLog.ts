/**
 * Writes a log as its standard input asks, a word a line, and answers each on standard output: `writeLog.ts FORMAT`.
 * `fill` writes 3 MB, `line` one line; `end` ends as the program does.
 */
import { createInterface } from 'node:readline';
import { createLog } from '../../../pipeline/cli/output/log.ts';
import type { LogFormat } from '../../../pipeline/options/settings.ts';
import { endStandardError, keepStandardError } from '../../../pipeline/cli/output/standardError.ts';

keepStandardError();
const log = await createLog(process.argv[2] as LogFormat, false);
for await (const word of createInterface({ input: process.stdin })) {
  if (word === 'end') {
    process.stdout.write(`all is out: ${await endStandardError()}\n`, () => process.exit());
    continue;
  }
  for (let i = 0; i < (word === 'fill' ? 3_000 : 1); i++) {
    log.info(word === 'fill' ? 'x'.repeat(1_000) : 'a line');
  }
  setImmediate(() => process.stdout.write(`${word}\n`)); // what became of it is known by then
}
