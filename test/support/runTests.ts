/**
 * What `npm test` runs: each test file in a process of its own, as many side by side as there are cores.
 * Prints what each file printed, together; at the end what failed, a line each, and one line with the
 * totals. Red where a test failed or did not run, and where there is none.
 *
 *     runTests.ts FOLDER [PATTERN…]
 *
 * With patterns only the files whose path matches one: `npm test -- test/operators/flow/pace.test.ts`.
 */
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { runTestFile } from './testFile.ts';
import type { FileOutcome } from './testFile.ts';

/** Test files of a folder, as paths from there, in order. */
function testFiles(folder: string, patterns: readonly RegExp[]): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => path.endsWith('.test.ts'))
    .filter((path) => {
      const names = [path, join(folder, path)];
      return patterns.length === 0 || patterns.some((one) => names.some((name) => one.test(name)));
    })
    .toSorted();
}

const [folder = 'test', ...patterns] = process.argv.slice(2);
const files = testFiles(
  folder,
  patterns.map((pattern) => new RegExp(pattern)),
);
const outcomes = new Map<string, FileOutcome>();
process.once('SIGTERM', () => process.exit(143)); // and the files with it

const waiting = files.values();
const lanes = Array.from({ length: availableParallelism() }, async () => {
  for (const file of waiting) {
    const outcome = await runTestFile(folder, file);
    outcomes.set(file, outcome);
    process.stdout.write(`${outcome.output.trim()}\n`);
  }
});
await Promise.all(lanes);

const failures = files.flatMap((file) =>
  (outcomes.get(file)?.failures ?? []).map((why) => `failed: ${file}: ${why}\n`),
);
const sum = (of: 'passed' | 'failed' | 'skipped'): number =>
  [...outcomes.values()].reduce((total, outcome) => total + outcome[of], 0);
if (files.length === 0) {
  failures.push(`failed: no test file in ${folder} matches ${patterns.join(', ')}\n`);
}
const failed = files.length === 0 ? 1 : sum('failed');
process.exitCode = failed > 0 ? 1 : 0;
process.stdout.write(failures.join(''));
process.stdout.write(`${sum('passed')} passed, ${failed} failed, ${sum('skipped')} skipped\n`);
