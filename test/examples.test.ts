/** Runs the README: every TypeScript block, and every `npx pix2seq-stream` command. */
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from './support/assert.ts';
import { expectBuilt } from './support/program.ts';
import { ROOT } from './support/sourceFiles.ts';
import { END_TO_END_MS, suite } from './support/suite.ts';

const README = readFileSync(join(ROOT, 'README.md'), 'utf8');
/** Longest README that is still read. */
const MAX_README_LINES = 225;
const PROGRAM = join(ROOT, 'dist/pipeline/main.js');
/** What stands in for the reader's own video: people on a campus, four seconds of them. */
const CLIP = join(ROOT, 'test/fixtures/clips/panning.mp4');
const NUM_FRAMES = 40;

function blocks(language: string): string[] {
  const fence = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm');
  return [...README.matchAll(fence)].map(([, code]) => code ?? '');
}

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function run(args: readonly string[], cwd: string): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd, timeout: END_TO_END_MS }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr }),
    );
  });
}

suite('README', (test) => {
  let folder = '';
  test.before(() => {
    expectBuilt();
    folder = mkdtempSync(join(ROOT, 'test/.examples-')); // inside, so that the package finds itself by name
    cpSync(CLIP, join(folder, 'street.mp4'));
  });
  test.after(() => {
    if (folder !== '') {
      rmSync(folder, { recursive: true });
    }
  });

  test('is short enough to be read', () => {
    assert.ok(README.split('\n').length <= MAX_README_LINES);
  });

  for (const [i, code] of blocks('ts').entries()) {
    const title = `runs example ${i + 1}: ${code.split('\n').find((line) => line.includes("'pix2seq-stream"))}`;
    test(
      title,
      async () => {
        const file = join(folder, `example${i + 1}.ts`);
        writeFileSync(file, code);

        const loader = join(ROOT, 'test/support/typescript.mjs');
        const { code: exitCode, stdout, stderr } = await run(['--import', loader, file], folder);

        assert.is(exitCode, 0, stderr);
        assert.ok(stdout.split('\n').length > 2, `it prints something: ${stdout}`);
      },
      { timeoutMs: END_TO_END_MS },
    );
  }

  const commands = blocks('sh')
    .flatMap((block) => block.trim().split('\n'))
    .filter((line) => line.startsWith('npx pix2seq-stream detect'));
  for (const command of commands) {
    test(
      `runs: ${command}`,
      async () => {
        const args = command.split(' ').slice(2);
        const { code, stderr } = await run([PROGRAM, ...args], folder);

        assert.is(code, 0, stderr);
        const out = args[args.indexOf('--out') + 1] ?? '';
        assert.ok(readFileSync(join(folder, out), 'utf8').split('\n').length > NUM_FRAMES);
      },
      { timeoutMs: END_TO_END_MS },
    );
  }
});
