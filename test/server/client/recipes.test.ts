import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as assert from '../../support/assert.ts';
import { linesOf } from '../../support/program.ts';
import { ROOT } from '../../support/sourceFiles.ts';
import { until } from '../../support/sockets/sockets.ts';
import { END_TO_END_MS, suite } from '../../support/suite.ts';
import { Peer } from '../../support/sockets/peer.ts';

const README = readFileSync(join(ROOT, 'server/readme.md'), 'utf8');
const RECIPES = [
  ...README.slice(README.indexOf('## Recipes')).matchAll(/^```ts\n(.*?)^```/gms),
].map(([, code]) => code ?? '');
const CLIENT = pathToFileURL(join(ROOT, 'server/client/index.ts')).href;
const LOADER = pathToFileURL(join(ROOT, 'test/support/typescript.mjs')).href;

/** Runs a recipe against a peer that sends five frames, until it has printed or written enough. */
async function runRecipe(
  code: string,
  peer: Peer,
  output: (folder: string) => string[],
): Promise<string[]> {
  const folder = mkdtempSync(join(ROOT, 'test/.examples-')); // inside, so that it finds the libraries
  try {
    const file = join(folder, 'recipe.ts');
    writeFileSync(
      file,
      code.replace('pix2seq-stream/client', CLIENT).replace('ws://127.0.0.1:8080/v1', peer.url),
    );
    const child = spawn(process.execPath, ['--import', LOADER, file], {
      cwd: folder,
      env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined },
    });
    const exit = once(child, 'exit');
    let printed = '';
    let complaints = '';
    child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString()));
    const numQueries = code.split(/\.frames\(|\.handle\(/).length - 1;
    const isOver = (): boolean => child.exitCode !== null;
    await until(() => isOver() || peer.said.length === numQueries);
    peer.publish(5);
    const lines = (): string[] => [...linesOf(printed), ...output(folder)];
    await until(() => isOver() || lines().length >= 5 * numQueries);
    assert.is(child.exitCode, null, complaints);
    const found = lines();
    child.kill();
    await exit;
    return found;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

suite('the recipes of server/readme.md', (test) => {
  test('are two for Node', () => assert.is(RECIPES.length, 2));

  test(
    'print what is found',
    async () => {
      await using peer = await Peer.open();

      const lines = await runRecipe(RECIPES[0]!, peer, () => []);

      assert.equal(lines.sort(), [
        ...Array<string>(5).fill('door 1'),
        ...Array<string>(5).fill('door true'),
      ]);
    },
    { timeoutMs: END_TO_END_MS },
  );

  test(
    'write a log without a hole',
    async () => {
      await using peer = await Peer.open();

      const lines = await runRecipe(RECIPES[1]!, peer, (folder) => {
        try {
          return linesOf(readFileSync(join(folder, 'log.ndjson'), 'utf8'));
        } catch {
          return []; // nothing is written yet
        }
      });

      assert.equal(
        lines.map((line) => (JSON.parse(line) as { seq: number }).seq),
        [1, 2, 3, 4, 5],
      );
    },
    { timeoutMs: END_TO_END_MS },
  );
});
