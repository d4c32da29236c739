/** Demand from the subscriber to the decoder: what nobody asks for is not read. */
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { firstValueFrom, lastValueFrom, take } from 'rxjs';
import { WebSocket } from 'ws';
import { DEMO_CLIP, createPipeline } from '../../../pipeline/index.ts';
import type { Pipeline, PipelineOptions } from '../../../pipeline/index.ts';
import type { DetectionServer, FrameMessage, SourceInfo } from '../../../server/index.ts';
import * as assert from '../../support/assert.ts';
import { openClient, socketUrl } from '../../support/sockets/sockets.ts';
import type { TestClient } from '../../support/sockets/sockets.ts';
import { MODEL_TEST_MS, suite } from '../../support/suite.ts';
import { trackless } from '../../support/messages.ts';

const LIMIT = { timeoutMs: MODEL_TEST_MS };
/** A clip of two seconds. */
const SHORT_CLIP = fileURLToPath(new URL('../../fixtures/clips/h264.mp4', import.meta.url));
/** Size of the bundled clip. */
const SIZE = { width: 768, height: 576 };
/** Frames that are compared. */
const NUM_COMPARED = 3;
/** Frames of another source that are waited for while one has no listeners. */
const NUM_IDLE = 5;

/** Plays the bundled clip for ever, without drafts, so that a frame costs the same whatever came before it. */
function play(options: Partial<PipelineOptions> = {}): Promise<Pipeline> {
  return createPipeline({
    sources: [{ name: 'yard', source: DEMO_CLIP, loop: true }],
    server: { port: 0 },
    ...options,
    detect: { reuse: 'off', ...options.detect },
  });
}

/** Between two requests, milliseconds. */
const PAUSE_MS = 100;

/** Waits until the only source is in a state, without asking for its frames. */
async function untilState(
  { url }: DetectionServer,
  state: SourceInfo['state'],
): Promise<SourceInfo | undefined> {
  for (;;) {
    const response = await fetch(`${url}v1/sources`);
    const [source] = (await response.json()) as SourceInfo[];
    if (source?.state === state) {
      return source;
    }
    await pause(PAUSE_MS); // the server answers no more than some requests a second
  }
}

/** The next frame message of a subscription. */
async function nextOf(client: TestClient, id: string): Promise<FrameMessage> {
  for (;;) {
    const frame = await client.next('frame');
    if (frame.id === id) {
      return frame;
    }
  }
}

async function unsubscribe(client: TestClient, id: string): Promise<void> {
  client.send({ type: 'unsubscribe', id });
  await client.next('unsubscribed');
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

suite('demand', (test) => {
  test(
    'reads nothing until somebody listens, then the next frame; the source is online all the same',
    async () => {
      await using pipeline = await play();
      const { server } = pipeline;

      const source = await untilState(server, 'online');
      const ready = await fetch(`${server.url}readyz`);
      await using client = await openClient(server);
      await client.subscribe();
      const [first, second] = [await client.next('frame'), await client.next('frame')];

      const { counts, ...facts } = source ?? {};
      assert.equal(facts, { name: 'yard', state: 'online', ...SIZE });
      assert.is(counts?.delivered, 0);
      assert.ok((counts?.frames ?? 0) > 0);
      assert.is(ready.status, 200);
      assert.is(first.seq, 1);
      assert.ok(first.frame > 0);
      assert.is(first.skipped?.['idle'], first.frame);
      assert.is(second.skipped?.['idle'], undefined);
    },
    LIMIT,
  );

  test(
    'stops reading a source when its last subscriber leaves, and goes on when one is back',
    async () => {
      const sources = ['yard', 'ruler'].map((name) => ({ name, source: DEMO_CLIP, loop: true }));
      await using pipeline = await play({ sources });
      await using client = await openClient(pipeline.server);
      await client.subscribe({ id: 'ruler', sources: ['ruler'] });
      await client.subscribe({ id: 'yard', sources: ['yard'] });
      const before = await nextOf(client, 'yard');

      await unsubscribe(client, 'yard');
      const { frame } = await nextOf(client, 'ruler');
      while ((await nextOf(client, 'ruler')).frame < frame + NUM_IDLE) {
        // the other source counts the frames that pass meanwhile
      }
      await client.subscribe({ id: 'yard', sources: ['yard'] });
      const after = await nextOf(client, 'yard');
      const next = await nextOf(client, 'yard');

      const idle = after.skipped?.['idle'] ?? 0;
      assert.ok(idle > 0 && idle < after.frame - before.frame, `${idle} idle`);
      const numUnseen = after.seq - before.seq - 1;
      assert.ok(numUnseen <= 2, 'none but the frame being read and the one that waited');
      assert.is(next.skipped?.['idle'], undefined);
    },
    LIMIT,
  );

  test(
    'stops within a frame once every subscriber has its number, and reads on for who wants all',
    async () => {
      await using pipeline = await play();
      await using client = await openClient(pipeline.server);
      const wish = { classes: ['person'], limit: 1 };
      await client.subscribe({ id: 'one', ...wish });
      const limited: FrameMessage[] = [];
      while (limited.length < NUM_COMPARED) {
        limited.push(await nextOf(client, 'one'));
      }
      await client.subscribe({ id: 'all' });
      await nextOf(client, 'all'); // may have been begun for the other one only
      const whole: FrameMessage[] = [];
      const thinned: FrameMessage[] = [];
      while (whole.length < NUM_COMPARED) {
        thinned.push(await nextOf(client, 'one'));
        whole.push(await nextOf(client, 'all'));
      }
      await unsubscribe(client, 'all');
      await nextOf(client, 'one'); // may have been begun for both
      const again = await nextOf(client, 'one');

      for (const frame of [...limited, again]) {
        assert.equal([frame.stop, frame.detections.length], ['filter', 1]);
        assert.is(frame.detections[0]?.label, 'person');
      }
      for (const [index, frame] of whole.entries()) {
        assert.is(frame.stop, 'eos');
        const persons = frame.detections.filter(({ label }) => label === 'person');
        assert.is(thinned[index]?.frame, frame.frame);
        assert.equal(thinned[index]?.detections, persons.slice(0, 1));
      }
      const [few, many] = [limited, whole].map((frames) =>
        mean(frames.map(({ tokens }) => tokens.passes)),
      );
      assert.ok(few! < many!, `${few} passes instead of ${many}`);
    },
    LIMIT,
  );

  test(
    'counts only objects that the pipeline itself lets through',
    async () => {
      await using pipeline = await play({ detect: { classes: ['car'], minScore: 0.5 } });
      await using client = await openClient(pipeline.server);
      await client.subscribe({ limit: 1, objects: true });

      for (let index = 0; index < NUM_COMPARED; index++) {
        const object = await client.next('object');
        const frame = await client.next('frame');
        assert.is(frame.stop, 'filter');
        assert.equal(trackless(frame), trackless({ detections: [object.detection] }));
        assert.ok(object.detection.label === 'car' && object.detection.score >= 0.5);
      }
    },
    LIMIT,
  );

  test(
    'reads for who watches the pictures only',
    async () => {
      await using pipeline = await play();
      const { server } = pipeline;
      await untilState(server, 'online');

      const socket = new WebSocket(socketUrl(server, '/v1/pictures?source=yard'));
      const [picture] = (await once(socket, 'message')) as [Buffer];
      assert.ok(picture.readUInt32BE() > 0, 'the frames before it were not read');
      assert.equal(server.demand('yard'), [{}]);
      socket.close();
    },
    LIMIT,
  );

  test(
    'reads every frame to its end while results$ is observed, whatever the subscribers want',
    async () => {
      await using pipeline = await play();
      await untilState(pipeline.server, 'online');
      await using client = await openClient(pipeline.server);

      const alone = await firstValueFrom(pipeline.results$);
      const numSeen = client.messages.length;
      await client.subscribe({ limit: 1 });
      const two$ = pipeline.results$.pipe(take(2)); // the first one may have been begun before
      const both = await lastValueFrom(two$);
      let limited = await client.next('frame');
      while (limited.frame <= both.frame) {
        limited = await client.next('frame');
      }

      assert.is(alone.skipped?.['idle'], alone.frame);
      assert.is(numSeen, 1);
      assert.equal([alone.stop, both.stop, limited.stop], ['eos', 'eos', 'filter']);
    },
    LIMIT,
  );

  test(
    'lets a file play to its end unread',
    async () => {
      const sources = [{ name: 'short', source: SHORT_CLIP }];
      await using pipeline = await play({ sources });
      const { server } = pipeline;

      const source = await untilState(server, 'ended');
      await using client = await openClient(server);
      await client.subscribe();
      await client.settle();

      assert.is(source?.rate, undefined);
      assert.ok((source?.width ?? 0) > 0);
      assert.equal(
        client.messages.map(({ type }) => type),
        ['hello', 'subscribed', 'status'],
      );
    },
    LIMIT,
  );
});
