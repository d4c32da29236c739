import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as assert from './assert.ts';
import { END_TO_END_MS, suite } from './suite.ts';

const SUITE = fileURLToPath(new URL('./suite.ts', import.meta.url));
const LOADER = new URL('./typescript.mjs', import.meta.url).href;

interface Outcome {
  readonly code: number;
  readonly lastLine: string;
}

/** Runs one test file, written for the occasion. */
async function runTests(body: string, env = process.env): Promise<Outcome> {
  const folder = await mkdtemp(join(tmpdir(), 'suite-'));
  const file = join(folder, 'case.ts');
  await writeFile(file, `import { suite } from ${JSON.stringify(SUITE)};\n${body}`);
  const run = await new Promise<Outcome>((resolve) => {
    execFile(process.execPath, ['--import', LOADER, file], { env }, (error, stdout) => {
      const lastLine = stdout.trimEnd().split('\n').at(-1) ?? '';
      resolve({ code: error === null ? 0 : Number(error.code), lastLine });
    });
  });
  await rm(folder, { recursive: true });
  return run;
}

const CASES: readonly (readonly [string, string, number, string])[] = [
  [
    'ends green when all pass',
    `suite('s', (test) => test('a', () => {}));`,
    0,
    '1 passed, 0 failed, 0 skipped',
  ],
  [
    'ends red when a test throws',
    `suite('s', (test) => { test('a', () => {}); test('b', () => { throw new Error('x'); }); });`,
    1,
    '1 passed, 1 failed, 0 skipped',
  ],
  [
    'ends red when before throws',
    `suite('s', (test) => { test.before(() => { throw new Error('x'); }); test('a', () => {}); });`,
    1,
    '0 passed, 1 failed, 0 skipped',
  ],
  [
    'ends red when afterEach throws',
    `suite('s', (test) => { test.afterEach(() => { throw new Error('x'); }); test('a', () => {}); });`,
    1,
    '0 passed, 1 failed, 0 skipped',
  ],
  [
    'ends red when after throws',
    `suite('s', (test) => { test.after(() => { throw new Error('x'); }); test('a', () => {}); });`,
    1,
    '1 passed, 1 failed, 0 skipped',
  ],
  [
    'ends red when a test throws null',
    `suite('s', (test) => test('a', () => { throw null; }));`,
    1,
    '0 passed, 1 failed, 0 skipped',
  ],
  [
    'goes on after an error with details',
    `suite('s', (test) => {
      test('a', () => { throw Object.assign(new Error('x'), { details: { b: 1 } }); });
      test('b', () => {});
    });`,
    1,
    '1 passed, 1 failed, 0 skipped',
  ],
  [
    'ends red when a promise never settles',
    `suite('s', (test) => test('a', () => new Promise(() => {}), { timeoutMs: 50 }));`,
    1,
    '0 passed, 1 failed, 0 skipped',
  ],
  ['ends red when nothing is tested', `suite('s', () => {});`, 1, '0 passed, 1 failed, 0 skipped'],
  [
    'counts what is skipped',
    `suite('s', (test) => { test('a', () => {}); test.skip('b', 'no GPU'); });`,
    0,
    '1 passed, 0 failed, 1 skipped',
  ],
];

suite('suite', (test) => {
  for (const [title, body, code, lastLine] of CASES) {
    test(
      title,
      async () => {
        assert.equal(await runTests(body), { code, lastLine });
      },
      { timeoutMs: END_TO_END_MS },
    );
  }

  test('skips each test that needs a program that is not on the PATH, and the clean-up of what was not made', async () => {
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

    const outcome = await runTests(body, { ...process.env, PATH: '' });

    assert.equal(outcome, { code: 0, lastLine: '1 passed, 0 failed, 2 skipped' });
  });

  test('ends green when all tests of a file are skipped', async () => {
    const body = `suite('s', (test) => test('a', () => {}, { needs: ['ps'] }));`;

    const outcome = await runTests(body, { ...process.env, PATH: '' });

    assert.equal(outcome, { code: 0, lastLine: '0 passed, 0 failed, 1 skipped' });
  });
});
