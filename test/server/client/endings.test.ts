import { createServer } from 'node:http';
import { once } from 'node:events';
import { execFile } from 'node:child_process';
import type { AddressInfo } from 'node:net';
import { firstValueFrom, lastValueFrom, map, take, toArray } from 'rxjs';
import type { Observable } from 'rxjs';
import { WebSocket } from 'ws';
import { PipelineError } from '../../../models/core/errors.ts';
import { connect } from '../../../server/client/index.ts';
import type { ConnectOptions, HelloMessage } from '../../../server/client/index.ts';
import * as assert from '../../support/assert.ts';
import { ROOT } from '../../support/sourceFiles.ts';
import { attachFeed, frameOf, startServer, until } from '../../support/sockets/sockets.ts';
import { END_TO_END_MS, suite } from '../../support/suite.ts';
import { Peer } from '../../support/sockets/peer.ts';

const OPTIONS = { WebSocket, retryDelay: { minSeconds: 0.005, maxSeconds: 0.02 } };

/** Connects to a peer that treats its clients as told. */
async function greetedBy(
  greet: (socket: WebSocket) => void,
  options: ConnectOptions = {},
): Promise<{ readonly hello: HelloMessage; readonly numConnections: number }> {
  await using peer = await Peer.open({ greet });
  const client = connect(peer.url, { ...OPTIONS, ...options });
  const hello = await firstValueFrom(client.hello$);
  return { hello, numConnections: peer.numConnections };
}

const HELLO = JSON.stringify({
  ...{ v: 1, type: 'hello', version: '0.0.0', epoch: 'e1', sources: [] },
});

suite('a connection that ends', (test) => {
  for (const code of [1000, 1001, 1011, 1013]) {
    test(`with ${code} is made anew`, async () => {
      let numGreeted = 0;
      const { numConnections } = await greetedBy((socket) => {
        numGreeted += 1;
        if (numGreeted < 4) {
          socket.close(code);
        } else {
          socket.send(HELLO);
        }
      });

      assert.is(numConnections, 4);
    });
  }

  for (const code of [1002, 1003, 1007, 1008, 1009]) {
    test(`with ${code} is an error`, async () => {
      const lost = greetedBy((socket) => socket.close(code, 'Wrong token'));

      await assert.rejects(lost, {
        code: 'ERR_CLIENT_PROTOCOL',
        message: new RegExp(`^Connection to ws://[^ ]*/v1 ended with ${code}: Wrong token$`),
      });
    });
  }

  test('is an error where the peer speaks something else', async () => {
    for (const text of ['{"v":2}', 'hello', '[]', '1']) {
      const lost = greetedBy((socket) => socket.send(text));

      await assert.rejects(lost, { message: /does not speak protocol v1/ });
    }
  });

  test('is an error after maxRetries, which says whether the client was too slow', async () => {
    for (const [closeCode, code] of [
      [1013, 'ERR_CLIENT_SLOW'],
      [1001, 'ERR_CLIENT_PROTOCOL'],
    ] as const) {
      let numTries = 0;
      const lost = greetedBy(
        (socket) => {
          numTries += 1;
          socket.close(closeCode);
        },
        { maxRetries: 2 },
      );

      const error = await assert.rejects(lost, { code });
      assert.ok(error instanceof PipelineError);
      assert.equal(error.details, { closeCode });
      assert.is(numTries, 3);
    }
  });

  test('counts the retries from the last greeting', async () => {
    let numTries = 0;
    await using peer = await Peer.open({
      greet: (socket) => {
        numTries += 1;
        if (numTries > 1) {
          socket.send(HELLO);
        }
        socket.close(1001);
      },
    });
    const client = connect(peer.url, { ...OPTIONS, maxRetries: 1 });

    await firstValueFrom(client.hello$.pipe(take(5), toArray()));

    assert.is(numTries, 6);
  });

  test('is an error where HTTP refuses it for good, and is tried again where not', async () => {
    const statuses = [503, 429, 401];
    const http = createServer();
    http.on('upgrade', (_, socket) => {
      socket.end(`HTTP/1.1 ${statuses.shift()} No\r\nConnection: close\r\n\r\n`);
    });
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    const { port } = http.address() as AddressInfo;
    const client = connect(`ws://127.0.0.1:${port}`, OPTIONS);
    const states = lastValueFrom(
      client.state$.pipe(
        map(({ state }) => state),
        take(7),
        toArray(),
      ),
    );

    const error = await assert.rejects(firstValueFrom(client.hello$), { message: /HTTP 401/ });

    assert.ok(error instanceof PipelineError);
    assert.equal(error.details, { closeCode: 1006, httpStatus: 401 });
    assert.equal(await states, [
      ...['closed', 'connecting', 'waiting', 'connecting', 'waiting', 'connecting', 'closed'],
    ]);
    http.close();
  });

  test('fails every subscription, and the next one tries again', async () => {
    let isRight = false;
    await using peer = await Peer.open({
      greet: (socket) => (isRight ? socket.send(HELLO) : socket.close(1008)),
    });
    const client = connect(peer.url, OPTIONS);

    const all: readonly Observable<unknown>[] = [client.frames(), client.sources$, client.status$];
    await Promise.all(all.map((one$) => assert.rejects(firstValueFrom(one$), { message: /1008/ })));
    assert.is((await firstValueFrom(client.state$)).state, 'closed');
    isRight = true;

    assert.is((await firstValueFrom(client.hello$)).epoch, 'e1');
    assert.is(peer.numConnections, 2);
  });
});

suite('the options of connect', (test) => {
  test('a token is the first that is said, and is in no address', async () => {
    await using peer = await Peer.open({
      greet: (socket) => socket.once('message', () => socket.send(HELLO)),
    });
    const client = connect(peer.url, { ...OPTIONS, token: 'secret' });
    client.frames().subscribe();

    await until(() => peer.said.length === 2);

    assert.equal(peer.said, [
      { type: 'auth', token: 'secret' },
      { type: 'subscribe', id: 's1' },
    ]);
    client.close();
  });

  test('a codec writes and reads everything, and is asked for by name', async () => {
    const asked: string[] = [];
    class Socket extends WebSocket {
      constructor(url: string, protocols: string[] = []) {
        super(url); // the peer knows of no subprotocol
        asked.push(...protocols);
      }
    }
    await using peer = await Peer.open({
      greet: (socket) => socket.send(Buffer.from(HELLO)), // binary
    });
    const codec = {
      protocol: 'pix2seq-stream.v1.msgpack',
      encode: (message: object) => Buffer.from(JSON.stringify(message)),
      decode: (data: Uint8Array): unknown => JSON.parse(Buffer.from(data).toString()),
    };
    const client = connect(peer.url, { ...OPTIONS, WebSocket: Socket, codec });
    client.frames().subscribe();

    await until(() => peer.said.length === 1);

    assert.equal(asked, ['pix2seq-stream.v1.msgpack']);
    assert.equal(peer.said, [{ type: 'subscribe', id: 's1' }]);
    client.close();
  });
});

suite('a process with a client', (test) => {
  const program = (url: string): string => `
    import { take } from 'rxjs';
    import { WebSocket } from 'ws';
    import { connect } from './server/client/index.ts';
    const client = connect('${url}', { WebSocket });
    client.frames({ policy: 'all' }).pipe(take(3)).subscribe({ complete: () => console.log('done') });
    const dead = connect('ws://127.0.0.1:9', { WebSocket, retryDelay: { minSeconds: 60, maxSeconds: 60 } });
    const trying = dead.frames().subscribe();
    dead.state$.subscribe(({ state }) => (state === 'waiting' ? trying.unsubscribe() : undefined));
    await new Promise((resolve) => dead.state$.subscribe(({ state }) => (state === 'waiting' ? resolve() : 0)));
    console.log('waited');`;

  test(
    'ends by itself when everybody has unsubscribed',
    async () => {
      await using server = await startServer();
      const door$ = attachFeed(server, 'door');
      const args = ['--import', './test/support/typescript.mjs', '--input-type=module'];
      const ended = new Promise<string>((resolve, reject) => {
        const child = execFile(
          process.execPath,
          [...args, '-e', program(server.url)],
          { cwd: ROOT, timeout: END_TO_END_MS / 2 },
          (error, stdout) => (error === null ? resolve(stdout) : reject(error)),
        );
        child.on('error', reject);
      });
      await until(() => server.demand('door').length === 1);
      [1, 2, 3].forEach((frame) => door$.next(frameOf(frame)));

      assert.equal((await ended).trim().split('\n').sort(), ['done', 'waited']);
    },
    { timeoutMs: END_TO_END_MS },
  );
});
