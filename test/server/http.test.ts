import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { NEVER } from 'rxjs';
import type { SourceState } from '../../server/index.ts';
import * as assert from '../support/assert.ts';
import { attachFeed, frameOf, openClient, startServer } from '../support/sockets.ts';
import { suite } from '../support/suite.ts';

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

  test('survives a range that ends before it begins', async () => {
    await using server = await startServer();

    const response = await request(`${server.url}index.html`, { headers: { range: 'bytes=5-3' } });

    assert.is(response.status, 200);
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
