/** The configuration file of `serve`, from the first reading to the last edit. */
import { mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SourceInfo } from '../../../../server/index.ts';
import { TINY } from '../../../support/models/tinyModel.ts';
import * as assert from '../../../support/assert.ts';
import { linesOf, runProgram, startProgram } from '../../../support/program.ts';
import type { Program } from '../../../support/program.ts';
import { TestClient } from '../../../support/sockets/sockets.ts';
import { ROOT } from '../../../support/sourceFiles.ts';
import { END_TO_END_MS, suite } from '../../../support/suite.ts';
import { assertAddsUp } from '../../../support/media/ownFrames.ts';

const LIMIT = { timeoutMs: END_TO_END_MS };
const CLIP = fileURLToPath(new URL('../../../fixtures/clips/h264.mp4', import.meta.url));
const HEAD = `model: ${TINY}\ndevice: cpu\nserver: { port: 1, host: 127.0.0.1 }\nsources:\n`;

/** A folder that goes away with the test. */
async function scratch(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'pix2seq-stream-test-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}

function configOf(...sources: readonly string[]): string {
  return HEAD + sources.map((source) => `  - ${source}\n`).join('');
}

const playing = (name: string, more = ''): string =>
  `{ name: ${name}, source: ${CLIP}, loop: true${more} }`;

async function connect(program: Program): Promise<readonly [string, TestClient]> {
  const url = /http:\S+\//.exec(await program.line('stderr', /^Look at /))![0];
  const client = new TestClient(`${url.replace('http', 'ws')}v1`);
  await client.next('hello');
  await client.subscribe();
  return [url, client];
}

/** Waits for a frame of a source. */
async function frameOf(client: TestClient, name: string): Promise<void> {
  while ((await client.next('frame')).source !== name) {
    // another one
  }
}

/** Waits for the news that a source is in a state. */
async function stateOf(client: TestClient, name: string, state: string): Promise<void> {
  for (;;) {
    const status = await client.next('status');
    if (status.source === name && status.state === state) {
      return;
    }
  }
}

async function sourcesOf(url: string): Promise<SourceInfo[]> {
  return (await (await fetch(`${url}v1/sources`)).json()) as SourceInfo[];
}

suite('serve --config', (test) => {
  test(
    'refuses a wrong file with one line: file, line, key and the way out',
    async () => {
      await using folder = await scratch();
      const file = join(folder.path, 'serve.yaml');
      await writeFile(file, configOf('{ name: a, source: a.mp4 }', '{ name: b, sauce: b.mp4 }'));

      const wrong = await runProgram(['serve', '--config', file]);
      const missing = await runProgram(['serve', '--config', `${file}.no`]);

      assert.equal([wrong.code, missing.code], [2, 2]);
      assert.is(
        wrong.stderr,
        `pix2seq-stream: ${file}, line 6: Unknown field \`sauce\` of source \`b\`; did you mean \`source\`?\n`,
      );
      assert.match(missing.stderr, /^pix2seq-stream: Cannot read the configuration .*ENOENT/);
      assert.is(linesOf(missing.stderr).length, 1);
    },
    LIMIT,
  );

  test(
    'follows edits without touching other sources, and keeps what runs at a broken one',
    async () => {
      await using folder = await scratch();
      const file = join(folder.path, 'serve.yaml');
      await writeFile(file, configOf(playing('steady'), '{ name: gone, source: no.mp4 }'));
      const typed = ['--port', '0', '--source', `typed=${CLIP}`, '--loop'];
      await using program = startProgram(['serve', '--config', file, ...typed]);
      const [url, client] = await connect(program);
      await using _ = client;
      await frameOf(client, 'steady');

      await writeFile(file, configOf(playing('steady'), playing('new'), playing('typed')));
      await program.line('stderr', /serve\.yaml: removed gone; added new$/);
      await frameOf(client, 'new');
      await writeFile(file, configOf(playing('steady', ', strid: 2')));
      const complaint = await program.line('stderr', /strid/);
      await frameOf(client, 'new');
      const other = `${file}~`;
      await writeFile(other, configOf(playing('steady'), playing('new', ', paused: true')));
      await rename(other, file); // as editors save
      await program.line('stderr', /serve\.yaml: paused new$/);
      await writeFile(file, `batch: 2\n${configOf(playing('steady'), playing('new'))}`);
      await program.line('stderr', /serve\.yaml: resumed new; batch: as before until a restart$/);
      await stateOf(client, 'new', 'offline');
      await stateOf(client, 'new', 'online');
      await frameOf(client, 'new');
      const sources = await sourcesOf(url);
      program.signal('SIGINT');
      const { code, stderr } = await program.ended;

      assert.match(complaint, /line 5: Unknown field `strid`.*`stride`.*goes on as it is$/);
      assert.equal(
        sources.map(({ name, state }) => [name, state]),
        [
          ['typed', 'online'],
          ['steady', 'online'],
          ['new', 'online'],
        ],
      );
      sources.forEach(({ counts }) => assertAddsUp(counts!));
      const news = client.messages.filter(
        (message) => message.type === 'status' && message.source === 'steady',
      );
      assert.ok(news.length <= 2, 'the steady one was never disturbed');
      assert.is(code, 0);
      for (const name of ['gone, removed', 'typed', 'steady', 'new']) {
        const line = linesOf(stderr).find((one) => one.startsWith(`${name}: `)) ?? '';
        const [frames = 0, ...ends] = [...line.matchAll(/\d+/g)].map(Number);
        assert.is(
          ends.reduce((sum, count) => sum + count, 0),
          frames,
          line,
        );
      }
    },
    LIMIT,
  );

  test(
    'reads the file again at SIGHUP, and takes requests with `manage`',
    async () => {
      await using folder = await scratch();
      await using elsewhere = await scratch();
      const target = join(elsewhere.path, 'serve.yaml');
      const link = join(folder.path, 'serve.yaml');
      const managed = (text: string): string => text.replace('port: 1', 'port: 0, manage: true');
      await writeFile(target, managed(configOf(playing('a'))));
      await symlink(target, link); // an edit of its target is no event in the link's folder
      await using program = startProgram(['serve', '--config', link]);
      const [url, client] = await connect(program);
      await using _ = client;
      await frameOf(client, 'a');

      await writeFile(target, managed(configOf(playing('a'), playing('b'))));
      program.signal('SIGHUP');
      await program.line('stderr', /serve\.yaml: added b$/);
      await frameOf(client, 'b');
      program.signal('SIGHUP');
      await program.line('stderr', /serve\.yaml: nothing to do$/);
      const added = await fetch(`${url}v1/sources`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ name: 'c', source: CLIP, loop: true }),
      });
      await frameOf(client, 'c');
      const wrong = await fetch(`${url}v1/sources`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ name: 'd', source: CLIP, looop: true }),
      });
      const missing = await fetch(`${url}v1/sources`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ name: 'e', source: 'missing.mp4' }),
      });
      await stateOf(client, 'e', 'offline');
      const [lost] = (await sourcesOf(url)).filter(({ name }) => name === 'e');
      const removed = await fetch(`${url}v1/sources/c`, { method: 'DELETE' });
      await program.line('stderr', /^c, removed: \d+ frames = /);

      assert.equal([added.status, wrong.status, removed.status], [201, 400, 204]);
      assert.is(await wrong.text(), 'Unknown field `looop` of a source; did you mean `loop`?');
      assert.is(missing.status, 201);
      assert.is(lost?.reason, `There is no file \`${join(ROOT, 'missing.mp4')}\``);
      assert.equal(
        (await sourcesOf(url)).map(({ name }) => name),
        ['a', 'b', 'e'],
      );
    },
    LIMIT,
  );
});
