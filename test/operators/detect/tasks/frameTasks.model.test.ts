import { Subject, finalize, firstValueFrom, from, lastValueFrom, of, pipe, toArray } from 'rxjs';
import type { Observable, OperatorFunction } from 'rxjs';
import {
  PipelineError,
  openLocalDetector,
  toCaption,
  toKeypoints,
  toObjectTokens,
  toPolygons,
} from '../../../../models/index.ts';
import type {
  Detection,
  Detector,
  Features,
  Frame,
  FrameDetections,
  RespondOptions,
} from '../../../../models/index.ts';
import { caption, detect, frameFromPixels, pose, segment } from '../../../../operators/index.ts';
import type { DetectConfig, FrameTask, SeenFrame } from '../../../../operators/index.ts';
import * as assert from '../../../support/assert.ts';
import { frameDetections } from '../../../support/frames.ts';
import { runSnippet } from '../../../support/snippet.ts';
import { MODEL_TEST_MS, suite } from '../../../support/suite.ts';
import type { Imported } from '../../../models/import/imported.ts';
import { PROMPTS, importMultiTask, noisePicture } from '../../../support/models/multiTask.ts';

const SIZE = 64;
/** Twice as wide as high, so that the model sees it half as large, over padding. */
const [WIDTH, HEIGHT] = [128, 64];
const PIECES = Array.from({ length: 1_000 }, (_, id) => `▁${id}`);
const READING: DetectConfig = { minScore: 0, maxObjects: 6, noiseThreshold: 1, reuse: 'off' };

suite('tasks of detect, with a small imported model', (test) => {
  const withModel = (title: string, work: () => Promise<void>): void =>
    test(title, work, { timeoutMs: MODEL_TEST_MS });
  let imported: Imported;
  let detector: Detector;
  let frame: Frame;
  let features: Features;

  const makeFrame = (index = 0): Promise<Frame> =>
    frameFromPixels(noisePicture(SIZE * 2).subarray(0, WIDTH * HEIGHT * 3), {
      ...{ width: WIDTH, height: HEIGHT, image: detector.model.image },
      ...{ index, pts: index, source: 'noise' },
    });
  const seenWith = (...detections: Detection[]): SeenFrame => {
    const result = frameDetections({ width: WIDTH, height: HEIGHT, detections });
    return { info: frame, features, image: frame.image, result, isWanted: () => true };
  };
  const detection = (label: string, box: Detection['box']): Detection => {
    const classId = detector.model.labels.findIndex(({ name }) => name === label);
    return { label, classId, score: 0.5, box };
  };
  const run = (task: FrameTask, seen: SeenFrame): ReturnType<FrameTask> =>
    task(seen, new AbortController().signal);

  test.before(async () => {
    imported = await importMultiTask();
    detector = await openLocalDetector({ model: imported.modelDir, device: 'cpu' });
    frame = await makeFrame();
    features = await detector.encode(frame.image);
  });
  test.after(async () => {
    features.close();
    frame.close();
    await detector.close();
    await imported[Symbol.asyncDispose]();
  });

  withModel('segment asks of each detection by its box and label', async () => {
    const tasks = [segment(detector)];
    const found = await lastValueFrom(
      of(await makeFrame()).pipe(detect(detector, { ...READING, tasks })),
    );

    const prompts = found.detections.map((one) => {
      return { task: 'segment', tokens: toObjectTokens(one, frame, detector.model) } as const;
    });
    const responses = await detector.respond(features, prompts);
    assert.equal(
      found.detections.map(({ polygons }) => polygons),
      responses.map((response) => toPolygons(response, frame, detector.model)),
    );
    assert.is(found.detections.length, 6);
    assert.ok(found.detections.some(({ polygons = [] }) => polygons.length > 0));
  });

  withModel('pose looks at the object alone, and leads back to the frame', async () => {
    const { model } = detector;
    const person = detection('person', { xmin: 40, ymin: 20, xmax: 60, ymax: 44 });
    // grown by half its size on each side, and in the model's pixels half as large
    const [left, top, width, height] = [15, 4, 20, 24];
    const pixels = Uint8Array.from({ length: width * height * 3 }, (_, i) => {
      const [y, x, c] = [Math.floor(i / (width * 3)), Math.floor(i / 3) % width, i % 3];
      return frame.image[((top + y) * SIZE + left + x) * 3 + c] ?? 0;
    });
    using crop = await frameFromPixels(pixels, {
      ...{ width, height, image: model.image, index: 0, pts: 0 },
    });
    using seen = await detector.encode(crop.image);
    const within = { box: { xmin: 5, ymin: 6, xmax: 15, ymax: 18 }, classId: person.classId };
    const tokens = toObjectTokens(within, crop, model);
    const [response] = await detector.respond(seen, [{ task: 'pose', tokens }]);
    const expected = toKeypoints(response!, crop, model).map((point) =>
      point.visible ? { ...point, x: (left + point.x) * 2, y: (top + point.y) * 2 } : point,
    );

    const { detections } = await run(pose(detector), seenWith(person));

    assert.equal(detections, [{ ...person, keypoints: expected }]);
    assert.ok(expected.some(({ visible }) => visible));
  });

  withModel('pose leaves alone what has no keypoints', async () => {
    const box = { xmin: 0, ymin: 0, xmax: 9, ymax: 9 };
    const [dog, person] = [detection('dog', box), detection('person', box)];

    const { detections } = await run(pose(detector), seenWith(dog, person));

    assert.equal(detections[0], dog);
    assert.is(detections[1]?.keypoints?.length, PROMPTS.pose.names.length);
  });

  withModel('leave alone what nobody wants', async () => {
    const box = { xmin: 0, ymin: 0, xmax: 99, ymax: 50 };
    const [first, second] = [detection('person', box), detection('person', box)];
    const isWanted = (one: Detection): boolean => one !== first;
    const seen = { ...seenWith(first, second), isWanted };

    const outlined = await run(segment(detector), seen);
    const posed = await run(pose(detector), seen);

    assert.equal([outlined.detections[0], posed.detections[0]], [first, first]);
    assert.ok(outlined.detections[1]?.polygons);
    assert.is(posed.detections[1]?.keypoints?.length, PROMPTS.pose.names.length);
  });

  withModel('pose bears boxes of no size, at the edge, and of the whole frame', async () => {
    const boxes = [
      { xmin: WIDTH, ymin: HEIGHT, xmax: WIDTH, ymax: HEIGHT },
      { xmin: 0, ymin: 0, xmax: 0, ymax: 0 },
      { xmin: 0, ymin: 0, xmax: WIDTH, ymax: HEIGHT },
    ];
    const people = boxes.map((box) => detection('person', box));

    const { detections } = await run(pose(detector), seenWith(...people));

    const points = detections.flatMap(({ keypoints = [] }) => keypoints);
    assert.is(points.length, 3 * PROMPTS.pose.names.length);
    assert.ok(points.every(({ x, y }) => x >= 0 && x <= WIDTH && y >= 0 && y <= HEIGHT));
  });

  withModel('caption says what the response spells', async () => {
    const [response] = await detector.respond(features, [{ task: 'caption' }]);

    const result = await run(caption(detector, PIECES), seenWith());

    assert.is(result.caption, toCaption(response!, detector.model, PIECES));
    assert.match(result.caption!, /^\d+( \d+)+$/);
    assert.equal(result.detections, []);
  });

  withModel('go one after the other, count as time of tokens, and leave nothing open', async () => {
    const frames = [await makeFrame(0), await makeFrame(1)];
    const order: string[] = [];
    let tokensMs = 0;
    const pixels = frames[0]!.image.slice();
    const last: FrameTask = async ({ result, features: held, image }) => {
      assert.equal(image, pixels);
      order.push(`${result.frame}: ${result.caption}, ${typeof result.detections[0]?.polygons}`);
      tokensMs = result.timing.tokensMs;
      assert.ok(Object.keys(await held.read()).length > 0, 'features are open');
      return result;
    };
    const tasks = [segment(detector), caption(detector, PIECES), last];

    const results = await lastValueFrom(
      from(frames).pipe(detect(detector, { ...READING, tasks }), toArray()),
    );

    assert.equal(
      order,
      results.map((result) => `${result.frame}: ${result.caption}, object`),
    );
    assert.ok(results[1]!.timing.tokensMs > tokensMs, 'more than what was read before');
    assert.ok(frames.every(({ closed }) => closed));
  });

  withModel('refuse wrong options where they are made', async () => {
    const wrong = { topp: 1 } as RespondOptions;

    for (const make of [
      () => segment(detector, wrong),
      () => pose(detector, wrong),
      () => caption(detector, PIECES, wrong),
    ]) {
      assert.throws(make, /Unknown option `topp` of respond; did you mean `topP`\?/);
    }
  });

  withModel('end between two objects when nobody waits any more', async () => {
    const people = Array.from({ length: 5 }, () =>
      detection('person', { xmin: 0, ymin: 0, xmax: 99, ymax: 50 }),
    );

    const { detections } = await pose(detector)(seenWith(...people), AbortSignal.abort());

    assert.equal(detections, people);
  });

  withModel('fail with their frame, and the next one is seen', async () => {
    const failing: FrameTask = (seen, signal) =>
      seen.result.frame === 0
        ? Promise.reject(new PipelineError('ERR_MODEL_RUN', 'no'))
        : caption(detector, PIECES)(seen, signal);
    const frames = [await makeFrame(0), await makeFrame(1)];
    const faults: number[] = [];
    const onFault = (_: PipelineError, { index }: Frame): void => void faults.push(index);

    const results = await lastValueFrom(
      from(frames).pipe(detect(detector, { ...READING, tasks: [failing], onFault }), toArray()),
    );

    assert.equal(faults, [0]);
    assert.equal(
      results.map(({ frame: index, skipped, caption: said }) => [index, skipped, typeof said]),
      [[1, { error: 1 }, 'string']],
    );
    assert.ok(frames.every(({ closed }) => closed));
  });
});

suite('the documents on tasks', (test) => {
  const said: unknown[][] = [];
  const names = {
    ...{ caption, pose, segment },
    openDetector: () => openLocalDetector({ model: imported.modelDir, device: 'cpu' }),
    readPieces: () => Promise.resolve(PIECES),
    console: { log: (...values: unknown[]) => said.push(values) },
  };
  let imported: Imported;
  let detector: Detector;
  test.before(async () => {
    imported = await importMultiTask();
    detector = await openLocalDetector({ model: imported.modelDir, device: 'cpu' });
  });
  test.after(async () => {
    await detector.close();
    await imported[Symbol.asyncDispose]();
  });
  const open = (): Promise<Frame> =>
    frameFromPixels(noisePicture(SIZE), {
      ...{ width: SIZE, height: SIZE, image: detector.model.image, index: 0, pts: 0 },
    });

  test('have a block for detectors that runs', async () => {
    const frame = await open();
    const box = { xmin: 8, ymin: 8, xmax: 40, ymax: 40 };
    const detection: Detection = { label: 'person', classId: 0, score: 1, box };
    said.length = 0;

    const pix2seq = {
      ...{ ...names, toCaption, toObjectTokens, toPolygons },
      fromImages: () => of(frame),
      toDetections: () => [detection], // random weights find nothing
    };
    await runSnippet('models/readme.md', 'Prompts', { ...names, firstValueFrom, pix2seq });

    assert.is(said.length, 2);
    assert.is(said[0]?.[0], 'person');
    assert.ok(Array.isArray(said[0]?.[1]));
    assert.ok(frame.closed);
    assert.match(said[1]?.[0] as string, /^\d+( \d+)+$/);
  });

  test('have a block for streams that runs', async () => {
    const frame = await open();
    const all = { ...READING, maxObjects: 3 };
    const done = new Subject<void>();
    const reading = (
      one: Detector,
      config: DetectConfig,
    ): OperatorFunction<Frame, FrameDetections> =>
      pipe(
        detect(one, { ...all, ...config }),
        finalize(() => done.complete()),
      );
    const fromVideo = (): Observable<Frame> => of(frame);
    const ended = lastValueFrom(done, { defaultValue: undefined });
    said.length = 0;

    await runSnippet('operators/readme.md', 'More than boxes', {
      ...{ ...names, fromVideo, detect: reading },
    });
    await ended;

    assert.is(said.length, 3);
    assert.ok(
      said.every(([text, , polygons]) => typeof text === 'string' && Array.isArray(polygons)),
    );
  });
});

suite('tasks of a model for detection alone', (test) => {
  test('are refused where they are asked for', async () => {
    await using detector = await openLocalDetector({ device: 'cpu' });
    const makers: [() => FrameTask, RegExp][] = [
      [() => segment(detector), /`nano` was not trained for the task `segment`/],
      [() => pose(detector), /`nano` was not trained for the task `pose`/],
      [() => caption(detector, PIECES), /`nano` was not trained for the task `caption`/],
    ];

    for (const [make, message] of makers) {
      assert.throws(make, message);
    }
  });
});
