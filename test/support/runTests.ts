/**
 * What `npm test` runs: uvu in two processes side by side, since most tests use one core. Prints what
 * they print, a file's lines together, and at the end what failed, a line each, and one line with the
 * totals of both. Red where one of them is: where a test failed, it ran nothing, or it ended before it
 * could say so.
 *
 *     runTests.ts [FOLDER PATTERN_OF_THE_ONE PATTERN_OF_THE_OTHER]
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { stripVTControlCharacters } from 'node:util';
import { ROOT } from './sourceFiles.ts';

/** How long the tests of these folders take, all others take. */
const HALF = '^(models|operators)/';
const OTHER_HALF = `^(?!${HALF.slice(1)})`;
const TEST = String.raw`.*\.test\.ts$`;
const UVU = ['--import', './test/support/typescript.mjs', 'node_modules/uvu/bin.js'];
/** What `suite.ts` ends with: what failed, then the totals. */
const FAILURE = /^failed: /;
const CLOSING_LINE = /^(\d+) passed, (\d+) failed, (\d+) skipped$/;

/** Passed, failed and skipped. */
type Totals = readonly [number, number, number];

interface Outcome {
  readonly totals: Totals;
  readonly failures: readonly string[];
}

/** Runs the test files of a folder whose path from there matches. */
async function run(folder: string, pattern: string): Promise<Outcome> {
  const child = spawn(process.execPath, [...UVU, folder, pattern], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  process.once('SIGTERM', () => child.kill());
  const ended = once(child, 'close');
  let [passed, failed, skipped]: Totals = [0, 1, 0]; // until it says otherwise
  const failures: string[] = [];
  let lines = '';
  for await (const line of createInterface({ input: child.stdout })) {
    const closing = CLOSING_LINE.exec(line);
    if (closing !== null) {
      [passed = 0, failed = 0, skipped = 0] = closing.slice(1).map(Number);
    } else if (FAILURE.test(line)) {
      failures.push(`${line}\n`);
    } else {
      lines += `${line}\n`;
    }
    if (stripVTControlCharacters(line) === '') {
      process.stdout.write(lines);
      lines = '';
    }
  }
  process.stdout.write(lines);
  const [code] = (await ended) as [number | null];
  failed = code === 0 ? failed : Math.max(failed, 1);
  if (failed > 0 && failures.length === 0) {
    failures.push(`failed: ${pattern} ended with ${code ?? 'a signal'} and named no test\n`);
  }
  return { totals: [passed, failed, skipped], failures };
}

const [folder = 'test', ...patterns] = process.argv.slice(2);
const halves = patterns.length > 0 ? patterns : [HALF + TEST, OTHER_HALF + TEST];
const outcomes = await Promise.all(halves.map((pattern) => run(folder, pattern)));
const [passed = 0, failed = 0, skipped = 0] = [0, 1, 2].map((i) =>
  outcomes.reduce((sum, { totals }) => sum + (totals[i] ?? 0), 0),
);
process.exitCode = failed > 0 ? 1 : 0;
process.stdout.write(outcomes.flatMap(({ failures }) => failures).join(''));
process.stdout.write(`${passed} passed, ${failed} failed, ${skipped} skipped\n`);
