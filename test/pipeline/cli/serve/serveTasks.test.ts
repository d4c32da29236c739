/** Outlines, keypoints and captions for those who subscribe. */
import type { ChildProcess } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Subject } from 'rxjs';
import { frameFromPixels } from '../../../../operators/index.ts';
import { caption, createPipeline, pose, readPieces, segment } from '../../../../pipeline/index.ts';
import type {
  Detector,
  Frame,
  FrameTask,
  Pipeline,
  PipelineOptions,
  ReadingConfig,
} from '../../../../pipeline/index.ts';
import type { FrameMessage } from '../../../../server/index.ts';
import type { Imported } from '../../../models/import/imported.ts';
import { PROMPTS, importMultiTask, noisePicture } from '../../../support/models/multiTask.ts';
import * as assert from '../../../support/assert.ts';
import { linesOf, runProgram, startProgram } from '../../../support/program.ts';
import { runSnippet } from '../../../support/snippet.ts';
import { TestClient, openClient } from '../../../support/sockets/sockets.ts';
import { END_TO_END_MS, suite } from '../../../support/suite.ts';
import { until } from '../../../support/media/clips.ts';
import { trackless } from '../../../support/messages.ts';
import { assertAddsUp } from '../../../support/media/ownFrames.ts';

const CLIP = fileURLToPath(new URL('../../../fixtures/clips/h264.mp4', import.meta.url));
const SIZE = 64;
const PIECES = Array.from({ length: 1_000 }, (_, id) => `▁${id}`);
/** Random weights are sure of nothing. */
const DETECT: ReadingConfig = { minScore: 0, maxObjects: 6, noiseThreshold: 1, reuse: 'off' };

const allTasks = (detector: Detector): FrameTask[] => [
  segment(detector),
  pose(detector),
  caption(detector, PIECES),
];

/** Asserts that a frame has all that was asked for. */
function assertSeen({ caption: said = '', detections }: FrameMessage): void {
  assert.match(said, /^\d+( \d+)+$/);
  assert.ok(detections.length > 0);
  assert.ok(detections.some(({ polygons = [] }) => polygons.length > 0));
  for (const { polygons, keypoints = [] } of detections) {
    assert.ok(polygons);
    assert.equal(
      keypoints.map(({ name }) => name),
      PROMPTS.pose.names,
    );
  }
}

suite('tasks of running sources', (test) => {
  let model: Imported;
  const withModel = (title: string, work: () => Promise<void>): void =>
    test(title, work, { timeoutMs: END_TO_END_MS });
  test.before(async () => {
    // random weights find labels at random: all of them have keypoints
    model = await importMultiTask((labels) => labels.map(({ name }) => name));
    await writeFile(join(model.modelDir, 'pieces.json'), JSON.stringify(PIECES));
  });
  test.after(async () => {
    await model[Symbol.asyncDispose]();
  });

  /** A pipeline with one source of frames of noise, which come when they are asked for. */
  async function play(
    options: Partial<PipelineOptions> = {},
  ): Promise<AsyncDisposable & { pipeline: Pipeline; send: () => Promise<Frame> }> {
    const frames$ = new Subject<Frame>();
    let index = 0;
    const pipeline = await createPipeline({
      sources: [{ name: 'own', source: frames$ }],
      detector: { model: model.modelDir, device: 'cpu' },
      detect: DETECT,
      tasks: allTasks,
      server: { port: 0 },
      ...options,
    });
    const send = async (): Promise<Frame> => {
      const image = pipeline.detector.model.image;
      const facts = { width: SIZE, height: SIZE, image, index, pts: index / 25, source: 'own' };
      const frame = await frameFromPixels(noisePicture(SIZE), facts);
      index += 1;
      frames$.next(frame);
      return frame;
    };
    return { pipeline, send, [Symbol.asyncDispose]: () => pipeline.close() };
  }

  const countsOf = ({ sources }: Pipeline): Parameters<typeof assertAddsUp>[0] =>
    sources.list()[0]!.counts;

  withModel('reach subscribers, and not a frame that nobody wants', async () => {
    let numAsked = 0;
    const counted: FrameTask = ({ result }) => ((numAsked += 1), Promise.resolve(result));
    await using played = await play({ tasks: (detector) => [...allTasks(detector), counted] });
    const { pipeline, send } = played;

    const unwanted = await send();
    await using client = await openClient(pipeline.server);
    await client.subscribe();
    await send();
    const message = await client.next('frame');

    assertSeen(message);
    assert.equal([message.frame, message.final, message.skipped], [1, true, { idle: 1 }]);
    assert.equal([numAsked, unwanted.closed], [1, true]);
    assertAddsUp(countsOf(pipeline));
  });

  withModel('ask of nothing but what some subscriber wants', async () => {
    await using played = await play();
    const { pipeline, send } = played;
    await using client = await openClient(pipeline.server);
    await client.subscribe();
    await send();
    const whole = await client.next('frame');
    const [label = ''] = whole.detections.map((detection) => detection.label);
    assert.ok(whole.detections.some((detection) => detection.label !== label));

    await client.subscribe({ classes: [label] });
    await send();
    const part = await client.next('frame');
    await using late = await openClient(pipeline.server);
    await late.subscribe({ snapshot: true });
    const all = await late.next('frame');

    assertSeen(part);
    assert.ok(part.detections.every((detection) => detection.label === label));
    assert.is(all.frame, part.frame);
    assert.equal(
      all.detections.map((one) => ['polygons' in one, 'keypoints' in one]),
      all.detections.map((one) => [one.label === label, one.label === label]),
    );
  });

  withModel('are repeated while nothing moves', async () => {
    await using played = await play({ detect: { ...DETECT, motion: {} } });
    const { pipeline, send } = played;
    await using client = await openClient(pipeline.server);
    await client.subscribe();
    await send();
    const first = await client.next('frame');
    await send();
    const second = await client.next('frame');

    assertSeen(first);
    assert.equal([first.still, second.still], [undefined, true]);
    assert.equal([second.caption, second.detections], [first.caption, first.detections]);
  });

  withModel('leave the attention of a source to be asked for', async () => {
    await using played = await play();
    const { pipeline, send } = played;

    const asked = fetch(`${pipeline.server.url}v1/sources/own/attention`);
    const sending = setInterval(() => void send(), 50); // somebody asks, at some time
    const response = await asked.finally(() => clearInterval(sending));

    assert.is(response.status, 200);
    assert.match(await response.text(), /"objects":\[/);
  });

  for (const [how, leave, end] of [
    ['the source is paused', ({ sources }: Pipeline) => sources.pause('own'), 'stopped'],
    ['the pipeline is closed', (pipeline: Pipeline) => pipeline.close(), 'stopped'],
    [
      'the last subscriber leaves',
      (_: Pipeline, client: TestClient) => client.send({ type: 'unsubscribe', id: 'a' }),
      'delivered',
    ],
  ] as const) {
    withModel(`end when ${how}; the frame is accounted for`, async () => {
      const signals: AbortSignal[] = [];
      const endless: FrameTask = ({ result }, signal) => {
        signals.push(signal);
        return new Promise((resolve) => {
          signal.addEventListener('abort', () => resolve(result));
        });
      };
      await using played = await play({ tasks: () => [endless] });
      const { pipeline, send } = played;
      await using client = await openClient(pipeline.server);
      await client.subscribe();

      const frame = await send();
      await until(() => signals.length === 1);
      void leave(pipeline, client);
      await until(() => countsOf(pipeline).inFlight === 0);

      assert.equal([signals.map(({ aborted }) => aborted), frame.closed], [[true], true]);
      const { frames, delivered, dropped } = countsOf(pipeline);
      const ends: Readonly<Record<string, number>> = { delivered, ...dropped };
      assert.equal([frames, ends[end]], [1, 1]);
      assertAddsUp(countsOf(pipeline));
    });
  }

  withModel('fail with their frame when the worker dies, and go on with the next one', async () => {
    const started: ChildProcess[] = [];
    const see = (message: unknown): void =>
      void started.push((message as { process: ChildProcess }).process);
    const deadly: FrameTask = ({ result }) => {
      if (result.frame === 1) {
        started.at(-1)?.kill('SIGKILL');
      }
      return Promise.resolve(result);
    };
    subscribe('child_process', see);
    await using played = await play({ tasks: (detector) => [deadly, ...allTasks(detector)] });
    unsubscribe('child_process', see);
    const { pipeline, send } = played;
    await using client = await openClient(pipeline.server);
    await client.subscribe();

    await send();
    const before = await client.next('frame');
    await send();
    await until(() => countsOf(pipeline).errors === 1);
    await send();
    const after = await client.next('frame');

    assert.is(started.length, 1);
    assert.equal([after.frame, after.skipped], [2, { error: 1 }]);
    assert.equal([after.caption, trackless(after)], [before.caption, trackless(before)]);
    assertSeen(after);
    assertAddsUp(countsOf(pipeline));
  });

  withModel('have a block in the readme that runs', async () => {
    const opened: Pipeline[] = [];
    const names = {
      ...{ caption, pose, segment, readPieces: () => readPieces(model.modelDir) },
      async createPipeline(options: PipelineOptions) {
        const local = { detector: { model: model.modelDir, device: 'cpu' }, server: { port: 0 } };
        opened.push(await createPipeline({ ...options, ...local } as PipelineOptions));
      },
    };

    await runSnippet('pipeline/readme.md', 'More than boxes', names);

    const [report] = opened[0]!.sources.list();
    await opened[0]!.close();
    assert.equal([report?.name, report?.source], ['door', 'rtsp://10.0.0.7/live']);
  });

  withModel('stop a pipeline from being opened where the model knows them not', async () => {
    let isOpened = false;
    const source = new Subject<Frame>();
    const wrong = createPipeline({
      sources: [{ name: 'own', source }],
      detector: { device: 'cpu' },
      tasks: (detector) => [pose(detector)],
      server: { port: 0 },
      onState: () => (isOpened = true),
    });

    await assert.rejects(wrong, {
      code: 'ERR_MODEL_LOAD',
      message: /`nano` was not trained for the task `pose`/,
    });
    assert.equal([isOpened, source.observed], [false, false]);
  });

  for (const [how, argumentsOf] of [
    ['--task', () => ['--task', 'segment,pose,caption', '--conf', '0', '--max-objects', '4']],
    [
      'the configuration',
      async (folder: string) => {
        const file = join(folder, 'serve.yaml');
        await writeFile(
          file,
          'detect: { task: [segment, pose, caption], conf: 0, maxObjects: 4 }\n',
        );
        return ['--config', file];
      },
    ],
  ] as const) {
    withModel(`come with serve, asked for by ${how}`, async () => {
      const asked = await argumentsOf(model.modelDir);
      await using program = startProgram([
        ...['serve', '--port', '0', '--source', `clip=${CLIP}`, '--loop', '--device', 'cpu'],
        ...['--model', model.modelDir, ...asked],
      ]);
      const url = /http:\S+\//.exec(await program.line('stderr', /^Look at /))![0];
      await using client = new TestClient(`${url.replace('http', 'ws')}v1`);
      await client.next('hello');
      await client.subscribe();

      const message = await client.next('frame');

      assert.is(message.detections.length, 4);
      assertSeen(message);
    });
  }

  withModel('are refused by serve as by detect, before any source opens', async () => {
    const args = ['--task', 'pose', '--port', '0', '--source', 'a=/no/such.mp4'];
    const { code, stderr } = await runProgram(['serve', ...args]);
    const unknown = await runProgram(['serve', '--task', 'poses']);

    assert.is(code, 3);
    assert.equal(linesOf(stderr), [
      'pix2seq-stream: The model `nano` was not trained for the task `pose`; it knows detect [ERR_MODEL_LOAD]',
    ]);
    assert.is(unknown.code, 2);
    assert.match(unknown.stderr, /Expected some of detect, segment, pose, caption/);
  });
});
