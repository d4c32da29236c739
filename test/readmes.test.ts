/** Takes the programs of the readmes as a reader would: whole, as plain JavaScript, beside a video of the reader's own. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from './support/assert.ts';
import { expectBuilt } from './support/program.ts';
import { ROOT } from './support/sourceFiles.ts';
import { TestClient } from './support/sockets/sockets.ts';
import { END_TO_END_MS, suite } from './support/suite.ts';

const LIMIT = { timeoutMs: END_TO_END_MS };
const README = ['README', 'server/readme', 'pipeline/readme', 'operators/readme', 'models/readme'];
const CLIP = join(ROOT, 'test/fixtures/clips/panning.mp4');
/** How TypeScript is to read the programs. */
const SETTINGS = {
  compilerOptions: {
    ...{ module: 'NodeNext', target: 'ES2023', lib: ['ES2023', 'DOM', 'ESNext.Disposable'] },
    ...{ strict: true, noEmit: true, skipLibCheck: true, types: ['node'] },
  },
};

interface Example {
  readonly title: string;
  readonly code: string;
}

const EXAMPLES: readonly Example[] = README.flatMap((name) => {
  const text = readFileSync(join(ROOT, `${name}.md`), 'utf8');
  const blocks = [...text.matchAll(/^```ts\n([^]*?)^```/gm)].map(([, code = '']) => code);
  return blocks.map((code, i) => ({ title: `${name} ${i + 1}`, code }));
});
/** A video is all they need, and they come to an end; those of README.md are run by `examples.test.ts`. */
const ALONE = EXAMPLES.filter(
  ({ title, code }) =>
    /^(operators|models)/.test(title) && !/'(my-model|street\.jpg|checkpoint)'/.test(code),
);

/** @returns the exit code, and all that was said */
function run(args: readonly string[], cwd: string): Promise<readonly [number, string]> {
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd, timeout: END_TO_END_MS }, (error, stdout, stderr) =>
      resolve([error === null ? 0 : Number(error.code ?? 1), stdout + stderr]),
    );
  });
}

suite('the programs of the readmes', (test) => {
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

  test(
    'are whole, and of the right types',
    async () => {
      const names = EXAMPLES.map(({ code }, i) => {
        writeFileSync(join(folder, `whole${i}.ts`), code);
        return `whole${i}.ts`;
      });
      writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ ...SETTINGS, files: names }));

      const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
      const [code, said] = await run([tsc, '-p', '.'], folder);

      assert.is(code, 0, said);
      assert.ok(EXAMPLES.length > ALONE.length && ALONE.length >= 4);
    },
    LIMIT,
  );

  for (const { title, code } of ALONE) {
    test(
      `run: ${title}`,
      async () => {
        const file = join(folder, `${title.replaceAll(/\W/g, '-')}.mjs`);
        writeFileSync(file, code);

        const [exitCode, said] = await run([file], folder);

        assert.is(exitCode, 0, said);
        assert.ok(said.split('\n').length > 3, said);
      },
      LIMIT,
    );
  }

  test(
    'serve: server/readme 1',
    async () => {
      const { code = '' } = EXAMPLES.find(({ title }) => title === 'server/readme 1') ?? {};
      const file = join(folder, 'serve.mjs');
      writeFileSync(file, code.replace('8080', '0'));
      const child = spawn(process.execPath, [file], {
        cwd: folder,
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const ended = once(child, 'exit');
      try {
        const [said] = (await once(child.stdout, 'data')) as [Buffer];
        const url = /http:\S+/.exec(String(said))?.[0] ?? '';
        await using client = new TestClient(`${url.replace('http', 'ws')}v1`);
        await client.next('hello');
        await client.subscribe();
        const { source } = await client.next('frame');
        child.kill('SIGINT');
        const [status] = await Promise.all([client.next('status'), client.closed]);

        assert.equal([source, status.state, (await ended)[0]], ['front_door', 'ended', 0]);
      } finally {
        child.kill('SIGKILL');
      }
    },
    LIMIT,
  );
});
