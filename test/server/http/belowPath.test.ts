/** The server behind a proxy that has it below a path. */
import { once } from 'node:events';
import { NEVER, firstValueFrom, of } from 'rxjs';
import { WebSocket } from 'ws';
import { connect } from '../../../server/client/index.ts';
import type { SourceManager } from '../../../server/index.ts';
import * as assert from '../../support/assert.ts';
import { openPathProxy } from '../../support/sockets/pathProxy.ts';
import { startServer } from '../../support/sockets/sockets.ts';
import { suite } from '../../support/suite.ts';

const FILES = ['', 'index.html', 'theme.css', 'healthz', 'readyz', 'metrics'];
const REPORTS = ['v1/sources', 'v1/sources/door', 'v1/schema.json', 'v1/asyncapi.json'];

suite('below a path', (test) => {
  test('gives the page, its files and every report', async () => {
    await using server = await startServer();
    server.attach({ name: 'door', events$: NEVER });
    await using proxy = await openPathProxy(server.url, '/cam/');

    for (const path of [...FILES, ...REPORTS]) {
      assert.is((await fetch(`${proxy.url}${path}`)).status, 200, path);
    }
    assert.is((await fetch(new URL('/viewer.js', proxy.url))).status, 404);
  });

  test('leaves no page to ask for what is not below it', async () => {
    await using server = await startServer();

    const page = await (await fetch(server.url)).text();

    const addresses = [...page.matchAll(/(?:href|src)="([^"]*)"/g)].map(([, address]) => address);
    assert.ok(addresses.length > 5);
    assert.equal(
      addresses.filter((address) => !/^(?:\.\/|data:)/.test(address ?? '')),
      [],
    );
  });

  test('tells where an added source is', async () => {
    const manager: SourceManager = {
      add: () => void server.attach({ name: 'front door', events$: NEVER }),
      ...{ remove: () => undefined, pause: () => undefined, resume: () => undefined },
    };
    await using server = await startServer({ manager });
    await using proxy = await openPathProxy(server.url, '/cam/');

    const added = await fetch(`${proxy.url}v1/sources`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: '{"name":"front door","source":"door.mp4"}',
    });
    const location = new URL(added.headers.get('location') ?? '', added.url);

    assert.is(location.href, `${proxy.url}v1/sources/front%20door`);
    assert.is((await fetch(location)).status, 200);
  });

  for (const end of ['', 'v1']) {
    for (const scheme of ['http', 'ws']) {
      test(`connects a client by ${scheme}://…/cam/${end}`, async () => {
        await using server = await startServer();
        server.attach({ name: 'door', events$: NEVER });
        await using proxy = await openPathProxy(server.url, '/cam/');
        const client = connect(`${proxy.url.replace('http', scheme)}${end}`, { WebSocket });

        const [door] = await firstValueFrom(client.sources$);
        client.close();

        assert.is(door?.name, 'door');
      });
    }
  }

  test('connects a client by the page’s address without its last slash', async () => {
    await using server = await startServer();
    await using proxy = await openPathProxy(server.url, '/cam/');
    const client = connect(proxy.url.replace(/\/$/, ''), { WebSocket });

    const { epoch } = await firstValueFrom(client.hello$);
    client.close();

    assert.is(epoch, server.epoch);
  });

  test('sends pictures', async () => {
    await using server = await startServer();
    const pictures$ = of({ frame: 7, jpeg: Uint8Array.of(1, 2, 3) });
    server.attach({ name: 'door', events$: NEVER, pictures$ });
    await using proxy = await openPathProxy(server.url, '/cam/');
    const socket = new WebSocket(`${proxy.url.replace('http', 'ws')}v1/pictures?source=door`);

    const [message] = (await once(socket, 'message')) as [Buffer];

    assert.equal([...message], [0, 0, 0, 7, 1, 2, 3]);
  });
});
