import { firstValueFrom, map, take, takeWhile, toArray } from 'rxjs';
import type { Observable } from 'rxjs';
import { WebSocket } from 'ws';
import { connect } from '../../../server/client/index.ts';
import type { SubscriptionMessage } from '../../../server/client/index.ts';
import * as assert from '../../support/assert.ts';
import { attachFeed, frameOf, startServer, until } from '../../support/sockets/sockets.ts';
import { suite } from '../../support/suite.ts';
import { Peer } from '../../support/sockets/peer.ts';
import { Proxy } from '../../support/sockets/proxy.ts';
import { expectWhole } from '../../support/sockets/whole.ts';

const OPTIONS = { WebSocket, retryDelay: { minSeconds: 0.005, maxSeconds: 0.02 } };

/** Collects messages until the one of a frame with some number. */
function collectTo(
  messages$: Observable<SubscriptionMessage>,
  frame: number,
): Promise<SubscriptionMessage[]> {
  return firstValueFrom(
    messages$.pipe(
      takeWhile((message) => message.type !== 'frame' || message.frame !== frame, true),
      toArray(),
    ),
  );
}

suite('a client whose connection is lost', (test) => {
  test('goes on where it was, with no hole that was not announced', async () => {
    await using server = await startServer();
    await using proxy = await Proxy.open(server.port);
    const door$ = attachFeed(server, 'door');
    const client = connect(`ws://127.0.0.1:${proxy.port}`, OPTIONS);
    const seen: SubscriptionMessage[] = [];
    const all = collectTo(client.messages({ policy: 'all' }), 500);
    client.messages({ policy: 'all' }).subscribe((message) => seen.push(message));
    await until(() => server.stats().sent === 5); // hello, twice subscribed and status

    let frame = 0;
    for (const numCuts of [1, 2, 3, 4]) {
      const numBefore = seen.length;
      for (let i = 0; i < 100; i++) {
        door$.next(frameOf((frame += 1)));
      }
      await until(() => seen.length > numBefore + 50); // with others under way
      proxy.cut();
      const numSeen = seen.length;
      door$.next(frameOf((frame += 1))); // while nobody is there
      await until(() => seen.length > numSeen && server.demand('door').length === 1);
      assert.is(server.stats().closed.left, numCuts);
    }
    door$.next(frameOf(500));

    const { numFrames, numMissing, numRestarts } = expectWhole(await all);
    assert.is(numFrames + numMissing, 405);
    assert.is(numRestarts, 0);
    assert.ok(numFrames > 200, `${numFrames} frames`);
    client.close();
  });

  test('goes on with another run of the server, and tells that it is one', async () => {
    const first = await startServer();
    const { port } = first;
    const client = connect(first.url, OPTIONS);
    const states: string[] = [];
    client.state$.subscribe(({ state }) => states.push(state));
    const all = collectTo(client.messages(), 20);
    const door$ = attachFeed(first, 'door');
    await until(() => first.demand('door').length === 1);
    door$.next(frameOf(1));
    door$.next(frameOf(2));
    await first.close();
    await until(() => states.filter((state) => state === 'waiting').length >= 3);

    await using second = await startServer({ port });
    const again$ = attachFeed(second, 'door');
    await until(() => second.demand('door').length === 1);
    again$.next(frameOf(10));
    again$.next(frameOf(20));

    const messages = await all;
    assert.equal(expectWhole(messages).numRestarts, 1);
    assert.equal(
      messages.map((message) => (message.type === 'frame' ? message.seq : message.type)),
      [1, 2, 'gap', 1, 2],
    );
    assert.equal(states.slice(0, 4), ['closed', 'connecting', 'open', 'waiting']);
    client.close();
  });

  test('asks for what it missed, and gets it where the server has it', async () => {
    await using peer = await Peer.open();
    const client = connect(peer.url, OPTIONS);
    const seen: SubscriptionMessage[] = [];
    client.messages({ classes: ['person'] }).subscribe((message) => seen.push(message));
    await until(() => peer.said.length === 1);

    peer.publish(3);
    await until(() => seen.length === 3);
    peer.cut();
    peer.publish(3);
    await until(() => seen.length === 6);
    peer.publish(3);
    await until(() => seen.length === 9);

    assert.is(expectWhole(seen).numFrames, 9);
    const wish = { classes: ['person'], type: 'subscribe', id: 's1' };
    const [begun, resumed] = peer.said;
    assert.equal(begun, wish);
    assert.equal(resumed, { ...wish, fromSeq: { door: 4 }, epoch: 'e1' });
    client.close();
  });

  test('resumes each of its subscriptions from its own place', async () => {
    await using peer = await Peer.open();
    const client = connect(peer.url, OPTIONS);
    const [one, two] = ['one', 'two'].map((name) => {
      const seqs: string[] = [];
      client.frames({ classes: [name] }).subscribe(({ seq }) => seqs.push(`${seq}`));
      return seqs;
    }) as [string[], string[]];
    await until(() => peer.said.length === 2);
    peer.publish(2);
    await until(() => two.length === 2);
    peer.cut();
    await until(() => peer.said.length === 4);

    assert.equal(
      peer.said.slice(2).map(({ id, fromSeq }) => [id, fromSeq]),
      [
        ['s1', { door: 3 }],
        ['s2', { door: 3 }],
      ],
    );
    peer.publish(1);
    await until(() => one.length === 3 && two.length === 3);
    client.close();
  });

  test('begins where it is told, as a program does that was started again', async () => {
    await using peer = await Peer.open();
    peer.publish(10);
    const client = connect(peer.url, OPTIONS);

    const seqs = firstValueFrom(
      client.frames({ fromSeq: { door: 8 }, epoch: 'e1' }).pipe(
        map(({ seq }) => seq),
        take(3),
        toArray(),
      ),
    );

    assert.equal(await seqs, [8, 9, 10]);
  });

  test('asks for a snapshot only where there is nothing to go on from', async () => {
    await using peer = await Peer.open();
    const client = connect(peer.url, OPTIONS);
    let numFrames = 0;
    client.frames({ snapshot: true }).subscribe(() => (numFrames += 1));
    await until(() => peer.said.length === 1);
    peer.publish(1);
    await until(() => numFrames === 1);
    peer.cut();
    await until(() => peer.said.length === 2);

    assert.equal(
      peer.said.map(({ snapshot }) => snapshot),
      [true, undefined],
    );
    client.close();
  });

  test('leaves out repetitions, and tells of holes that the server did not', async () => {
    await using peer = await Peer.open();
    const client = connect(peer.url, OPTIONS);
    const got = firstValueFrom(client.messages().pipe(take(4), toArray()));
    await until(() => peer.said.length === 1);

    for (const seq of [1, 1, 2, 1, 5]) {
      peer.tell(peer.frame(seq));
    }

    assert.equal(
      (await got).map((one) => (one.type === 'gap' ? [one.cause, one.from, one.to] : one.type)),
      ['frame', 'frame', ['lost', 3, 4], 'frame'],
    );
  });

  test('asks a silent server for a sign of life, and leaves one that gives none', async () => {
    await using server = await startServer();
    await using proxy = await Proxy.open(server.port);
    attachFeed(server, 'door');
    const client = connect(`ws://127.0.0.1:${proxy.port}`, { ...OPTIONS, silenceSeconds: 0.05 });
    const states: string[] = [];
    client.state$.subscribe((now) =>
      states.push(now.state === 'waiting' ? now.error.message : now.state),
    );
    client.frames().subscribe();
    await until(() => server.stats().sent > 12); // hello, subscribed, status, and answers to probes
    assert.equal(states, ['closed', 'connecting', 'open']);

    proxy.freeze();
    await until(() => states.length > 3);

    assert.match(states[3] ?? '', /ended with 1006: nothing came any more/);
    client.close();
  });
});
