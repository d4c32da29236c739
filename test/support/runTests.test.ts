import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as assert from './assert.ts';
import { END_TO_END_MS, suite } from './suite.ts';
import { temporaryFolder } from './temporaryFolder.ts';

const SUITE = JSON.stringify(fileURLToPath(new URL('./suite.ts', import.meta.url)));
const PROGRAM = fileURLToPath(new URL('./runTests.ts', import.meta.url));
const LOADER = new URL('./typescript.mjs', import.meta.url).href;

interface Outcome {
  readonly code: number;
  /** The lines that say what failed, and the last one. */
  readonly lines: readonly string[];
}

/** Runs test files, written for the occasion, by their names. */
async function runFiles(
  bodies: Readonly<Record<string, string>>,
  { patterns = [], env = process.env }: { patterns?: readonly string[]; env?: typeof process.env },
): Promise<Outcome> {
  await using folder = await temporaryFolder();
  for (const [name, body] of Object.entries(bodies)) {
    const code = `import { suite } from ${SUITE};\n${body}`;
    await writeFile(join(folder.path, `${name}.test.ts`), code);
  }
  const args = ['--import', LOADER, PROGRAM, folder.path, ...patterns];
  return await new Promise<Outcome>((resolve) => {
    execFile(process.execPath, args, { env }, (error, stdout) => {
      const all = stdout.trimEnd().split('\n');
      const lines = all.filter((line, i) => line.startsWith('failed: ') || i === all.length - 1);
      resolve({ code: error === null ? 0 : Number(error.code), lines });
    });
  });
}

/** Another file, which nothing that happens in the first may reach. */
const GOOD = `suite('good', (test) => test('runs', () => {}));`;

/** Title, a file beside the good one, what it counts, and the lines that say what failed in it. */
const CASES: readonly (readonly [string, string, readonly number[], readonly RegExp[]])[] = [
  [
    'adds up what passed and was skipped',
    `suite('s', (test) => { test('a', () => {}); test.skip('b', 'no GPU'); });`,
    [1, 0, 1],
    [],
  ],
  [
    'a test that throws, with how it differs where that is known',
    `suite('s', (test) => {
      test('a', () => { throw new Error('x\\ny'); });
      test('b', () => { throw Object.assign(new Error('x'), { details: false }); });
      test('c', () => { throw Object.assign(new Error('x'), { details: ' Actual: 1' }); });
      test('d', () => { throw Object.assign(new Error('x'), { details: { e: 1 } }); });
      test('e', () => { throw null; });
      test('f', () => {});
    });`,
    [1, 5, 0],
    [/s "a": x y$/, /s "b": x$/, /s "c": x Actual: 1$/, /s "d": x$/, /s "e": threw null/],
  ],
  [
    'before throws: every test that needed it',
    `suite('s', (test) => {
      test.before(() => { throw new Error('x'); });
      test('a', () => {});
      test('b', () => {});
    });`,
    [0, 2, 0],
    [/s "a": x$/, /s "b": x$/],
  ],
  [
    'a clean-up throws',
    `suite('s', (test) => { test.afterEach(() => { throw new Error('x'); }); test('a', () => {}); });
    suite('t', (test) => { test.after(() => { throw new Error('y'); }); test('b', () => {}); });`,
    [1, 2, 0],
    [/s "a": x$/, /t after: y$/],
  ],
  [
    'a test that hangs',
    `suite('s', (test) => {
      test('a', () => new Promise(() => {}), { timeoutMs: 50 });
      test('b', () => {});
    });`,
    [1, 1, 0],
    [/s "a": took longer than 50 ms$/],
  ],
  [
    'a rejection that nobody handles',
    `suite('s', (test) => {
      test('a', () => { Promise.reject(new Error('x')); return new Promise(() => {}); });
      test('b', () => {});
    });`,
    [1, 1, 0],
    [/s "a": x$/],
  ],
  [
    'the error event of a program that is not there',
    `import { spawn } from 'node:child_process';
    suite('s', (test) => {
      test('a', () => { spawn('no-such-program'); return new Promise(() => {}); });
      test('b', () => {});
    });`,
    [1, 1, 0],
    [/s "a": spawn no-such-program ENOENT$/],
  ],
  [
    'a throw in a timer between two suites',
    `suite('s', (test) => {
      test('a', () => {});
      test.after(() => { setImmediate(() => { throw new Error('x'); }); });
    });
    suite('t', (test) => test('b', () => new Promise((resolve) => setTimeout(resolve, 100))));`,
    [1, 1, 0],
    [/t "b": x$/],
  ],
  [
    'process.exit in the middle: what did not run',
    `suite('s', (test) => {
      test('a', () => {});
      test('b', () => process.exit(0));
      test('c', () => {});
    });`,
    [1, 2, 0],
    [/: 2 without an end: the process ended with 1 in s "b"$/],
  ],
  [
    'a process that is killed',
    `suite('s', (test) => { test('a', () => process.kill(process.pid, 'SIGKILL')); test('b', () => {}); });`,
    [0, 2, 0],
    [/: 2 without an end: the process ended with SIGKILL in s "a"$/],
  ],
  [
    'a process that is blocked',
    `suite('s', (test) => {
      test('a', () => { for (;;); }, { timeoutMs: 50 });
      test('b', () => {});
    });`,
    [0, 2, 0],
    [/: 2 without an end: the process was blocked in s "a"$/],
  ],
  [
    'a leak that keeps the process alive',
    `import { createServer } from 'node:net';
    suite('s', (test) => test('a', () => { createServer().listen(0); }));`,
    [1, 1, 0],
    [/still open after the last test: .*TCPServerWrap/],
  ],
  [
    'a program left behind that holds the output',
    `import { spawn } from 'node:child_process';
    suite('s', (test) => test('a', () => {
      spawn(process.execPath, ['-e', 'setTimeout(() => {}, 6_000)'], { stdio: 'inherit' }).unref();
    }));`,
    [1, 1, 0],
    [/left a program behind that holds its output$/],
  ],
  [
    'a syntax error',
    `suite('s', (test) => test('a', () => { const; }));`,
    [0, 1, 0],
    [/: no test: the process ended with 1, Error: Transform failed .*Expected identifier/],
  ],
  [
    'a throw while the file is loaded',
    `suite('s', (test) => test('a', () => {})); throw new TypeError('x');`,
    [0, 1, 0],
    [/: 1 without an end: the process ended with 1, TypeError: x/],
  ],
  ['no suite', `void suite;`, [0, 1, 0], [/: no test: the process ended with 1$/]],
  ['an empty suite', `suite('s', () => {});`, [0, 1, 0], [/: no test: the process ended with 1$/]],
  [
    'an exit code of its own although nothing failed',
    `${GOOD} process.on('exit', () => (process.exitCode = 3));`,
    [1, 1, 0],
    [/: the process ended with 3$/],
  ],
];

suite('runTests', (test) => {
  const limit = { timeoutMs: END_TO_END_MS };
  for (const [title, body, [passed = 0, failed = 0, skipped = 0], failures] of CASES) {
    test(
      title,
      async () => {
        const { code, lines } = await runFiles({ case: body, good: GOOD }, {});

        const last = `${passed + 1} passed, ${failed} failed, ${skipped} skipped`;
        assert.is(lines.at(-1), last, lines.join('\n'));
        assert.is(code, failed > 0 ? 1 : 0);
        assert.is(lines.length, failures.length + 1, lines.join('\n'));
        for (const [index, failure] of failures.entries()) {
          assert.match(lines[index]!, failure);
          assert.ok(lines[index]!.startsWith('failed: case.test.ts: '));
        }
      },
      limit,
    );
  }

  test(
    'skips each test that needs a program that is not on the PATH, and the clean-up of what was not made',
    async () => {
      const body = `suite('s', (test) => {
        test('runs', () => {});
        test('needs one', () => { throw new Error('ran'); }, { needs: ['ffmpeg'] });
      });
      suite('t', (test) => {
        test.needs('openssl');
        test.before(() => { throw new Error('ran'); });
        test.after(() => { throw new Error('ran'); });
        test('needs it', () => { throw new Error('ran'); });
      });`;
      const all = `suite('s', (test) => test('a', () => {}, { needs: ['ps'] }));`;

      const outcome = await runFiles({ body, all }, { env: { ...process.env, PATH: '' } });

      assert.equal(outcome, { code: 0, lines: ['1 passed, 0 failed, 3 skipped'] });
    },
    limit,
  );

  test(
    'runs the files that are asked for, and says where there is none',
    async () => {
      const bodies = { one: GOOD, other: GOOD };

      const one = await runFiles(bodies, { patterns: ['^one'] });
      const none = await runFiles(bodies, { patterns: ['^none'] });

      assert.equal(one, { code: 0, lines: ['1 passed, 0 failed, 0 skipped'] });
      assert.is(none.code, 1);
      assert.match(none.lines[0]!, /^failed: no test file in .* matches \^none$/);
      assert.is(none.lines[1], '0 passed, 1 failed, 0 skipped');
    },
    limit,
  );
});
