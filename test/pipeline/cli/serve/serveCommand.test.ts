import { fileURLToPath } from 'node:url';
import { lastValueFrom, map, toArray } from 'rxjs';
import { openLocalDetector } from '../../../../models/index.ts';
import type { FrameDetections } from '../../../../models/index.ts';
import { detect, fromVideo } from '../../../../operators/index.ts';
import { DEMO_CLIP } from '../../../../pipeline/run/openSource.ts';
import { rounded } from '../../../../pipeline/sinks/rounded.ts';
import type { FrameMessage, ObjectMessage } from '../../../../server/index.ts';
import * as assert from '../../../support/assert.ts';
import { linesOf, runProgram, startProgram } from '../../../support/program.ts';
import type { Program } from '../../../support/program.ts';
import { TestClient, startServer } from '../../../support/sockets/sockets.ts';
import { END_TO_END_MS, suite } from '../../../support/suite.ts';
import { trackless } from '../../../support/messages.ts';

const LIMIT = { timeoutMs: END_TO_END_MS };
/** How long the program may take to end, milliseconds: clients get a second. */
const SHUTDOWN_MS = 4_000;
/** Frames of the demo that are compared. */
const NUM_COMPARED = 12;
/** A clip of 20 frames, two seconds. */
const SHORT_CLIP = fileURLToPath(new URL('../../../fixtures/clips/h264.mp4', import.meta.url));
const NUM_SHORT = 20;

/** What the library finds in a clip's first frames, called directly. */
async function inThread(clip: string, maxFrames: number): Promise<FrameDetections[]> {
  await using detector = await openLocalDetector();
  const config = { image: detector.model.image, maxFrames };
  return await lastValueFrom(
    fromVideo(clip, config).pipe(detect(detector), map(rounded), toArray()),
  );
}

/** Waits until the server says where it is. @returns its address, ending in a slash */
async function addressOf(program: Program): Promise<string> {
  const line = await program.line('stderr', /^Look at /);
  return /http:\S+\//.exec(line)![0];
}

async function connect(url: string): Promise<TestClient> {
  const client = new TestClient(`${url.replace('http', 'ws')}v1`);
  await client.next('hello');
  return client;
}

/** Frames of a source as the last lines tell of them; they must add up. */
function countsOf(stderr: string, name: string): Record<string, number> {
  const line = linesOf(stderr).findLast((one) => one.startsWith(`${name}: `)) ?? '';
  const counts = [...line.matchAll(/(\d+) ([a-z]+)/g)].map(([, n, what]) => [what, Number(n)]);
  const { frames, ...ends } = Object.fromEntries(counts) as Record<string, number>;
  const sum = Object.values(ends).reduce((total, count) => total + count, 0);
  assert.is(sum, frames, line);
  return { frames: frames ?? 0, ...ends };
}

/** Ends a program that serves a client, and looks how. @param states lines that it told of its sources, in any order */
async function assertEndsAt(
  signal: NodeJS.Signals,
  program: Program,
  client: TestClient,
  sources: readonly string[],
  states: readonly string[],
): Promise<void> {
  const askedMs = performance.now();
  program.signal(signal);
  const [{ code }, run] = [await client.closed, await program.ended];

  assert.equal([code, run.code, run.signal, run.stdout], [1001, 0, null, '']);
  assert.ok(performance.now() - askedMs < SHUTDOWN_MS, 'ends soon');
  const lines = linesOf(run.stderr);
  assert.is(lines.length, 2 + states.length + sources.length, run.stderr);
  for (const state of states) {
    assert.ok(lines.includes(state), run.stderr);
  }
  const counts = sources.map((name) => countsOf(run.stderr, name));
  assert.ok((counts[0]?.['read'] ?? 0) > 0, run.stderr);
}

suite('serveCommand', (test) => {
  test(
    'plays the bundled clip to subscribers, as the library finds it; ends at Ctrl-C',
    async () => {
      await using program = startProgram(['serve', '--port', '0', '--reuse', 'refine']);
      const url = await addressOf(program);
      await using client = await connect(url);
      await client.subscribe({ objects: true, policy: 'all' });

      const frames: FrameMessage[] = [];
      while (frames.length < NUM_COMPARED) {
        frames.push(await client.next('frame'));
      }
      const pages = await Promise.all(
        ['', 'viewer.css', 'healthz', 'readyz'].map((path) => fetch(url + path)),
      );
      const bodies = await Promise.all(pages.map((page) => page.text()));

      assert.equal(
        pages.map(({ status }) => status),
        [200, 200, 200, 200],
      );
      assert.match(bodies[0] ?? '', '<title>pix2seq-stream viewer</title>');
      assert.equal(bodies.slice(2), ['ok', 'ok']);
      await assertEndsAt('SIGINT', program, client, ['campus'], ['campus: online']);

      const expected = await inThread(DEMO_CLIP, frames.at(-1)!.frame + 1);
      for (const frame of frames) {
        assert.is(frame.source, 'campus');
        assert.equal(trackless(frame), trackless(expected[frame.frame]!), `frame ${frame.frame}`);
        assert.ok(frame.detections.every(({ trackId }) => trackId !== undefined));
      }
      const seqs = frames.map(({ seq }) => seq);
      assert.equal(
        seqs,
        seqs.map((_, index) => seqs[0]! + index),
      );
      assertObjectsPrecede(client, frames.slice(1));
    },
    LIMIT,
  );

  test(
    'plays a file for ever with --loop, thinned by --vid-stride; ends at SIGTERM',
    async () => {
      const args = ['--source', `a=${SHORT_CLIP}`, '--loop', '--vid-stride', '2', '--drain', '0'];
      await using program = startProgram(['serve', '--port', '0', '--reuse', 'refine', ...args]);
      await using client = await connect(await addressOf(program));
      await client.subscribe({ policy: 'all' });

      const frames: FrameMessage[] = [];
      while ((frames.at(-1)?.frame ?? 0) < 1.5 * NUM_SHORT) {
        frames.push(await client.next('frame'));
      }
      await assertEndsAt('SIGTERM', program, client, ['a'], ['a: online']);

      const expected = await inThread(SHORT_CLIP, NUM_SHORT);
      for (const frame of frames) {
        assert.is(frame.frame % 2, 0);
        const same = expected[frame.frame % NUM_SHORT]!;
        assert.equal(trackless(frame), trackless(same), `frame ${frame.frame}`);
        assert.close([frame.pts], [frame.frame / 10], { abs: 0.011 });
      }
    },
    LIMIT,
  );

  test(
    'goes on where one source is missing; a file that is over has ended',
    async () => {
      const sources = ['--source', `a=${SHORT_CLIP}`, '--source', 'gone=/no/such/clip.mp4'];
      await using program = startProgram(['serve', '--port', '0', ...sources]);
      const url = await addressOf(program);
      await using client = await connect(url);
      await client.subscribe({ policy: 'all' });

      let ended;
      do {
        ended = await client.next('status');
      } while (ended.source !== 'a' || ended.state !== 'ended');
      const ready = await fetch(`${url}readyz`);

      const gone = client.messages.find(
        (message) => message.type === 'status' && message.source === 'gone',
      );
      const reason = 'There is no file `/no/such/clip.mp4`';
      assert.equal(gone, { v: 1, type: 'status', source: 'gone', state: 'offline', reason });
      const frames = client.messages.filter(({ type }) => type === 'frame') as FrameMessage[];
      assert.is(frames.at(-1)?.frame, NUM_SHORT - 1, 'the last frame comes before the end');
      assert.is(ready.status, 200);
      await assertEndsAt(
        'SIGINT',
        program,
        client,
        ['a', 'gone'],
        ['a: online', 'a: ended', 'gone: offline, There is no file `/no/such/clip.mp4`'],
      );
    },
    LIMIT,
  );

  test(
    'says that a port is in use, and the way out',
    async () => {
      await using server = await startServer();

      const run = await runProgram(['serve', '--port', String(server.port)]);

      assert.is(run.code, 1);
      assert.is(
        run.stderr,
        `pix2seq-stream: Port ${server.port} of 127.0.0.1 is in use; choose another with --port [ERR_SERVER_LISTEN]\n`,
      );
    },
    LIMIT,
  );
});

/** Asserts that each frame's objects came one by one, just before it. */
function assertObjectsPrecede(client: TestClient, frames: readonly FrameMessage[]): void {
  const { messages } = client;
  for (const frame of frames) {
    const at = messages.indexOf(frame);
    const before = messages
      .slice(0, at)
      .filter((message) => message.type === 'object' && message.frame === frame.frame);
    const found = (before as ObjectMessage[]).map(({ index, detection }) => ({
      index,
      detection: trackless({ detections: [detection] })[0],
    }));
    const objects = trackless(frame).map((detection, index) => ({ index, detection }));
    assert.equal(found, objects, `objects of frame ${frame.frame}`);
  }
}
