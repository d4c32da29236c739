import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { NEVER } from 'rxjs';
import type { SourceState } from '../../../server/index.ts';
import * as assert from '../../support/assert.ts';
import { attachFeed, frameOf, openClient, startServer } from '../../support/sockets/sockets.ts';
import { suite } from '../../support/suite.ts';

/** One request without keeping the connection. */
function request(url: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  headers.set('connection', 'close');
  return fetch(url, { ...init, headers });
}

async function bodyOf(url: string): Promise<readonly [number, string]> {
  const response = await request(url);
  return [response.status, await response.text()];
}

/** Sends text as it is, and reads until the server hangs up. */
async function talk(port: number, text: string): Promise<string> {
  const tcp = connectTcp(port, '127.0.0.1');
  tcp.write(text);
  const chunks: Buffer[] = [];
  tcp.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(tcp, 'close');
  return Buffer.concat(chunks).toString();
}

suite('http', (test) => {
  test('/healthz is ok', async () => {
    await using server = await startServer();

    assert.equal(await bodyOf(`${server.url}healthz`), [200, 'ok']);
  });

  test('/readyz asks for the model and for a source that is not offline', async () => {
    let isLoaded = false;
    await using server = await startServer({ isReady: () => isLoaded });
    const url = `${server.url}readyz`;

    assert.equal(await bodyOf(url), [503, 'the model is not loaded']);
    isLoaded = true;
    assert.equal(await bodyOf(url), [503, 'no source']);
    const door$ = attachFeed(server, 'door');
    assert.equal(await bodyOf(url), [200, 'ok']);
    door$.error(new Error('gone'));
    assert.equal(await bodyOf(url), [503, 'all sources are offline']);
  });

  test('/v1/sources lists the sources', async () => {
    await using server = await startServer();
    attachFeed(server, 'door').next(frameOf(0));

    const [, body] = await bodyOf(`${server.url}v1/sources`);

    assert.equal(JSON.parse(body), [{ name: 'door', state: 'online', width: 640, height: 360 }]);
  });

  test('tells no secret of a source, whoever attached it', async () => {
    await using server = await startServer();
    attachFeed(server, 'door').error(new Error('Cannot open rtsp://me:s3cret@cam/live?sig=s3cret'));

    const [, body] = await bodyOf(`${server.url}v1/sources`);

    assert.match(body, /"reason":"Cannot open rtsp:\/\/\*\*\*@cam\/live\?sig=\*\*\*"/);
    for (const name of ['', '..', 'rtsp://me:s3cret@cam', '\x1b[31m', 'x'.repeat(129)]) {
      assert.throws(() => attachFeed(server, name), /`name` of the source .* 1 to 128 characters$/);
    }
  });

  test('/v1/sources and `hello` tell why a source is in its state, as long as it is', async () => {
    await using server = await startServer();
    const door$ = attachFeed(server, 'door');
    attachFeed(server, 'yard').error(new Error('There is no file `/yard.mp4`'));
    const tell = (state: SourceState, reason: string): void =>
      door$.next({ type: 'status', source: 'door', state, reason });
    const told = async (): Promise<unknown> => JSON.parse((await bodyOf(url))[1]);
    const url = `${server.url}v1/sources`;
    const yard = { name: 'yard', state: 'offline', reason: 'There is no file `/yard.mp4`' };

    tell('offline', 'the address does not answer');
    const lost = { name: 'door', state: 'offline', reason: 'the address does not answer' };
    assert.equal(await told(), [lost, yard]);
    await using client = await openClient(server); // holds the greeting against the schema
    tell('offline', 'the password is wrong');
    assert.equal(await told(), [{ ...lost, reason: 'the password is wrong' }, yard]);
    tell('online', '');
    assert.equal(await told(), [{ name: 'door', state: 'online' }, yard]);

    const [hello] = client.messages;
    assert.equal(hello?.type === 'hello' && hello.sources, [lost, yard]);
  });

  test('/v1/sources tells what became of the frames of sources that count them', async () => {
    await using server = await startServer();
    const counts = { frames: 9, delivered: 5, dropped: { busy: 2 }, errors: 1, inFlight: 1 };
    server.attach({ name: 'door', events$: NEVER, counts: () => counts });

    const [, body] = await bodyOf(`${server.url}v1/sources`);
    await using client = await openClient(server); // holds the greeting against the schema

    assert.equal(JSON.parse(body), [{ name: 'door', state: 'connecting', counts }]);
    assert.is(client.messages.length, 1);
  });

  test('/v1/schema.json has a definition for every message', async () => {
    await using server = await startServer();

    const [, body] = await bodyOf(`${server.url}v1/schema.json`);

    const { $defs, anyOf } = JSON.parse(body) as { $defs: object; anyOf: object[] };
    const names = 'hello subscribed unsubscribed frame object gap status error';
    assert.equal(Object.keys($defs), [
      ...names.split(' '),
      'subscribe',
      'unsubscribe',
      'auth',
      'ack',
    ]);
    assert.is(anyOf.length, 12);
  });

  test('has strict headers everywhere', async () => {
    await using server = await startServer();

    for (const path of ['', 'healthz', 'nothing']) {
      const { headers } = await request(server.url + path);
      assert.match(headers.get('content-security-policy') ?? '', "default-src 'none'");
      assert.match(headers.get('content-security-policy') ?? '', "img-src 'self' blob: data:");
      assert.is(headers.get('x-content-type-options'), 'nosniff');
    }
  });

  test('serves the viewer folder and nothing above it', async () => {
    await using server = await startServer();

    const page = await request(server.url);
    assert.is(page.headers.get('content-type'), 'text/html;charset=utf-8');
    assert.match(await page.text(), '<!doctype html>');
    for (const path of ['nothing.js', '%2e%2e/http.ts', '..%2fhttp.ts', '%00', '%']) {
      assert.is((await request(server.url + path)).status, 404, path);
    }
  });

  test('serves the viewer from memory, and says when a browser has it already', async () => {
    await using server = await startServer();

    const page = await request(`${server.url}index.html`, { headers: { range: 'bytes=5-3' } });
    const etag = page.headers.get('etag') ?? '';
    const again = await request(`${server.url}index.html`, { headers: { 'if-none-match': etag } });
    const head = await request(server.url, { method: 'HEAD' });

    assert.equal([page.status, page.headers.get('cache-control')], [200, 'no-cache']);
    assert.equal([again.status, await again.text()], [304, '']);
    assert.equal([head.status, await head.text()], [200, '']);
    assert.is(head.headers.get('content-length'), String((await page.arrayBuffer()).byteLength));
  });

  test('answers a request that offers another protocol as one that does not, each of a connection', async () => {
    const refuse = (): void => undefined;
    const add = (source: object): void => {
      throw new TypeError(Object.keys(source).join());
    };
    await using server = await startServer({
      manager: { add, remove: refuse, pause: refuse, resume: refuse },
    });
    const tcp = connectTcp(server.port, '127.0.0.1');
    const ask = async (request: string, rest: string): Promise<string> => {
      const answer = once(tcp, 'data');
      tcp.write(
        `${request} HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\n` +
          `Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n${rest}`,
      );
      return String((await answer)[0]);
    };
    const body = '{"name":"a","source":"b"}';
    const length = `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;

    assert.match(await ask('GET /healthz', '\r\n'), /^HTTP\/1\.1 200 .*\r\n\r\nok$/s);
    assert.match(await ask('GET /v1', '\r\n'), /^HTTP\/1\.1 426 /);
    assert.match(await ask('GET /', '\r\n'), /^HTTP\/1\.1 200 /);
    assert.match(await ask('POST /v1/sources', length + body), /^HTTP\/1\.1 400 .*name,source/s);
    tcp.destroy();
  });

  test('takes a target that names the server, as to a proxy', async () => {
    await using server = await startServer();

    const answer = await talk(
      server.port,
      'GET http://anything.example/healthz?x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    );

    assert.match(answer, /^HTTP\/1\.1 200 /);
  });

  test('waits with the body where it is asked to, and takes odd paths for what they are', async () => {
    await using server = await startServer();
    for (const [target, status] of [
      ['//healthz', 404],
      ['/healthz/..', 200],
      ['/%zz', 404],
      ['/..%2f..%2fetc/passwd', 404],
      ['*', 400],
      [`/${'a'.repeat(20_000)}`, 431],
    ] as const) {
      const answer = await talk(
        server.port,
        `GET ${target} HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n`,
      );
      assert.match(
        answer,
        new RegExp(`^(?:HTTP/1\\.1 100 Continue\\r\\n\\r\\n)?HTTP/1\\.1 ${status} `),
        target,
      );
    }
  });

  test('answers HEAD without a body, other methods with 405, sockets without upgrade with 426', async () => {
    await using server = await startServer();

    const head = await request(`${server.url}healthz`, { method: 'HEAD' });
    assert.equal([head.status, await head.text()], [200, '']);
    const post = await request(`${server.url}healthz`, { method: 'POST', body: 'x' });
    assert.equal([post.status, post.headers.get('allow')], [405, 'GET, HEAD']);
    assert.is((await request(`${server.url}v1`)).status, 426);
    assert.is((await request(`${server.url}v1/pictures`)).status, 426);
  });

  test('answers a target that is no path with 400', async () => {
    await using server = await startServer();
    const tcp = connectTcp(server.port, '127.0.0.1');
    tcp.write('GET http://[ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');

    const [data] = (await once(tcp, 'data')) as [Buffer];

    assert.match(String(data), 'HTTP/1.1 400 ');
  });
});
