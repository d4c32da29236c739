import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as assert from '../../support/assert.ts';
import { expectBuilt, runProgram, runPrograms, startProgram } from '../../support/program.ts';
import { TestClient } from '../../support/sockets/sockets.ts';
import { END_TO_END_MS, suite } from '../../support/suite.ts';

const LIMIT = { timeoutMs: END_TO_END_MS };
const CLIP = fileURLToPath(new URL('../../fixtures/clips/h264.mp4', import.meta.url));
const PROGRAM = fileURLToPath(new URL('../../../dist/pipeline/main.js', import.meta.url));
/** Parts of every secret below, which no encoding changes, and the login as it stands in a header. */
const SECRET = new RegExp(
  ['s3cret99', 'us3r77', 't0ken55', Buffer.from('us3r77:s3cret99').toString('base64')].join('|'),
);

/** A web server with one clip; it sends others on to an address with a login, and says a password in its answers. */
async function openWeb(): Promise<AsyncDisposable & { readonly host: string }> {
  const clip = readFileSync(CLIP);
  const server = createServer(({ url = '' }, response) => {
    if (url.startsWith('/clip.mp4')) {
      response.writeHead(200, { 'content-length': clip.length }).end(clip);
    } else if (url.startsWith('/moved')) {
      const location = `http://us3r77:s3cret99@${host}/gone?token=t0ken55`;
      response.writeHead(302, { location }).end();
    } else if (url.startsWith('/echo')) {
      response.writeHead(404, 'No s3cret99 here').end();
    } else {
      response.writeHead(404).end();
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    host,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

suite('secrets of addresses', (test) => {
  const folder = mkdtempSync(join(tmpdir(), 'secrets-'));
  test.after(() => rmSync(folder, { recursive: true }));
  const inFolder = (name: string): string => join(folder, name);

  const address = 'rtsp://us3r77:s3cret99@127.0.0.1:1/cam?channel=1';
  const spaced = 'rtsp://us3r77:it\'s "s3cret99`@127.0.0.1:1/cam';
  const yaml = (name: string, text: string): string => {
    writeFileSync(inFolder(name), text);
    return inFolder(name);
  };
  const config = (name: string, text: string): readonly string[] => [
    ...['serve', '--port', '0', '--config', yaml(name, text)],
  ];
  const wrong: readonly { title: string; args: readonly string[]; says: RegExp }[] = [
    {
      title: 'an address without a name before it',
      args: ['serve', '--port', '0', '--source', address],
      says: /rtsp:\/\/\*\*\*@127\.0\.0\.1:1\/cam\?channel=1.*Expected NAME=URI/,
    },
    {
      title: 'one with a space, and joined to its option',
      args: ['serve', '--port', '0', `--source=${spaced}?a=b`],
      says: /rtsp:\/\/\*\*\*@127\.0\.0\.1:1\/cam\?a=.*Expected NAME=URI/,
    },
    {
      title: 'a raw hash in a password',
      args: ['detect', 'rtsp://us3r77:s3cr#s3cret99@10.0.0.7/live', '--verbose'],
      says: /%2F.*%3F.*%23/,
    },
    {
      title: 'a misspelt option with a secret',
      args: ['serve', '--tokn=s3cret99'],
      says: /unknown option '--tokn=\*\*\*'/,
    },
    {
      title: 'an address as a command',
      args: [address],
      says: /unknown command 'rtsp:\/\/\*\*\*@/,
    },
    {
      title: 'a model at an address',
      args: ['detect', CLIP, '--model', 'http://us3r77:s3cret99@h/model', '--verbose'],
      says: /http:\/\/\*\*\*@h/,
    },
    {
      title: 'a checkpoint at an address of another kind',
      args: ['import', inFolder('none'), '--list', '--from', 'ftp://us3r77:s3cret99@h/a?t0ken55'],
      says: /got `ftp:\/\/\*\*\*@h\/a\?\*\*\*`/,
    },
    {
      title: 'an address as a name in a file',
      args: config('name.yaml', `sources:\n  - name: ${address}\n    source: a.mp4\n`),
      says: /line 2: .*`name` of source 1 .*rtsp:\/\/\*\*\*@/,
    },
    {
      title: 'a source in a file written as fields',
      args: config('fields.yaml', 'sources:\n  - name: a\n    source: { password: s3cret99 }\n'),
      says: /line 3: .*`source` of source `a`.*got object/,
    },
    {
      title: 'a broken line of a file',
      args: config('broken.yaml', `sources:\n  - name: a\n    source: "${address}\\s3cret99"\n`),
      says: /line 3: this is not YAML: /,
    },
    {
      title: 'a token that YAML takes for something else',
      args: config('alias.yaml', 'tokens:\n  - token: *s3cret99s3cret99\n'),
      says: /alias/,
    },
    {
      title: 'a raw slash in a file',
      args: config(
        'slash.yaml',
        'sources:\n- {name: a, source: "rtsp://us3r77:pa/s3cret99@10.0.0.7/"}',
      ),
      says: /line 2: The user or password .*%2F/,
    },
  ];
  const outcomes = runPrograms(wrong.map(({ args }) => args));
  for (const [i, { title, says }] of wrong.entries()) {
    test(
      `are not told where the arguments are wrong: ${title}`,
      async () => {
        const { stdout, stderr, code } = await outcomes[i]!;

        assert.not.match(stdout + stderr, SECRET);
        assert.match(stderr, says);
        assert.is(code, title.startsWith('a model') ? 3 : 2, stderr);
      },
      LIMIT,
    );
  }

  test(
    'are neither in the results nor in the errors of detect',
    async () => {
      await using web = await openWeb();
      const login = 'us3r77:s3cret99';
      const common = ['--max-frames', '1', '--verbose'];
      const good = `http://${login}@${web.host}/clip.mp4`;
      const runs = await Promise.all(
        runPrograms([
          ['detect', good, ...common],
          ['detect', good, ...common, '--format', 'csv'],
          ['detect', good, ...common, '--format', 'coco', '--save', inFolder('out.mp4')],
          ['detect', good, ...common, '--decoder', 'wasm'],
          ['detect', `http://${login}@${web.host}/echo.mp4`, ...common],
          ['detect', `http://${login}@${web.host}/moved.mp4`, ...common],
          ['detect', `http://${web.host}/moved.mp4`, ...common],
          ['detect', spaced, ...common],
          ['detect', `foo://${login}@${web.host}/clip`, ...common],
          ['import', inFolder('ck'), '--list', '--from', `http://${login}@${web.host}/ck`],
        ]),
      );

      for (const { stdout, stderr } of runs) {
        assert.not.match(stdout + stderr, SECRET);
      }
      assert.equal(
        runs.map(({ code }) => code),
        [0, 0, 0, 3, 3, 3, 3, 3, 3, 3],
        runs.map(({ stderr }) => stderr).join('\n'),
      );
      assert.match(runs[0]?.stdout ?? '', /"source":"clip\.mp4"/);
      assert.match(runs[3]?.stderr ?? '', /not http:\/\/\*\*\*@127\.0\.0\.1:\d+\/clip\.mp4/);
    },
    { ...LIMIT, needs: ['ffmpeg'] },
  );

  test(
    'are told to no subscriber, request or log of serve',
    async () => {
      await using web = await openWeb();
      process.env['STREAM_KEY'] = 'k3y-s3cret99';
      const file = yaml(
        'serve.yaml',
        `sources: [{name: key, source: 'http://${web.host}/live/\${STREAM_KEY}'}]\nserver: {manage: true, port: 0, log: json}\n`,
      );
      await using program = startProgram(['serve', '--source', `door=${spaced}`, '--config', file]);
      delete process.env['STREAM_KEY'];
      const line = await program.line('stderr', /"url":"http/);
      const { url } = JSON.parse(line) as { url: string };
      const client = new TestClient(`${url.replace('http', 'ws')}v1`);
      const hello = await client.next('hello');
      client.send({ type: 'subscribe', id: 'a' });
      const heard: string[] = [JSON.stringify(hello)];
      const ask = async (path: string, init: RequestInit = {}): Promise<number> => {
        const response = await fetch(`${url}${path}`, init);
        heard.push(await response.text());
        return response.status;
      };
      const add = (body: unknown): Promise<number> => {
        const headers = { 'content-type': 'application/json' };
        return ask('v1/sources', { method: 'POST', headers, body: JSON.stringify(body) });
      };

      const statuses = [
        await add({ name: 'echo', source: `http://us3r77:s3cret99@${web.host}/echo` }),
        await add({ name: 'moved', source: `http://${web.host}/moved` }),
        await add({ name: 'file', source: `http://us3r77:s3cret99@${web.host}/gone.mp4` }),
        await add({ name: 'scheme', source: 'rtps://us3r77:s3cret99@127.0.0.1/live' }),
        await add({ name: 'slash', source: 'rtsp:/us3r77:s3cret99@127.0.0.1/live' }),
        await add({ name: 'raw', source: 'rtsp://us3r77:pa?s3cret99@127.0.0.1/live' }),
        await add({ name: address, source: 'a.mp4' }),
        await add({ name: 'fields', source: { password: 's3cret99' } }),
        await add({ [address]: 1, name: 'a', source: address }),
        await ask('v1/sources', {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: `{"source":s3cret99`,
        }),
      ];
      for (const name of ['key', 'door', 'echo', 'moved', 'file', 'scheme', 'slash']) {
        await program.line('stderr', new RegExp(`"source":"${name}","state":"offline"`));
      }
      await ask('v1/sources');
      await ask('metrics');
      await ask('');
      client.socket.close();
      program.signal('SIGINT');
      const { stdout, stderr } = await program.ended;

      assert.equal(statuses, [201, 201, 201, 201, 201, 400, 400, 400, 400, 400]);
      heard.push(...client.messages.map((message) => JSON.stringify(message)), stdout, stderr);
      for (const text of heard) {
        assert.not.match(text, SECRET, text);
      }
      assert.match(heard.join('\n'), /"name":"file"[^}]*\*\*\*@127\.0\.0\.1/);
    },
    { ...LIMIT, needs: ['ffmpeg'] },
  );

  test(
    'are not in what is printed where the program breaks',
    async () => {
      expectBuilt();
      const fault = `const e = new Error('broke at ${address}'); e.spawnargs = ['${address}']; process.on('newListener', (name) => name === 'uncaughtException' && setImmediate(() => { throw e; }));`;
      writeFileSync(inFolder('fault.mjs'), fault);
      const args = ['--import', inFolder('fault.mjs'), PROGRAM, 'serve', '--port', '0'];
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
      let said = '';
      child.stderr.on('data', (chunk) => (said += String(chunk)));
      child.stdout.resume();

      const [code] = (await once(child, 'close')) as [number];

      assert.is(code, 1, said);
      assert.match(said, /^pix2seq-stream: broke at rtsp:\/\/\*\*\*@127\.0\.0\.1:1.*\n.*\n +at /);
      assert.not.match(said, SECRET);
    },
    LIMIT,
  );

  test(
    'of a file that --save may not be are not told',
    async () => {
      const save = 'http://us3r77:s3cret99@127.0.0.1/out.mp4';
      const { stderr, code } = await runProgram([
        'detect',
        CLIP,
        '--save',
        save,
        '--max-frames',
        '1',
      ]);

      assert.not.match(stderr, SECRET);
      assert.not(code === 0, stderr);
    },
    LIMIT,
  );
});
