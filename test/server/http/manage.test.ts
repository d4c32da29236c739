import { request } from 'node:http';
import type { IncomingMessage, RequestOptions } from 'node:http';
import type { Subscription } from 'rxjs';
import { NEVER } from 'rxjs';
import type { DetectionServer, SourceManager } from '../../../server/index.ts';
import * as assert from '../../support/assert.ts';
import { startServer } from '../../support/sockets/sockets.ts';
import { suite } from '../../support/suite.ts';

const JSON_TYPE = { 'Content-Type': 'application/json' };
const DOOR = { name: 'door', source: 'door.mp4' };

interface Answer {
  readonly status: number | undefined;
  readonly body: string;
  readonly headers: IncomingMessage['headers'];
}

/** Sends a request as written, `Host` and `Origin` included. */
function ask(
  { port }: DetectionServer,
  method: string,
  path: string,
  { body, headers, ...rest }: RequestOptions & { body?: string } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { ...rest, port, host: '127.0.0.1', method, path, agent: false };
    const sent = request({ ...options, headers: headers ?? JSON_TYPE }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        resolve({ status: response.statusCode, body: text, headers: response.headers });
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

interface Managed extends AsyncDisposable {
  readonly server: DetectionServer;
  readonly notes: string[];
}

/** A server whose manager attaches and detaches silent sources. */
async function startManaged(): Promise<Managed> {
  const attached = new Map<string, Subscription>();
  const notes: string[] = [];
  const manager: SourceManager = {
    add(source) {
      const { name, ...rest } = source as { name: string; fault?: string };
      if (rest.fault !== undefined) {
        throw rest.fault === 'type' ? new TypeError('no\nsuch field') : new Error('not now');
      }
      attached.set(name, server.attach({ name, events$: NEVER }));
      notes.push(`add ${name}`);
    },
    remove(name) {
      attached.get(name)?.unsubscribe();
      notes.push(`remove ${name}`);
    },
    pause: (name) => void notes.push(`pause ${name}`),
    resume: (name) => void notes.push(`resume ${name}`),
  };
  const server = await startServer({ manager });
  return { server, notes, [Symbol.asyncDispose]: () => server.close() };
}

suite('manageSources', (test) => {
  test('adds, shows, pauses, resumes and removes a source', async () => {
    await using managed = await startManaged();
    const { server, notes } = managed;
    const body = JSON.stringify({ ...DOOR, name: 'front door/1' });
    const path = '/v1/sources/front%20door%2F1';

    const added = await ask(server, 'POST', '/v1/sources', { body });
    const shown = await ask(server, 'GET', path);
    const paused = await ask(server, 'POST', `${path}/pause`);
    const resumed = await ask(server, 'POST', `${path}/resume`, { body: '{}' });
    const removed = await ask(server, 'DELETE', path, { headers: {} });
    const gone = await ask(server, 'GET', path);

    const info = { name: 'front door/1', state: 'connecting' };
    assert.equal([added.status, JSON.parse(added.body)], [201, { ...info, kept: false }]);
    const location = new URL(added.headers.location ?? '', 'https://cams.example/cam/v1/sources');
    assert.is(location.pathname, `/cam${path}`);
    assert.equal([shown.status, JSON.parse(shown.body)], [200, info]);
    assert.equal([paused.status, resumed.status, removed.status], [200, 200, 204]);
    assert.equal([removed.body, gone.status], ['', 404]);
    const steps = ['add', 'pause', 'resume', 'remove'];
    assert.equal(
      notes,
      steps.map((step) => `${step} front door/1`),
    );
  });

  const wrong: readonly (readonly [string, string, string, string, number, RegExp])[] = [
    ['no JSON', 'POST', '/v1/sources', '{', 400, /^Expected JSON/],
    ['no object', 'POST', '/v1/sources', '[]', 400, /`name` and `source`/],
    ['what the manager refuses', 'POST', '/v1/sources', '{"fault":"type"}', 400, /^no such field$/],
    ['what cannot be done now', 'POST', '/v1/sources', '{"fault":"other"}', 503, /^not now$/],
    ['a name in use', 'POST', '/v1/sources', JSON.stringify(DOOR), 409, /named door already/],
    ['a large body', 'POST', '/v1/sources', `"${'x'.repeat(70_000)}"`, 413, /16384 bytes/],
    ['a large body to pause', 'POST', '/v1/sources/door/pause', 'x'.repeat(70_000), 413, /bytes/],
    ['an unknown name', 'DELETE', '/v1/sources/nobody', '', 404, /no source named nobody/],
    ['an unknown name to pause', 'POST', '/v1/sources/nobody/pause', '', 404, /nobody/],
    ['a name that is not encoded', 'DELETE', '/v1/sources/%ff', '', 400, /not encoded/],
    ['a method of another path', 'DELETE', '/v1/sources', '', 405, /./],
    ['a method of another path', 'POST', '/v1/sources/door', '{}', 405, /./],
    ['a question where to act', 'GET', '/v1/sources/door/pause', '', 405, /./],
    ['a question for leave', 'OPTIONS', '/v1/sources', '', 405, /./],
    ['PUT', 'PUT', '/v1/sources/door', '{}', 405, /./],
  ];
  for (const [what, method, path, body, status, text] of wrong) {
    test(`answers ${what} with ${status} (${method} ${path})`, async () => {
      await using managed = await startManaged();
      await ask(managed.server, 'POST', '/v1/sources', { body: JSON.stringify(DOOR) });

      const answer = await ask(managed.server, method, path, { body });

      assert.is(answer.status, status, answer.body);
      assert.match(answer.body, text);
      assert.is(answer.headers['access-control-allow-origin'], undefined);
      assert.equal(managed.notes, ['add door']);
    });
  }

  const asked: readonly (readonly [string, (port: number) => Record<string, string>, number])[] = [
    ['itself', (port) => ({ Host: `127.0.0.1:${port}` }), 201],
    ['localhost', (port) => ({ Host: `LOCALHOST:${port}` }), 201],
    ['another loopback address', () => ({ Host: '127.9.9.9' }), 201],
    ['the loopback address of IPv6', () => ({ Host: '[::1]:1' }), 201],
    [
      'its own page',
      (port) => ({ Host: `localhost:${port}`, Origin: `http://localhost:${port}` }),
      201,
    ],
    ['a page on another port', () => ({ Host: 'localhost:1', Origin: 'http://localhost:2' }), 403],
    [
      'a foreign page',
      (port) => ({ Host: `127.0.0.1:${port}`, Origin: 'http://evil.example' }),
      403,
    ],
    ['a page without a name', () => ({ Host: 'localhost', Origin: 'null' }), 403],
    ['a page that hides', () => ({ Host: 'localhost', 'Sec-Fetch-Site': 'cross-site' }), 403],
    [
      'a name that points here',
      () => ({ Host: 'evil.example', Origin: 'http://evil.example' }),
      403,
    ],
    ['a name like its own', () => ({ Host: '127.0.0.1.evil.example' }), 403],
    ['a user before the name', () => ({ Host: 'localhost@evil.example' }), 403],
    ['nobody that has a name', () => ({ Host: '?' }), 403],
    ['another address', () => ({ Host: '192.0.2.1' }), 403],
  ];
  for (const [whom, headers, status] of asked) {
    test(`answers a request to change by ${whom} with ${status}`, async () => {
      await using managed = await startManaged();
      const { server } = managed;
      const body = JSON.stringify(DOOR);

      const post = { body, headers: { ...JSON_TYPE, ...headers(server.port) } };
      const answer = await ask(server, 'POST', '/v1/sources', post);
      const remove = await ask(server, 'DELETE', '/v1/sources/door', { headers: post.headers });

      assert.is(answer.status, status, answer.body);
      assert.equal(managed.notes, status === 201 ? ['add door', 'remove door'] : []);
      assert.is(remove.status, status === 201 ? 204 : 403);
    });
  }

  test('takes no body of another type, which a page may send without asking', async () => {
    await using managed = await startManaged();
    const { server } = managed;

    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'text/json']) {
      const sent = { body: JSON.stringify(DOOR), headers: { 'Content-Type': type } };
      assert.is((await ask(server, 'POST', '/v1/sources', sent)).status, 415, type);
    }
    assert.is((await ask(server, 'POST', '/v1/sources/door/pause', { headers: {} })).status, 415);
    assert.equal(managed.notes, []);
  });

  test('changes nothing unless it was told to, and says the way out', async () => {
    await using server = await startServer();

    const answer = await ask(server, 'POST', '/v1/sources', { body: JSON.stringify(DOOR) });

    assert.is(answer.status, 403);
    assert.match(answer.body, /--manage/);
    assert.is((await ask(server, 'GET', '/v1/sources')).body, '[]');
  });
});
