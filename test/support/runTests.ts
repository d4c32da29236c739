/**
 * What `npm test` runs: uvu in two processes side by side, since most tests use one core. Prints what
 * they print, a file's lines together, and at the end one line with the totals of both. Red where one
 * of them is: where a test failed, it ran nothing, or it ended before it could say so.
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
const CLOSING_LINE = /^(\d+) passed, (\d+) failed, (\d+) skipped$/;

/** Passed, failed and skipped. */
type Totals = readonly [number, number, number];

/** Runs the test files of a folder whose path from there matches. */
async function run(folder: string, pattern: string): Promise<Totals> {
  const child = spawn(process.execPath, [...UVU, folder, pattern], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  process.once('SIGTERM', () => child.kill());
  const ended = once(child, 'close');
  let [passed, failed, skipped]: Totals = [0, 1, 0]; // until it says otherwise
  let lines = '';
  for await (const line of createInterface({ input: child.stdout })) {
    const closing = CLOSING_LINE.exec(line);
    if (closing === null) {
      lines += `${line}\n`;
    } else {
      [passed = 0, failed = 0, skipped = 0] = closing.slice(1).map(Number);
    }
    if (stripVTControlCharacters(line) === '') {
      process.stdout.write(lines);
      lines = '';
    }
  }
  process.stdout.write(lines);
  const [code] = (await ended) as [number | null];
  return [passed, code === 0 ? failed : Math.max(failed, 1), skipped];
}

const [folder = 'test', ...patterns] = process.argv.slice(2);
const halves = patterns.length > 0 ? patterns : [HALF + TEST, OTHER_HALF + TEST];
const totals = await Promise.all(halves.map((pattern) => run(folder, pattern)));
const [passed = 0, failed = 0, skipped = 0] = [0, 1, 2].map((i) =>
  totals.reduce((sum, total) => sum + (total[i] ?? 0), 0),
);
process.exitCode = failed > 0 ? 1 : 0;
process.stdout.write(`${passed} passed, ${failed} failed, ${skipped} skipped\n`);
