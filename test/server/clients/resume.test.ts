/** What clients can still have that were away, are slow, or want to begin with what there is. */
import { Subject } from 'rxjs';
import type { FrameDetections } from '../../../models/index.ts';
import { PublishedFrame } from '../../../server/hub/publishedFrame.ts';
import { Replay, Replays } from '../../../server/hub/replay.ts';
import * as assert from '../../support/assert.ts';
import {
  attachFeed,
  frameOf,
  largeFrameOf,
  openClient,
  startServer,
} from '../../support/sockets/sockets.ts';
import type { TestClient } from '../../support/sockets/sockets.ts';
import { suite } from '../../support/suite.ts';

suite('Replay', (test) => {
  const published = (seq: number): PublishedFrame => new PublishedFrame('door', seq, frameOf(seq));
  const range = ({ oldestSeq, lastSeq }: Replay): number[] => [oldestSeq, lastSeq];

  test('keeps what is not too old, the newest always', () => {
    const replay = new Replay({ replaySeconds: 10, maxReplayBytes: 1e6 });
    assert.equal(range(replay), [1, 0]);
    replay.add(published(1), 0);
    replay.add(published(2), 9_000);
    replay.add(published(3), 10_500);
    assert.equal(range(replay), [2, 3]);
    assert.equal([replay.at(1), replay.at(2)?.seq, replay.at(4)], [undefined, 2, undefined]);

    replay.add(published(4), 99_000);
    assert.equal(range(replay), [4, 4]);
    replay.expire(120_000);
    assert.equal(range(replay), [5, 4]);
    replay.add(published(5), 120_000);
    assert.equal(range(replay), [5, 5]);
  });

  test('keeps no more bytes than it may', () => {
    const { numBytes } = published(1);
    const replay = new Replay({ replaySeconds: 10, maxReplayBytes: 3 * numBytes });
    for (let seq = 1; seq <= 9; seq++) {
      replay.add(published(seq), 0);
    }
    assert.equal(range(replay), [7, 9]);

    const none = new Replay({ replaySeconds: 10, maxReplayBytes: 0 });
    none.add(published(1), 0);
    none.add(published(2), 0);
    assert.equal(range(none), [2, 2]);
  });
});

suite('Replays', (test) => {
  const play = (replays: Replays, name: string, numFrames: number): string | undefined => {
    const replay = replays.of(name);
    replays.come(name);
    for (let i = 0; i < numFrames; i++) {
      const seq = replay.lastSeq + 1;
      replay.add(new PublishedFrame(name, seq, frameOf(seq)), 0);
    }
    return replays.leave(name);
  };

  test('remembers the thousand sources that went last, and uses no number of others again', () => {
    const replays = new Replays({ replaySeconds: 1, maxReplayBytes: 1e3 });
    assert.is(play(replays, 'door', 7), undefined);
    assert.is(play(replays, 'yard', 3), undefined);
    assert.is(play(replays, 'door', 2), undefined, 'it was back');
    for (let i = 0; i < 998; i++) {
      assert.is(play(replays, `camera-${i}`, 1), undefined);
    }

    assert.is(play(replays, 'one more', 1), 'yard');
    assert.is(replays.of('yard').lastSeq, 3);
    assert.is(replays.of('door').lastSeq, 9);
    assert.is(play(replays, 'and another', 0), 'door');
    assert.is(replays.of('never seen').lastSeq, 9);
  });
});

/** The numbers of the next frames, and the gaps between them. */
async function read(client: TestClient, numFrames: number): Promise<unknown[]> {
  const told: unknown[] = [];
  for (let left = numFrames; left > 0;) {
    const message = await client.next('frame', 'gap');
    told.push(message.type === 'frame' ? message.seq : [message.from, message.to, message.cause]);
    left -= message.type === 'frame' ? 1 : 0;
  }
  return told;
}

suite('resuming', (test) => {
  test('forgets a source that went long before others, also for those who had it', async () => {
    await using server = await startServer();
    const client = await openClient(server);
    client.send({ type: 'subscribe', id: 'a', policy: 'all' });
    await client.next('subscribed');
    const attach = (name: string): void => {
      const events$ = new Subject<FrameDetections>();
      const attached = server.attach({ name, events$ });
      events$.next(frameOf(0));
      events$.next(frameOf(1));
      attached.unsubscribe();
    };
    attach('door');
    for (let i = 0; i < 1_000; i++) {
      attach(`camera-${i}`);
    }

    attach('door');

    const seqs: number[] = [];
    while (seqs.length < 4) {
      const message = await client.next('frame', 'gap');
      assert.is(message.type, 'frame');
      if (message.type === 'frame' && message.source === 'door') {
        seqs.push(message.seq);
      }
    }
    assert.equal(seqs, [1, 2, 3, 4]);
  });

  const cases = [
    ['replays from where the client was, then goes on live', { fromSeq: { door: 2 } }, [2, 3, 4]],
    [
      'replays what there is of another epoch',
      { fromSeq: { door: 2 }, epoch: 'x' },
      [[0, 0, 'restart'], 1, 2, 3, 4],
    ],
    [
      'takes a number ahead for another epoch',
      { fromSeq: { door: 90 } },
      [[0, 0, 'restart'], 1, 2, 3, 4],
    ],
    ['goes on where nothing was missed', { fromSeq: { door: 4 } }, [4]],
    ['goes on with other sources', { fromSeq: { yard: 2 } }, [4]],
    ['begins with the newest frame', { snapshot: true }, [3, 4]],
    [
      'begins with the newest frame, thinned by time',
      { snapshot: true, policy: { everyMs: 1 } },
      [3, 4],
    ],
  ] as const;
  for (const policy of ['latest', 'all'] as const) {
    for (const [title, fields, expected] of cases) {
      test(`${title} (${policy})`, async () => {
        await using server = await startServer();
        const door$ = attachFeed(server, 'door');
        [0, 1, 2].forEach((frame) => door$.next(frameOf(frame)));
        await using client = await openClient(server);

        await client.subscribe({ policy, ...fields });
        door$.next(frameOf(3));

        const numFrames = expected.filter((one) => typeof one === 'number').length;
        assert.equal(await read(client, numFrames), expected);
      });
    }
  }

  test('announces what is gone', async () => {
    await using server = await startServer({ maxReplayBytes: 1 });
    const door$ = attachFeed(server, 'door');
    [0, 1, 2].forEach((frame) => door$.next(frameOf(frame)));
    await using client = await openClient(server);

    await client.subscribe({ fromSeq: { door: 1 }, policy: 'all' });

    assert.equal(await read(client, 1), [[1, 2, 'evicted'], 3]);
  });

  test('says restart even where the new epoch has sent nothing yet', async () => {
    await using server = await startServer();
    attachFeed(server, 'door');
    await using client = await openClient(server);

    await client.subscribe({ fromSeq: { door: 7 }, epoch: 'x' });

    const { from, to, cause } = await client.next('gap');
    assert.equal([from, to, cause], [0, 0, 'restart']);
  });

  test('goes back no further than a fresh client would wait for, under latest', async () => {
    await using server = await startServer();
    const door$ = attachFeed(server, 'door');
    for (let frame = 0; frame < 40; frame++) {
      door$.next(largeFrameOf(frame));
    }
    await using client = await openClient(server);
    client.socket.pause();
    client.send({ type: 'subscribe', id: 'a', fromSeq: { door: 1 } });
    client.socket.resume();

    let last = 0;
    while (last < 40) {
      const message = await client.next('frame', 'gap');
      const from = message.type === 'frame' ? message.seq : message.from;
      assert.is(from, last + 1); // no hole that is not announced
      last = message.type === 'frame' ? message.seq : message.to;
    }
  });
});

suite('policy all', (test) => {
  test('reads what a stalled client missed from the replay once it reads again', async () => {
    await using server = await startServer({ maxOutboxBytes: 100_000 });
    const door$ = attachFeed(server, 'door');
    await using client = await openClient(server);
    await client.subscribe({ policy: 'all' });
    client.socket.pause();
    for (let frame = 0; frame < 100; frame++) {
      door$.next(largeFrameOf(frame)); // 6 MB, of which the system's buffers take some
    }
    assert.ok(server.stats().outboxBytes < 200_000);
    client.socket.resume();

    assert.equal(
      await read(client, 100),
      Array.from({ length: 100 }, (_, i) => i + 1),
    );
    assert.is(server.stats().dropped, 0);
  });

  test('announces as missing what left the replay meanwhile', async () => {
    await using server = await startServer({ maxOutboxBytes: 100_000, maxReplayBytes: 200_000 });
    const door$ = attachFeed(server, 'door');
    await using client = await openClient(server);
    await client.subscribe({ policy: 'all' });
    client.socket.pause();
    for (let frame = 0; frame < 130; frame++) {
      door$.next(largeFrameOf(frame));
    }
    client.socket.resume();

    let last = 0;
    let numMissing = 0;
    while (last < 130) {
      const message = await client.next('frame', 'gap');
      const [from, to] =
        message.type === 'frame' ? [message.seq, message.seq] : [message.from, message.to];
      assert.is(from, last + 1);
      numMissing += message.type === 'gap' ? to - from + 1 : 0;
      last = to;
    }
    assert.ok(numMissing > 0);
    assert.is(server.stats().dropped, numMissing);
  });

  test('sends no more than the window until it is acknowledged', async () => {
    await using server = await startServer();
    const door$ = attachFeed(server, 'door');
    await using client = await openClient(server);
    await client.subscribe({ policy: 'all', window: 3 });
    for (let frame = 0; frame < 10; frame++) {
      door$.next(frameOf(frame));
    }

    assert.equal(await read(client, 3), [1, 2, 3]);
    await client.settle();
    client.send({ type: 'ack', id: 'a', seq: { door: 2 } });
    assert.equal(await read(client, 2), [4, 5]);
    client.send({ type: 'ack', id: 'a', seq: { door: 5 } });
    assert.equal(await read(client, 3), [6, 7, 8]);
    const seqs = client.messages.flatMap((one) => (one.type === 'frame' ? [one.seq] : []));
    assert.equal(seqs, [1, 2, 3, 4, 5, 6, 7, 8]);
  });

  test('refuses acknowledgements that cannot be', async () => {
    await using server = await startServer();
    const door$ = attachFeed(server, 'door');
    await using client = await openClient(server);
    await client.subscribe({ policy: 'all', window: 3 });
    await client.subscribe({ id: 'b' });
    door$.next(frameOf(0));
    const problem = async (id: string, seq: Record<string, number>): Promise<string> => {
      client.send({ type: 'ack', id, seq });
      return (await client.next('error')).message;
    };

    assert.match(await problem('a', { door: 2 }), /at most 1, the last one sent, got `2`/);
    assert.match(await problem('b', { door: 1 }), /a subscription with a `window`/);
    assert.match(await problem('c', { door: 1 }), /`id` of ack .* got `c`/);
    client.send({ type: 'subscribe', id: 'd', window: 3 });
    assert.match((await client.next('error')).message, /`window` of subscribe .*"policy": "all"/);
  });
});
