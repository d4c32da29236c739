import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as assert from './assert.ts';
import { END_TO_END_MS, suite } from './suite.ts';

const SUITE = JSON.stringify(fileURLToPath(new URL('./suite.ts', import.meta.url)));
const PROGRAM = fileURLToPath(new URL('./runTests.ts', import.meta.url));
const LOADER = new URL('./typescript.mjs', import.meta.url).href;
const PASSES = `suite('s', (test) => test('a', () => {}));`;

interface Outcome {
  readonly code: number;
  /** The lines that say what failed, and the last one. */
  readonly lines: readonly string[];
}

/** Runs two test files, written for the occasion, one in each process. */
async function runBoth(bodies: readonly string[], patterns: readonly string[]): Promise<Outcome> {
  const folder = await mkdtemp(join(tmpdir(), 'halves-'));
  for (const [index, body] of bodies.entries()) {
    await mkdir(join(folder, `half${index}`));
    const code = `import { suite } from ${SUITE};\n${body}`;
    await writeFile(join(folder, `half${index}`, 'case.test.ts'), code);
  }
  const args = ['--import', LOADER, PROGRAM, folder, ...patterns];
  const run = await new Promise<Outcome>((resolve) => {
    execFile(process.execPath, args, (error, stdout) => {
      const all = stdout.trimEnd().split('\n');
      const lines = all.filter((line, i) => line.startsWith('failed: ') || i === all.length - 1);
      resolve({ code: error === null ? 0 : Number(error.code), lines });
    });
  });
  await rm(folder, { recursive: true });
  return run;
}

const CASES: readonly (readonly [string, string, number, readonly string[]])[] = [
  [
    'adds up what both say',
    `suite('s', (test) => { test('a', () => {}); test('b', () => {}); test.skip('c', 'no GPU'); });`,
    0,
    ['3 passed, 0 failed, 1 skipped'],
  ],
  [
    'ends red when a test of one fails',
    `suite('s', (test) => test('a', () => { throw new Error('x\\ny'); }));`,
    1,
    ['failed: s "a": x y', '1 passed, 1 failed, 0 skipped'],
  ],
  [
    'says how what failed differs, where it is known',
    `suite('s', (test) => {
      test('a', () => { throw Object.assign(new Error('x'), { details: false }); });
      test('b', () => { throw Object.assign(new Error('x'), { details: ' Actual: 1' }); });
    });`,
    1,
    ['failed: s "a": x', 'failed: s "b": x Actual: 1', '1 passed, 2 failed, 0 skipped'],
  ],
  [
    'ends red when one tests nothing',
    `void suite;`,
    1,
    ['failed: half0 ended with 1 and named no test', '1 passed, 1 failed, 0 skipped'],
  ],
  [
    'ends red when one is killed before its end',
    `suite('s', (test) => test('a', () => process.kill(process.pid, 'SIGKILL')));`,
    1,
    ['failed: half0 ended with a signal and named no test', '1 passed, 1 failed, 0 skipped'],
  ],
  [
    'ends red when one ends so although nothing failed',
    `${PASSES} process.on('exit', () => (process.exitCode = 3));`,
    1,
    ['failed: half0 ended with 3 and named no test', '2 passed, 1 failed, 0 skipped'],
  ],
];

suite('runTests', (test) => {
  for (const [title, body, code, lines] of CASES) {
    test(
      title,
      async () => {
        const outcome = await runBoth([body, PASSES], ['half0', 'half1']);

        assert.equal(outcome, { code, lines });
      },
      { timeoutMs: END_TO_END_MS },
    );
  }

  test(
    'ends red when one finds no file',
    async () => {
      const outcome = await runBoth([PASSES], ['half0', 'half1']);

      assert.equal(outcome, {
        code: 1,
        lines: ['failed: half1 ended with 0 and named no test', '1 passed, 1 failed, 0 skipped'],
      });
    },
    { timeoutMs: END_TO_END_MS },
  );
});
