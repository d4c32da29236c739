import { firstValueFrom, take, toArray } from 'rxjs';
import { WebSocket } from 'ws';
import { connect } from '../../../server/client/index.ts';
import type { SubscriptionMessage } from '../../../server/client/index.ts';
import * as assert from '../../support/assert.ts';
import { until } from '../../support/sockets/sockets.ts';
import { suite } from '../../support/suite.ts';
import { Peer } from '../../support/sockets/peer.ts';
import { expectWhole } from '../../support/sockets/whole.ts';

const OPTIONS = { WebSocket, retryDelay: { minSeconds: 0.005, maxSeconds: 0.02 } };
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

suite('a client with a window', (test) => {
  test('acknowledges together what the consumer got', async () => {
    await using peer = await Peer.open();
    const client = connect(peer.url, OPTIONS);
    const all = firstValueFrom(
      client.messages({ policy: 'all', window: 20 }).pipe(take(200), toArray()),
    );
    await until(() => peer.said.length === 1);

    peer.publish(200);

    assert.is(expectWhole(await all).numFrames, 200);
    const numAcks = peer.said.filter(({ type }) => type === 'ack').length;
    assert.ok(numAcks >= 9 && numAcks <= 20, `${numAcks} acknowledgements`);
    assert.is(peer.maxUnacked, 20);
    assert.equal(peer.faults, []);
  });

  test('acknowledges what is less than half a window, too', async () => {
    await using peer = await Peer.open();
    const client = connect(peer.url, OPTIONS);
    client.frames({ policy: 'all', window: 1_000 }).subscribe();
    await until(() => peer.said.length === 1);

    peer.publish(3);
    await until(() => peer.said.length === 2);

    assert.equal(peer.said[1], { type: 'ack', id: 's1', seq: { door: 3 } });
    client.close();
  });

  test('acknowledges nothing without a window', async () => {
    await using peer = await Peer.open();
    const client = connect(peer.url, OPTIONS);
    const frames = firstValueFrom(client.frames({ policy: 'all' }).pipe(take(500), toArray()));
    await until(() => peer.said.length === 1);

    peer.publish(500);
    await frames;
    await until(() => peer.numClients === 0);

    assert.equal(
      peer.said.map(({ type }) => type),
      ['subscribe', 'unsubscribe'],
    );
  });

  test('never sends as many acknowledgements as a server takes for an attack', async () => {
    await using peer = await Peer.open();
    const client = connect(peer.url, OPTIONS);
    const beganMs = performance.now();
    const all = Array.from({ length: 8 }, () =>
      firstValueFrom(client.frames({ policy: 'all', window: 1 }).pipe(take(4), toArray())),
    );
    await until(() => peer.said.length === 8);

    peer.publish(4);
    await Promise.all(all);

    const numAcks = peer.said.filter(({ type }) => type === 'ack').length;
    const seconds = (performance.now() - beganMs) / 1_000;
    assert.ok(numAcks >= 24, `${numAcks} acknowledgements`);
    assert.ok(numAcks <= 20 * seconds + 9, `${numAcks} acknowledgements in ${seconds} s`);
    assert.equal(peer.faults, []);
  });
});

suite('handle', (test) => {
  test('keeps no more than the window for a consumer that is slow, and loses nothing', async () => {
    await using peer = await Peer.open();
    const client = connect(peer.url, OPTIONS);
    let numAtWork = 0;
    const handled = client.handle({ window: 16 }, async (message) => {
      numAtWork += 1;
      assert.is(numAtWork, 1);
      await turn();
      numAtWork -= 1;
      return message;
    });
    const all = firstValueFrom(handled.pipe(take(300), toArray()));
    await until(() => peer.said.length === 1);

    peer.publish(300);

    assert.is(expectWhole(await all).numFrames, 300);
    assert.is(peer.maxUnacked, 16);
    assert.equal(peer.faults, []);
  });

  test('goes on behind what was handled when the connection is lost, and handles nothing twice', async () => {
    await using peer = await Peer.open();
    const client = connect(peer.url, OPTIONS);
    const seen: SubscriptionMessage[] = [];
    client
      .handle({ window: 16 }, async (message) => {
        await turn();
        seen.push(message);
        if (seen.length % 50 === 0) {
          peer.cut(); // with some of the window still to be handled
        }
      })
      .subscribe();
    await until(() => peer.said.length === 1);

    peer.publish(400);
    await until(() => seen.length === 400);

    assert.is(expectWhole(seen).numFrames, 400);
    assert.ok(peer.numConnections >= 8, `${peer.numConnections} connections`);
    assert.ok(peer.maxUnacked <= 16, `${peer.maxUnacked} unacknowledged`);
    assert.equal(peer.faults, []);
    client.close();
  });

  test('stops with the error of its consumer, and unsubscribes', async () => {
    await using peer = await Peer.open();
    const client = connect(peer.url, OPTIONS);
    client.hello$.subscribe();
    const handled = firstValueFrom(
      client.handle({}, async () => {
        await turn();
        throw new Error('disk full');
      }),
    );
    await until(() => peer.said.length === 1);
    assert.equal([peer.said[0]?.['policy'], peer.said[0]?.window], ['all', 64]);

    peer.publish(2);

    await assert.rejects(handled, { message: /disk full/ });
    await until(() => peer.said.length === 2);
    assert.is(peer.said[1]?.type, 'unsubscribe');
    client.close();
  });
});
