/** Live sources of a pipeline: FFmpeg as a camera. */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPipeline } from '../../../pipeline/index.ts';
import { TINY } from '../../support/models/tinyModel.ts';
import { openFolder, writeHls } from '../../support/media/cameras.ts';
import * as assert from '../../support/assert.ts';
import { openClient } from '../../support/sockets/sockets.ts';
import { MODEL_TEST_MS, suite } from '../../support/suite.ts';
import { assertAddsUp } from '../../support/media/ownFrames.ts';

const LIMIT = { timeoutMs: MODEL_TEST_MS };

/** A port of this machine on which nobody listens. */
async function deadPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

suite('live sources', (test) => {
  test.needs('ffmpeg');

  test(
    'play as they come beside one that is never there; all frames are accounted for',
    async () => {
      const dead = `rtsp://me:secret@127.0.0.1:${await deadPort()}/live`;
      await using pipeline = await createPipeline({
        sources: [
          { name: 'pattern', source: 'test:128x128@25' },
          { name: 'dead', source: dead },
          { name: 'typed', source: { test: { width: 64, height: 64 } }, maxFrames: 3 },
        ],
        detector: { model: TINY, device: 'cpu' },
        server: { port: 0 },
      });
      const { sources } = pipeline;
      await using client = await openClient(pipeline.server);
      await client.subscribe();
      const seen = new Map<string, string[]>();
      for (let ended = false; !ended;) {
        const { source, state } = await client.next('status');
        seen.set(source, [...(seen.get(source) ?? []), state]);
        ended = seen.get('typed')?.at(-1) === 'ended' && seen.get('dead')?.at(-1) === 'offline';
      }

      let frame = await client.next('frame');
      while (frame.source !== 'pattern' || frame.seq < 5) {
        frame = await client.next('frame');
      }
      const dropped = sources.list().map(({ counts }) => counts);
      sources.pause('pattern');
      sources.resume('pattern');
      for (const awaited of ['offline', 'online']) {
        let status = await client.next('status');
        while (status.source !== 'pattern' || status.state !== awaited) {
          status = await client.next('status');
        }
      }
      const { frame: again, source } = await client.next('frame');
      const removed = ['pattern', 'dead', 'typed'].map((name) => sources.remove(name));

      assert.equal([frame.width, frame.height], [128, 128]);
      assert.is(source, 'pattern');
      assert.ok(again < frame.frame, `it begins anew, with ${again} instead of ${frame.frame}`);
      assert.not.ok(seen.get('dead')!.includes('online'));
      assert.not.match(JSON.stringify([client.messages, removed]), /secret/);
      [...dropped, ...removed.map(({ counts }) => counts)].forEach(assertAddsUp);
      assert.ok(removed.every(({ counts }) => counts.inFlight === 0));
      assert.is(removed[2]!.counts.frames, 3);
      assert.is(removed[1]!.counts.frames, 0);
    },
    LIMIT,
  );

  test(
    'play a recording on the web at its own speed',
    async () => {
      const folder = await mkdtemp(join(tmpdir(), 'vod-'));
      await new Promise((done) => writeHls(folder, 2).on('close', done)); // 20 frames
      await using server = await openFolder(folder);
      const read: number[] = [];
      let end = (): void => undefined;
      const ended = new Promise<void>((done) => (end = done));
      await using pipeline = await createPipeline({
        sources: [],
        detector: { model: TINY, device: 'cpu' },
        server: { port: 0 },
        onState: ({ state }) => state === 'ended' && end(),
      });
      pipeline.results$.subscribe(({ frame }) => read.push(frame));
      const { sources } = pipeline;
      sources.add({ name: 'vod', source: `http://127.0.0.1:${server.port}/live.m3u8` });
      await ended;
      const [report] = sources.list();
      await rm(folder, { recursive: true });

      assert.is(report?.counts.frames, 20);
      assert.ok(read.length > 4, `${read.length} of 20 were read: the others came all at once`);
      assertAddsUp(report!.counts);
    },
    LIMIT,
  );
});
