import { inspect } from 'node:util';
import { filter, firstValueFrom, map, take, toArray } from 'rxjs';
import type { Observable } from 'rxjs';
import { WebSocket } from 'ws';
import { connect } from '../../../server/client/index.ts';
import type { ConnectOptions, DetectionClient } from '../../../server/client/index.ts';
import type { FoundObject } from '../../../models/index.ts';
import type { DetectionServer } from '../../../server/index.ts';
import * as assert from '../../support/assert.ts';
import {
  attachFeed,
  detectionOf,
  frameOf,
  socketUrl,
  startServer,
  until,
} from '../../support/sockets/sockets.ts';
import { suite } from '../../support/suite.ts';

/** A client whose subscriptions end with the block. */
function clientOf(
  server: DetectionServer,
  options: ConnectOptions = {},
): DetectionClient & Disposable {
  const client = connect(socketUrl(server, '/v1'), { WebSocket, ...options });
  return { ...client, [Symbol.dispose]: () => client.close() };
}

/** Waits until the clients of a server want so many different things of a source. */
function demandOf(server: DetectionServer, source: string, num: number): Promise<void> {
  return until(() => server.demand(source).length === num);
}

suite('connect', (test) => {
  test('delivers the frames of a cold subscription, and unsubscribes when its subscriber leaves', async () => {
    await using server = await startServer();
    const door$ = attachFeed(server, 'door');
    using client = clientOf(server);
    client.state$.subscribe();
    assert.is(server.stats().clients, 0);
    client.hello$.subscribe();

    const both = firstValueFrom(
      client.frames({ minScore: 0.95, policy: 'all' }).pipe(take(2), toArray()),
    );
    await demandOf(server, 'door', 1);
    door$.next(frameOf(0));
    door$.next(frameOf(1));

    const found = (await both).map(({ frame, detections }) => [frame, detections.length]);
    assert.equal(found, [
      [0, 0],
      [1, 0],
    ]);
    await demandOf(server, 'door', 0);
    assert.is(server.stats().clients, 1);
  });

  test('shares one connection, and keeps the subscriptions on it apart', async () => {
    await using server = await startServer();
    const [door$, yard$] = ['door', 'yard'].map((name) => attachFeed(server, name));
    using client = clientOf(server);

    const frames$ = client.frames({ sources: ['door'] });
    const door = [firstValueFrom(frames$), firstValueFrom(frames$)];
    const yard = firstValueFrom(client.frames({ sources: ['yard'] }));
    await demandOf(server, 'door', 1);
    await demandOf(server, 'yard', 1);
    assert.is(server.stats().clients, 1);
    yard$?.next(frameOf(1));
    door$?.next(frameOf(2));

    assert.equal([(await yard).frame, (await door[0])?.frame, (await door[1])?.frame], [1, 2, 2]);
    await until(() => server.stats().clients === 0);
    assert.is(server.stats().closed.left, 1);
  });

  test('opens the connection again for who comes after the last one has left', async () => {
    await using server = await startServer();
    using client = clientOf(server);

    const first = await firstValueFrom(client.hello$);
    const second = await firstValueFrom(client.hello$);

    assert.equal([first.epoch, second.epoch], [server.epoch, server.epoch]);
    await until(() => server.stats().closed.left === 2);
  });

  test('passes what is wanted on to the server, as long as somebody takes the frames', async () => {
    await using server = await startServer();
    const door$ = attachFeed(server, 'door');
    using client = clientOf(server);

    const frame = firstValueFrom(client.frames({ classes: ['person'], minScore: 0.4, limit: 1 }));
    await demandOf(server, 'door', 1);
    assert.equal(server.demand('door'), [{ classes: ['person'], minScore: 0.4, limit: 1 }]);
    door$.next(frameOf(0, { detections: [detectionOf(), detectionOf()] }));

    assert.equal((await frame).detections, [detectionOf()]);
    await demandOf(server, 'door', 0);
  });

  test('delivers objects before their frame, alone or with it', async () => {
    await using server = await startServer();
    const door$ = attachFeed(server, 'door');
    using client = clientOf(server);
    const found: FoundObject = {
      ...{ type: 'object', source: 'any', frame: 3, index: 0, detection: detectionOf() },
    };

    const object = firstValueFrom(client.objects({ classes: ['person'] }));
    const types = firstValueFrom(
      client.messages({ objects: true }).pipe(
        map(({ type }) => type),
        take(2),
        toArray(),
      ),
    );
    await demandOf(server, 'door', 2);
    door$.next(found);
    door$.next(frameOf(3));

    assert.is((await object).frame, 3);
    assert.equal(await types, ['object', 'frame']);
  });

  test('fails only the subscription that the server refuses', async () => {
    await using server = await startServer();
    const door$ = attachFeed(server, 'door');
    using client = clientOf(server);

    const good = firstValueFrom(client.frames());
    const refused = firstValueFrom(client.frames({ minScore: 7 }));

    await assert.rejects(refused, { code: 'ERR_CLIENT_PROTOCOL', message: /`minScore`/ });
    door$.next(frameOf(0));
    await good;
    assert.is(server.stats().closed.protocol, 0);
  });

  test('tells the sources, brought up to date for who comes later', async () => {
    await using server = await startServer();
    attachFeed(server, 'door');
    using client = clientOf(server);
    const seen: string[] = [];
    const tell = (name: string): void =>
      void client.sources$
        .pipe(
          map((sources) =>
            sources
              .map(({ name: of, state, reason = '' }) => `${of} ${state} ${reason}`.trim())
              .join(),
          ),
        )
        .subscribe((list) => seen.push(`${name}: ${list}`));
    client.frames().subscribe();

    tell('one');
    await demandOf(server, 'door', 1);
    assert.is(seen.length, 1);
    const yard$ = attachFeed(server, 'yard');
    yard$.next(frameOf(0));
    yard$.next({ type: 'status', source: 'yard', state: 'offline', reason: 'lost' });
    yard$.next({ type: 'status', source: 'yard', state: 'offline', reason: 'refused' });
    yard$.complete();
    await until(() => seen.length === 6);
    tell('two');

    assert.equal(seen, [
      'one: door connecting',
      'one: door connecting,yard connecting',
      'one: door connecting,yard online',
      'one: door connecting,yard offline lost',
      'one: door connecting,yard offline refused',
      'one: door connecting,yard ended',
      'two: door connecting,yard ended',
    ]);
  });

  test('tells the states of sources', async () => {
    await using server = await startServer();
    const door$ = attachFeed(server, 'door');
    using client = clientOf(server);
    client.frames().subscribe();
    await demandOf(server, 'door', 1);

    const lost = firstValueFrom(client.status$.pipe(filter(({ state }) => state === 'offline')));
    door$.error(new Error('cable pulled'));

    assert.equal(await lost, {
      ...{ v: 1, type: 'status', source: 'door', state: 'offline', reason: 'cable pulled' },
    });
  });

  test('completes everything at close', async () => {
    await using server = await startServer();
    const client = clientOf(server);
    const states = firstValueFrom(
      client.state$.pipe(
        map(({ state }) => state),
        toArray(),
      ),
    );
    const all: readonly Observable<unknown>[] = [
      client.frames(),
      client.messages(),
      client.status$,
    ];
    const ends = all.map((one$) => firstValueFrom(one$.pipe(toArray())));
    await firstValueFrom(client.hello$);

    client.close();
    client.close();

    await Promise.all(ends);
    assert.equal(await states, ['closed', 'connecting', 'open', 'closed']);
    assert.equal(await firstValueFrom(client.frames().pipe(toArray())), []);
    await until(() => server.stats().closed.left === 1);
  });

  test('goes by the address of the server, of a page of it, or of the protocol', async () => {
    await using server = await startServer();

    for (const url of [server.url, `${server.url}#token=x`, socketUrl(server, '/v1')]) {
      const client = connect(url, { WebSocket, maxRetries: 0 });
      assert.is((await firstValueFrom(client.hello$)).epoch, server.epoch);
    }
  });

  const wrong: readonly (readonly [object, RegExp])[] = [
    [{ retries: 3 }, /Unknown option `retries` of connect/],
    [{ retryDelay: { minSecond: 3 } }, /`minSecond` of retryDelay; did you mean `minSeconds`/],
    [{ retryDelay: { minSeconds: 0 } }, /`minSeconds` to be a finite number > 0/],
    [{ retryDelay: { maxSeconds: 0.1 } }, /`maxSeconds` to be a finite number from 0.5 to 2147483/],
    [{ maxRetries: -1 }, /`maxRetries`/],
    [{ maxRetries: 1.5 }, /`maxRetries`/],
    [{ silenceSeconds: -1 }, /`silenceSeconds`/],
  ];
  for (const [options, message] of wrong) {
    test(`refuses ${JSON.stringify(options)}`, async () => {
      await assert.rejects(() => connect('ws://localhost', { WebSocket, ...options }), { message });
    });
  }

  test('shows no password of its address', async () => {
    const address = await (async () => {
      await using server = await startServer();
      return socketUrl(server, '/v1').replace('://', '://me:s3cret@');
    })(); // nobody is there any more
    const client = connect(address, { WebSocket, maxRetries: 0 });
    const lost = await assert.rejects(firstValueFrom(client.hello$), {
      message: /^Connection to ws:\/\/\*\*\*@127\.0\.0\.1/,
    });
    const wrong = await assert.rejects(() => connect('ws://me:s3cret@[/v1', { WebSocket }), {
      name: 'TypeError',
    });
    assert.not.match(inspect([lost, wrong], { depth: Infinity, showHidden: true }), /s3cret/);
  });

  test('asks for a WebSocket where there is none', async () => {
    if (Reflect.has(globalThis, 'WebSocket')) {
      return; // Node 22 has one
    }
    await assert.rejects(() => connect('ws://localhost'), { name: 'TypeError', message: /ws/ });
  });
});
