/** Who may connect: tokens, pages, addresses. */
import { once } from 'node:events';
import { request } from 'node:http';
import type { OutgoingHttpHeaders } from 'node:http';
import { WebSocket } from 'ws';
import { TOKEN_PROTOCOL, createDetectionServer } from '../../../server/index.ts';
import type { DetectionServer, ServerMessage, ServerOptions } from '../../../server/index.ts';
import * as assert from '../../support/assert.ts';
import {
  attachFeed,
  frameOf,
  openClient,
  socketUrl,
  startServer,
} from '../../support/sockets/sockets.ts';
import { suite } from '../../support/suite.ts';

const TOKEN = 'correct-horse-battery';
const GUEST = 'guest-of-the-yard-only';
const AUTH: ServerOptions = {
  auth: {
    tokens: [
      { token: TOKEN, manage: true },
      { token: GUEST, sources: ['yard'] },
    ],
  },
};
const bearer = (token: string): { Authorization: string } => ({ Authorization: `Bearer ${token}` });

interface Answer {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

function get(
  { port }: DetectionServer,
  path: string,
  headers: OutgoingHttpHeaders = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path, headers, agent: false }, (response) => {
      let body = '';
      response.on('data', (chunk) => (body += String(chunk)));
      response.on('end', () =>
        resolve({ status: response.statusCode, headers: response.headers, body }),
      );
    })
      .on('error', reject)
      .end();
  });
}

/** The status with which an upgrade is refused. */
async function refusal(
  server: DetectionServer,
  path: string,
  headers: Record<string, string> = {},
  protocols: readonly string[] = [],
): Promise<number | undefined> {
  const socket = new WebSocket(socketUrl(server, path), [...protocols], { headers });
  socket.on('error', () => undefined);
  const [status] = await Promise.race([
    once(socket, 'unexpected-response').then(([, { statusCode }]) => [statusCode as number]),
    once(socket, 'open').then(() => [undefined]),
  ]);
  socket.terminate();
  return status;
}

suite('tokens', (test) => {
  test('are taken from the header and from the subprotocol, which is never echoed', async () => {
    await using server = await startServer(AUTH);
    attachFeed(server, 'door');
    for (const [protocols, headers, chosen] of [
      [[], bearer(TOKEN), ''],
      [[TOKEN_PROTOCOL + Buffer.from(TOKEN).toString('base64url')], {}, ''],
      [
        [TOKEN_PROTOCOL + Buffer.from(TOKEN).toString('base64url'), 'pix2seq-stream.v1.json'],
        {},
        'pix2seq-stream.v1.json',
      ],
    ] as const) {
      const socket = new WebSocket(socketUrl(server, '/v1'), [...protocols], { headers });
      socket.on('error', () => undefined); // ws ends a client that offers protocols and is given none
      const [answer] = (await once(socket, 'upgrade')) as [{ headers: Record<string, string> }];
      assert.is(answer.headers['sec-websocket-protocol'] ?? '', chosen);
      socket.terminate();
    }
  });

  test('are taken as the first message, and what follows at once is not lost', async () => {
    await using server = await startServer(AUTH);
    attachFeed(server, 'door');
    const socket = new WebSocket(socketUrl(server, '/v1'));
    const told: ServerMessage[] = [];
    socket.on('message', (data: Buffer) => told.push(JSON.parse(data.toString()) as ServerMessage));
    await once(socket, 'open');
    socket.send(JSON.stringify({ type: 'auth', token: TOKEN }));
    socket.send('{"type":"subscribe","id":"a"}');
    while (told.length < 3) {
      await once(socket, 'message');
    }
    socket.terminate();
    assert.equal(
      told.map(({ type }) => type),
      ['hello', 'subscribed', 'status'],
    );
  });

  const wrong: readonly (readonly [string, unknown, RegExp])[] = [
    ['wrong', { type: 'auth', token: 'wrong-horse-battery-x' }, /^The token is wrong$/],
    ['no text', { type: 'auth', token: 1 }, /^A token is needed/],
    ['missing', { type: 'subscribe', id: 'a' }, /^A token is needed/],
    ['late', undefined, /^No token within 50 ms$/],
  ];
  for (const [title, message, reason] of wrong) {
    test(`close the connection with 1008 where they are ${title}, and nothing is told before`, async () => {
      await using server = await startServer({ ...AUTH, handshakeMs: 50 });
      attachFeed(server, 'door');
      const socket = new WebSocket(socketUrl(server, '/v1'));
      const told: unknown[] = [];
      socket.on('message', (data) => told.push(data));
      await once(socket, 'open');
      if (message !== undefined) {
        socket.send(JSON.stringify(message));
      }
      const [code, text] = (await once(socket, 'close')) as [number, Buffer];

      assert.equal([code, told], [1008, []]);
      assert.match(text.toString(), reason);
    });
  }

  test('are asked for by everything that tells of sources, and by nothing else', async () => {
    await using server = await startServer(AUTH);
    attachFeed(server, 'door');
    for (const path of ['/v1/sources', '/v1/sources/door', '/metrics']) {
      const { status, headers } = await get(server, path);
      assert.equal([path, status, headers['www-authenticate']], [path, 401, 'Bearer']);
      assert.is((await get(server, path, bearer('wrong-horse-battery-x'))).status, 401);
      assert.is((await get(server, path, bearer(TOKEN))).status, 200);
      assert.is((await get(server, `${path}?token=${TOKEN}`)).status, 401);
    }
    for (const path of ['/', '/healthz', '/readyz', '/v1/schema.json', '/v1/asyncapi.json']) {
      assert.is((await get(server, path)).status, 200, path);
    }
    assert.is(await refusal(server, '/v1/pictures?source=door'), 401);
    assert.is(await refusal(server, '/v1', bearer('wrong-horse-battery-x')), 401);
    assert.is(server.stats().authFailures, 4);
  });

  test('open the sources they are for, and say nothing of others', async () => {
    await using server = await startServer(AUTH);
    const door$ = attachFeed(server, 'door');
    const yard$ = attachFeed(server, 'yard');
    await using client = await openClient(server, { headers: bearer(GUEST) });
    await client.subscribe({ objects: true, snapshot: true });
    attachFeed(server, 'door_2').next(frameOf(0));
    door$.next(frameOf(0));
    door$.next({ type: 'status', source: 'door', state: 'stalled', reason: '' });
    yard$.next(frameOf(0));
    await client.next('frame');

    assert.not.match(JSON.stringify(client.messages), /door/);
    assert.not.match((await get(server, '/v1/sources', bearer(GUEST))).body, /door/);
    assert.is((await get(server, '/v1/sources/door', bearer(GUEST))).status, 404);
    assert.is(await refusal(server, '/v1/pictures?source=door', bearer(GUEST)), 404);
  });

  test('may be judged by a function of the caller, which may fail', async () => {
    const verify = (token: string): { sources: string[] } | undefined => {
      if (token === 'broken') {
        throw new Error('no database');
      }
      return token === 'good' ? { sources: ['door'] } : undefined;
    };
    await using server = await startServer({ auth: { verify } });
    attachFeed(server, 'door');
    const statuses = ['good', 'bad', 'broken'].map(
      async (token) => (await get(server, '/v1/sources', bearer(token))).status,
    );
    assert.equal(await Promise.all(statuses), [200, 401, 401]);
  });

  test('that are wrong do not lock out who has a right one at the same address', async () => {
    await using server = await startServer(AUTH);
    for (let i = 0; i < 25; i++) {
      assert.is((await get(server, '/metrics', bearer(`guess-number-${i}-xxxxx`))).status, 401);
    }
    assert.is((await get(server, '/metrics', bearer(TOKEN))).status, 200);
    assert.is(server.stats().authFailures, 25);
  });

  test('that are wrong too often are not shown to the function of the caller', async () => {
    let asked = 0;
    const verify = (): undefined => void (asked += 1);
    await using server = await startServer({ auth: { verify } });
    const statuses: (number | undefined)[] = [];
    for (let i = 0; i < 25; i++) {
      statuses.push((await get(server, '/metrics', bearer(`guess-number-${i}-xxxxx`))).status);
    }
    assert.equal([statuses[0], statuses.at(-1), asked], [401, 429, 20]);
    assert.is(await refusal(server, '/v1'), 429);
  });

  test('are refused where they are none, without being repeated', async () => {
    for (const token of ['short', 'with a space in the middle', 'ü'.repeat(20)]) {
      const error = await assert.rejects(startServer({ auth: { tokens: [{ token }] } }), {
        name: 'TypeError',
        message: /token 1 to be 16 to 512/,
      });
      assert.not.ok(error.message.includes(token));
    }
  });

  test('are needed before other machines are let in', async () => {
    await assert.rejects(createDetectionServer({ host: '0.0.0.0', port: 0 }), {
      name: 'TypeError',
      message: /^Other machines could reach 0\.0\.0\.0 .*--token.*--insecure/,
    });
    for (const options of [AUTH, { insecure: true }]) {
      await using server = await createDetectionServer({ host: '0.0.0.0', port: 0, ...options });
      assert.is((await get(server, '/healthz')).status, 200);
    }
  });
});

suite('pages', (test) => {
  test('of other origins may not connect, unless they are named', async () => {
    await using server = await startServer({ origins: ['https://shop.example'] });
    const own = `http://127.0.0.1:${server.port}`;
    const cases: readonly (readonly [Record<string, string>, number | undefined])[] = [
      [{}, undefined],
      [{ Origin: own }, undefined],
      [{ Origin: 'https://shop.example' }, undefined],
      [{ Origin: 'https://evil.example' }, 403],
      [{ Origin: 'null' }, 403],
      [{ Host: 'rebound.example' }, 403],
      [{ Host: `localhost:${server.port}` }, undefined],
    ];
    for (const [headers, status] of cases) {
      assert.is(await refusal(server, '/v1', headers), status, JSON.stringify(headers));
      assert.is((await get(server, '/v1/sources', headers)).status, status ?? 200);
    }
  });

  test('of other origins are told, as the log is, with which option they may; the log once', async () => {
    const notices: string[] = [];
    await using server = await startServer({ onNotice: (text) => notices.push(text) });
    const cases: readonly (readonly [Record<string, string>, RegExp])[] = [
      [{ Origin: 'http://localhost:5173' }, /--origin http:\/\/localhost:5173 \(`origins`\)$/],
      [{ Origin: 'null' }, /without an origin of their own.*--origin/],
      [{ Origin: `http://${'x'.repeat(300)}` }, /without an origin of their own.*--origin/],
      [{ Host: 'cams.example:8443' }, /--origin https:\/\/cams\.example:8443 \(`origins`\)$/],
    ];
    for (const [headers, text] of cases) {
      const { status, body } = await get(server, '/v1/sources', headers);
      await refusal(server, '/v1', headers);
      await refusal(server, '/v1', headers);

      assert.is(status, 403);
      assert.match(body, text);
    }
    assert.is(notices.length, 3, notices.join('\n'));
    cases.forEach(([, text]) => assert.ok(notices.some((notice) => text.test(notice))));
    for (let i = 0; i < 100; i++) {
      await get(server, '/metrics', { Origin: `http://many${i}.example` });
    }
    assert.is(notices.length, 32, 'strangers do not fill the log');
  });

  test('behind a proxy that hands on its name may connect where its origin is named', async () => {
    await using server = await startServer({ origins: ['https://cams.example'] });
    const proxied = { Host: 'cams.example', Origin: 'https://cams.example' };
    assert.is(await refusal(server, '/v1', proxied), undefined);
    assert.is(await refusal(server, '/v1', { Host: 'cams.example' }), undefined);
    assert.is(await refusal(server, '/v1', { Host: 'rebound.example' }), 403);
    assert.is(await refusal(server, '/v1', { ...proxied, Origin: 'https://evil.example' }), 403);
  });

  test('may all connect where the server says so', async () => {
    await using server = await startServer({ origins: ['*'] });
    assert.is(await refusal(server, '/v1', { Origin: 'https://any.example' }), undefined);
  });
});
