import { fileURLToPath } from 'node:url';
import { Observable, Subject, firstValueFrom, take, toArray } from 'rxjs';
import { DEMO_CLIP, createPipeline } from '../../../pipeline/index.ts';
import type {
  Frame,
  FrameDetections,
  Pipeline,
  PipelineOptions,
  PipelineSource,
  SourceReport,
} from '../../../pipeline/index.ts';
import type { SourceState } from '../../../server/index.ts';
import { TINY } from '../../support/models/tinyModel.ts';
import * as assert from '../../support/assert.ts';
import { openClient, until } from '../../support/sockets/sockets.ts';
import type { TestClient } from '../../support/sockets/sockets.ts';
import { MODEL_TEST_MS, suite } from '../../support/suite.ts';
import { assertAddsUp, frameMaker } from '../../support/media/ownFrames.ts';

const LIMIT = { timeoutMs: MODEL_TEST_MS };
const SHORT_CLIP = fileURLToPath(new URL('../../fixtures/clips/h264.mp4', import.meta.url));
const NUM_SHORT = 20;

/** Starts a pipeline with the tiny model. */
function play(
  sources: readonly PipelineSource[],
  options: Partial<PipelineOptions> = {},
): Promise<Pipeline> {
  return createPipeline({
    sources,
    detector: { model: TINY, device: 'cpu' },
    server: { port: 0 },
    ...options,
  });
}

function reportOf({ sources }: Pipeline, name: string): SourceReport {
  return sources.list().find((source) => source.name === name)!;
}

/** Waits for the next frame of a source. */
async function frameOf(client: TestClient, name: string): Promise<number> {
  for (;;) {
    const { source, seq } = await client.next('frame');
    if (source === name) {
      return seq;
    }
  }
}

/** Waits for the news that a source is in a state. @returns the reason */
async function stateOf(client: TestClient, name: string, state: SourceState): Promise<string> {
  for (;;) {
    const status = await client.next('status');
    if (status.source === name && status.state === state) {
      return status.reason;
    }
  }
}

/** Opens a client that is told of everything. */
async function watcher(pipeline: Pipeline): Promise<TestClient> {
  const client = await openClient(pipeline.server);
  await client.subscribe();
  return client;
}

suite('Pipeline.sources', (test) => {
  test(
    'adds, pauses, resumes and removes a source under a client, and leaves the others alone',
    async () => {
      const removed: SourceReport[] = [];
      await using pipeline = await play([{ name: 'steady', source: DEMO_CLIP, loop: true }], {
        onRemoved: (report) => removed.push(report),
      });
      const { sources } = pipeline;
      await using client = await watcher(pipeline);

      sources.add({ name: 'door', source: SHORT_CLIP, loop: true });
      assert.is(await stateOf(client, 'door', 'connecting'), '');
      const first = await frameOf(client, 'door');
      sources.pause('door');
      sources.pause('door');
      assert.is(await stateOf(client, 'door', 'offline'), 'paused');
      const paused = reportOf(pipeline, 'door');
      const numMessages = client.messages.length;
      await frameOf(client, 'steady');
      await frameOf(client, 'steady');
      const meanwhile = client.messages.slice(numMessages);
      sources.resume('door');
      sources.resume('door');
      assert.is(await stateOf(client, 'door', 'online'), '');
      const again = await frameOf(client, 'door');
      const last = sources.remove('door');
      assert.is(await stateOf(client, 'door', 'ended'), 'removed');
      await frameOf(client, 'steady');

      assert.equal([paused.state, paused.reason, paused.isRunning], ['offline', 'paused', false]);
      assert.is(paused.counts.inFlight, 0);
      assert.ok(meanwhile.every((message) => !('source' in message && message.source === 'door')));
      assert.ok(again > first, 'the numbers go on');
      assert.is(last.counts.inFlight, 0);
      assertAddsUp(last.counts);
      assert.equal(removed, [last]);
      assert.equal(
        sources.list().map(({ name, state }) => [name, state]),
        [['steady', 'online']],
      );
      const news = client.messages.filter(({ type }) => type === 'status');
      assert.ok(news.every((one) => !('state' in one && one.source === 'steady' && one.reason)));
    },
    LIMIT,
  );

  test(
    'goes on with the others where one is missing and one fails in the middle; each adds up',
    async () => {
      const maker = frameMaker();
      const failing$ = new Observable<Frame>((subscriber) => {
        subscriber.next(maker.open());
        setImmediate(() => subscriber.error(new Error('lens fell off rtsp://me:pw@cam/1')));
      });
      await using pipeline = await play([
        { name: 'gone', source: '/no/such/clip.mp4' },
        { name: 'a', source: SHORT_CLIP },
        { name: 'failing', source: failing$ },
      ]);
      await using client = await watcher(pipeline);

      await stateOf(client, 'a', 'ended');

      const reports = pipeline.sources.list();
      assert.equal(
        reports.map(({ name, state, reason }) => [name, state, reason]),
        [
          ['gone', 'offline', 'There is no file `/no/such/clip.mp4`'],
          ['a', 'ended', ''],
          ['failing', 'offline', 'lens fell off rtsp://***@cam/1'],
        ],
      );
      reports.forEach(({ counts }) => assertAddsUp(counts));
      assert.equal(
        reports.map(({ counts }) => counts.frames),
        [0, NUM_SHORT, 1],
      );
      assert.ok(reports[1]!.counts.delivered > 0);
      assert.equal(reports[2]!.counts.errors, 0);
      assert.is(maker.closed, 1);
    },
    LIMIT,
  );

  test(
    'takes frames of one’s own, and accounts for each when it is removed in the middle',
    async () => {
      const maker = frameMaker();
      const frames$ = new Subject<Frame>();
      await using pipeline = await play([{ name: 'mine', source: frames$ }]);
      const results: FrameDetections[] = [];
      pipeline.results$.subscribe((result) => results.push(result));
      while (results.length < 3) {
        frames$.next(maker.open());
        await new Promise((resolve) => setImmediate(resolve));
      }
      frames$.next(maker.open()); // one is being read and one waits
      frames$.next(maker.open());

      const { counts, source } = pipeline.sources.remove('mine');
      const numResults = results.length;
      await until(() => maker.closed === maker.opened);

      assert.is(source, 'frames');
      assertAddsUp(counts);
      assert.equal(
        [counts.frames, counts.delivered, counts.inFlight, counts.errors],
        [maker.opened, numResults, 0, 0],
      );
      assert.ok((counts.dropped['stopped'] ?? 0) > 0);
      assert.ok(results.every((result) => result.source === 'mine'));
      assert.is(results.length, numResults);
      assert.not.ok(frames$.observed);
    },
    LIMIT,
  );

  test(
    'takes an iterable, tells it when it is paused, and asks it anew when it is resumed',
    async () => {
      const maker = frameMaker();
      let numOpen = 0;
      const source = {
        async *[Symbol.asyncIterator]() {
          numOpen += 1;
          try {
            for (;;) {
              yield maker.open(); // never waits
            }
          } finally {
            numOpen -= 1;
          }
        },
      };
      await using pipeline = await play([{ name: 'mine', source, paused: true }]);
      assert.equal([reportOf(pipeline, 'mine').reason, maker.opened], ['paused', 0]);
      for (let round = 0; round < 2; round++) {
        pipeline.sources.resume('mine');
        await firstValueFrom(pipeline.results$.pipe(take(2), toArray()));
        pipeline.sources.pause('mine');
        await until(() => numOpen === 0 && maker.closed === maker.opened);
      }

      const { counts } = reportOf(pipeline, 'mine');
      assertAddsUp(counts);
      assert.ok(counts.delivered >= 4);
    },
    LIMIT,
  );

  test(
    'counts the frame that cannot be read as an error',
    async () => {
      const maker = frameMaker();
      const frames$ = new Subject<Frame>();
      await using pipeline = await play([{ name: 'mine', source: frames$ }]);
      pipeline.results$.subscribe();

      frames$.next(maker.open(7));
      await until(() => reportOf(pipeline, 'mine').counts.errors === 1);

      const { counts } = reportOf(pipeline, 'mine');
      assert.equal(counts, { frames: 1, delivered: 0, dropped: {}, errors: 1, inFlight: 0 });
    },
    LIMIT,
  );

  test(
    'accounts for every frame at close, and refuses changes after it',
    async () => {
      const pipeline = await play([
        { name: 'a', source: DEMO_CLIP, loop: true },
        { name: 'b', source: SHORT_CLIP, loop: true },
      ]);
      await using client = await watcher(pipeline);
      await frameOf(client, 'a');
      await frameOf(client, 'b');

      await pipeline.close();

      for (const { counts } of pipeline.sources.list()) {
        assertAddsUp(counts);
        assert.is(counts.inFlight, 0);
        assert.ok(counts.delivered > 0);
      }
      assert.throws(() => pipeline.sources.add({ name: 'c', source: SHORT_CLIP }), /closed/);
      assert.throws(() => pipeline.sources.resume('a'), /closed/);
    },
    LIMIT,
  );

  test(
    'refuses unknown names, names in use and wrong settings; hides passwords',
    async () => {
      await using pipeline = await play([{ name: 'a', source: SHORT_CLIP, paused: true }]);
      const { sources } = pipeline;
      const wrong = (work: () => unknown, name: string, message: RegExp): void => {
        assert.throws(work, (error: Error) => error.name === name && message.test(error.message));
      };

      for (const act of ['remove', 'pause', 'resume'] as const) {
        wrong(() => sources[act]('b'), 'RangeError', /no source named b; there are: a/);
      }
      wrong(() => sources.add({ name: 'a', source: 'x.mp4' }), 'RangeError', /unique/);
      wrong(() => sources.add({ name: '', source: 'x.mp4' }), 'TypeError', /`name` .*1 to 128/);
      wrong(() => sources.add({ name: 'b' } as PipelineSource), 'TypeError', /`source` .*nothing/);
      const strid = { name: 'b', source: 'x.mp4', strid: 2 };
      wrong(() => sources.add(strid), 'TypeError', /`strid`.*`stride`/);
      wrong(
        () => sources.add({ name: 'b', source: 'x', stride: 0 }),
        'TypeError',
        /`stride`.*>= 1/,
      );
      assert.is(sources.list().length, 1);
      sources.add({ name: 'cam', source: 'rtsp://me:secret@10.0.0.7/live', paused: true });
      assert.is(reportOf(pipeline, 'cam').source, 'rtsp://***@10.0.0.7/live');
      for (let i = 2; i < 64; i++) {
        sources.add({ name: `n${i}`, source: SHORT_CLIP, paused: true });
      }
      const more = { name: 'more', source: SHORT_CLIP, paused: true };
      wrong(() => sources.add(more), 'RangeError', /^There are 64 sources, .*--max-sources/);
      sources.remove('n2');
      sources.add(more);
    },
    LIMIT,
  );
});
