import { fileURLToPath } from 'node:url';
import { firstValueFrom, lastValueFrom, take, toArray } from 'rxjs';
import { BUNDLED_MODEL } from '../../../models/index.ts';
import type { FrameDetections } from '../../../models/index.ts';
import { DEMO_CLIP, createPipeline } from '../../../pipeline/index.ts';
import type { PipelineOptions } from '../../../pipeline/index.ts';
import * as assert from '../../support/assert.ts';
import { openClient, startServer } from '../../support/sockets/sockets.ts';
import type { TestClient } from '../../support/sockets/sockets.ts';
import { MODEL_TEST_MS, suite } from '../../support/suite.ts';

const LIMIT = { timeoutMs: MODEL_TEST_MS };
const NUM_FRAMES = 6;
/** A clip of two seconds. */
const SHORT_CLIP = fileURLToPath(new URL('../../fixtures/clips/h264.mp4', import.meta.url));
const NUM_SHORT = 20;
const SOURCES = [{ name: 'yard', source: DEMO_CLIP }];

/** A port that is free now. */
async function freePort(): Promise<number> {
  await using server = await startServer();
  return server.port;
}

async function untilEnded(client: TestClient): Promise<void> {
  let status;
  do {
    status = await client.next('status');
  } while (status.state !== 'ended');
}

suite('createPipeline', (test) => {
  test(
    'gives the same results to subscribers and to results$',
    async () => {
      await using pipeline = await createPipeline({ sources: SOURCES, server: { port: 0 } });
      await using client = await openClient(pipeline.server);
      await client.subscribe({ policy: 'all' });
      const results = lastValueFrom(pipeline.results$.pipe(take(NUM_FRAMES), toArray()));

      for (const result of await results) {
        let message = await client.next('frame');
        while (message.frame < result.frame) {
          message = await client.next('frame');
        }
        const { v, id, seq, ...rest } = message;
        assert.equal([v, id, seq > 0], [1, 'a', true]);
        assert.equal(rest, JSON.parse(JSON.stringify(result)));
        assert.is(result.source, 'yard');
      }
    },
    LIMIT,
  );

  test(
    'counts as skipped every frame that is no result',
    async () => {
      const sources = [{ name: 'short', source: SHORT_CLIP }];
      await using pipeline = await createPipeline({ sources, server: { port: 0 } });
      const results: FrameDetections[] = [];
      pipeline.results$.subscribe((result) => results.push(result));
      await using client = await openClient(pipeline.server);
      await client.subscribe();

      await untilEnded(client);

      const counts = results.flatMap(({ skipped }) => [1, ...Object.values(skipped ?? {})]);
      assert.is(
        counts.reduce((sum, count) => sum + count, 0),
        NUM_SHORT,
      );
      assert.is(results.at(-1)?.frame, NUM_SHORT - 1);
    },
    LIMIT,
  );

  test(
    'is ready once the model is loaded, and closes twice without harm',
    async () => {
      const pipeline = await createPipeline({ sources: SOURCES, server: { port: 0 } });
      const { server, results$, detector } = pipeline;
      await using client = await openClient(server);
      const ended = lastValueFrom(results$, { defaultValue: undefined });
      await firstValueFrom(results$);

      assert.is((await fetch(`${server.url}readyz`)).status, 200);
      const closing = pipeline.close();
      assert.is(pipeline.close(), closing);
      await closing;

      assert.is((await client.closed).code, 1001);
      await ended;
      await assert.rejects(fetch(server.url), { message: /fetch failed/ });
      await assert.rejects(detector.encode(new Uint8Array(416 * 416 * 3)), {});
    },
    LIMIT,
  );

  test(
    'honors detect, stride and maxFrames',
    async () => {
      await using pipeline = await createPipeline({
        sources: SOURCES,
        detect: { classes: ['car'], minScore: 0.5 },
        stride: 2,
        maxFrames: 2,
        server: { port: 0 },
      });
      const seen: FrameDetections[] = [];
      pipeline.results$.subscribe((result) => seen.push(result)); // before the first frame can be there
      await using client = await openClient(pipeline.server);
      await client.subscribe();

      await untilEnded(client);

      assert.ok(seen.every(({ frame }) => frame === 0 || frame === 2));
      assert.is(seen.at(-1)?.frame, 2);
      const detections = seen.flatMap((frame) => frame.detections);
      assert.ok(detections.length > 0);
      assert.ok(detections.every(({ label, score }) => label === 'car' && score >= 0.5));
    },
    LIMIT,
  );

  const failing: readonly (readonly [string, Partial<PipelineOptions>, object])[] = [
    ['a missing model', { detector: { model: '/no/such/model' } }, { code: 'ERR_MODEL_LOAD' }],
    [
      'an unknown class',
      { detect: { classes: ['persn'] } },
      { name: 'TypeError', message: /persn/ },
    ],
    ['two sources of one name', { sources: [...SOURCES, ...SOURCES] }, { message: /yard/ }],
  ];
  for (const [what, options, expected] of failing) {
    test(
      `gives the port back after ${what}`,
      async () => {
        const port = await freePort();

        await assert.rejects(
          createPipeline({ sources: SOURCES, server: { port }, ...options }),
          expected,
        );

        await using server = await startServer({ port });
        assert.is(server.port, port);
      },
      LIMIT,
    );
  }

  test('refuses an unknown option and names the nearest', async () => {
    const options = { sources: [], detectr: { model: BUNDLED_MODEL } } as PipelineOptions;

    await assert.rejects(createPipeline(options), {
      name: 'TypeError',
      message: /`detectr`.*`detector`/,
    });
  });
});
