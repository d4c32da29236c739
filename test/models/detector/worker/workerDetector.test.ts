import { getEventListeners } from 'node:events';
import type { Worker } from 'node:worker_threads';
import { openDetector, openLocalDetector } from '../../../../models/index.ts';
import type { DecodeOptions, Detector, ObjectTokens } from '../../../../models/index.ts';
import * as assert from '../../../support/assert.ts';
import { MODEL_TEST_MS, suite } from '../../../support/suite.ts';
import { PICTURES, letterboxed, readGolden } from '../../../support/models/bundled.ts';
import {
  TINY,
  TINY_BYTES,
  TINY_TOKENS,
  copyFolder,
  graph,
} from '../../../support/models/tinyModel.ts';

const ENDLESS: DecodeOptions = { eosOffset: 1e9, noiseThreshold: 1 };
const image = new Uint8Array(TINY_BYTES);
const tiny = { model: TINY, device: 'cpu', threads: 1 } as const;

/** Opens the tiny model and gets hold of its worker, as a crash would. */
async function openWithWorker(): Promise<{ detector: Detector; worker: Worker }> {
  let worker: Worker | undefined;
  process.once('worker', (made) => {
    worker = made;
  });
  const detector = await openDetector(tiny);
  return { detector, worker: worker! };
}

suite('openDetector with the bundled model', (test) => {
  const withModel = (title: string, work: () => Promise<void>): void =>
    test(title, work, { timeoutMs: MODEL_TEST_MS });
  let local: Detector;
  let worker: Detector;

  test.before(async () => {
    [local, worker] = await Promise.all([
      openLocalDetector({ device: 'cpu' }),
      openDetector({ device: 'cpu' }),
    ]);
  });
  test.after(() => Promise.all([local.close(), worker.close()]).then(() => undefined));

  withModel('gives what the detector in this thread gives, token for token', async () => {
    assert.equal(worker.model, local.model);
    assert.is(worker.device, local.device);

    for (const picture of PICTURES) {
      const pixels = await letterboxed(picture);
      using there = await worker.encode(pixels);
      using here = await local.encode(pixels);
      for (const options of [{}, ENDLESS, { topP: 0.9, temperature: 1.2, seed: 3 }]) {
        const far = await worker.decode(there, { ...options, maxObjects: 15 });
        const near = await local.decode(here, { ...options, maxObjects: 15 });

        assert.equal(far.tokens, near.tokens);
        assert.close(far.scores, near.scores, { abs: 1e-5 });
        assert.is(far.stop, near.stop);
        assert.is(far.final, near.final);
        assert.equal(far.counts, near.counts);
      }
    }
  });

  withModel('reads features of the same shapes and numbers', async () => {
    const pixels = await letterboxed('campus');
    using there = await worker.encode(pixels);
    using here = await local.encode(pixels);

    const far = await there.read();
    const near = await here.read();

    assert.equal(Object.keys(far), Object.keys(near));
    for (const [name, { type, dims, data }] of Object.entries(far)) {
      const other = near[name]!;
      assert.is(type, other.type);
      assert.equal(dims, other.dims);
      assert.close(data as Float32Array, other.data as Float32Array, { abs: 1e-3 });
    }
    assert.equal(far['memory.box']?.dims, [1, 4, 96]);
    assert.equal(far['memory.splat']?.dims, [1, 4, 96, 500]);
  });

  withModel('takes a picture in shared memory', async () => {
    const pixels = await letterboxed('campus');
    const shared = new Uint8Array(new SharedArrayBuffer(pixels.length));
    shared.set(pixels);
    const { runs } = await readGolden('campus');

    using features = await worker.encode(shared);
    const found = await worker.decode(features, runs[0]!.options);

    assert.equal([...found.tokens], runs[0]!.tokens);
  });

  withModel('does not mix up calls that are asked for at once', async () => {
    const golden = await Promise.all(PICTURES.map(readGolden));
    const images = await Promise.all(PICTURES.map(letterboxed));

    const asked = images.map(async (pixels) => {
      using features = await worker.encode(pixels);
      return (await worker.decode(features, golden[0]!.runs[0]!.options)).tokens;
    });

    for (const [i, tokens] of (await Promise.all(asked)).entries()) {
      assert.equal([...tokens], golden[i]!.runs[0]!.tokens);
    }
    const kept = await Promise.all(images.map((pixels) => worker.encode(pixels)));
    const found = await Promise.all(
      kept.toReversed().map((features) => worker.decode(features, golden[0]!.runs[0]!.options)),
    );
    for (const [i, { tokens }] of found.toReversed().entries()) {
      assert.equal([...tokens], golden[i]!.runs[0]!.tokens);
      kept[i]!.close();
    }
  });

  withModel('ends between two tokens when it is aborted', async () => {
    using features = await worker.encode(await letterboxed('campus'));
    const full = await worker.decode(features, ENDLESS);
    const controller = new AbortController();

    const cut = await worker.decode(features, ENDLESS, {
      signal: controller.signal,
      onObject: ({ index }) => index === 0 && controller.abort(),
    });

    assert.is(cut.stop, 'abort');
    assert.is(cut.final, false);
    assert.ok(cut.scores.length < 100, `${cut.scores.length} objects`);
    assert.equal(cut.tokens, full.tokens.slice(0, cut.tokens.length));
    assert.is(cut.tokens.length, 5 * cut.scores.length);
  });

  withModel('leaves this thread free while it computes', async () => {
    using features = await worker.encode(await letterboxed('campus'));
    let numTurns = 0;
    let pending = true;
    const turn = (): void => {
      numTurns += 1;
      if (pending) {
        setImmediate(turn);
      }
    };

    setImmediate(turn);
    const { counts } = await worker.decode(features, ENDLESS);
    pending = false;

    assert.ok(numTurns > counts.passes, `${numTurns} turns in ${counts.passes} calls`);
  });
});

suite('openDetector', (test) => {
  /** For the tests that leave it as it was. */
  let detector: Detector;
  test.before(async () => {
    detector = await openDetector(tiny);
  });
  test.after(() => detector.close());

  test('reads the script of the tiny model and hands out objects in order', async () => {
    using features = await detector.encode(image);
    const seen: ObjectTokens[] = [];

    const found = await detector.decode(features, {}, { onObject: (object) => seen.push(object) });

    assert.equal([...found.tokens], TINY_TOKENS);
    assert.equal(
      seen.flatMap(({ tokens }) => [...tokens]),
      TINY_TOKENS,
    );
    assert.equal(
      seen.map(({ index }) => index),
      [0, 1, 2, 3, 4],
    );
  });

  test('makes no call for a signal that is aborted already', async () => {
    using features = await detector.encode(image);

    const found = await detector.decode(features, {}, { signal: AbortSignal.abort() });

    assert.is(found.stop, 'abort');
    assert.is(found.counts.passes, 0);
  });

  test('listens to a signal no longer than its decode', async () => {
    using features = await detector.encode(image);
    const controller = new AbortController();

    await detector.decode(features, {}, { signal: controller.signal });
    assert.is(getEventListeners(controller.signal, 'abort').length, 0);
    controller.abort();

    assert.is((await detector.decode(features)).stop, 'eos');
  });

  test('refuses unknown options and wrong values before a worker starts', async () => {
    let numWorkers = 0;
    const count = (): void => void (numWorkers += 1);
    process.on('worker', count);

    await assert.rejects(openDetector({ thread: 1 } as object), {
      name: 'TypeError',
      message: /`thread` of openDetector; did you mean `threads`/,
    });
    await assert.rejects(openDetector({ rules: [] } as object), { message: /`rules`/ });
    await assert.rejects(openDetector({ device: 'gpu' } as object), { message: /`device`/ });
    await assert.rejects(openDetector({ threads: 0 }), { name: 'RangeError' });

    process.off('worker', count);
    assert.is(numWorkers, 0);
  });

  test(
    'passes on why a model does not open, with code and details',
    async () => {
      await using wrong = await copyFolder(TINY, { decoder: graph('decoder-width-5') });

      await assert.rejects(openDetector({ ...tiny, model: '/nowhere' }), {
        name: 'PipelineError',
        code: 'ERR_MODEL_LOAD',
        message: /No model at `\/nowhere`/,
      });
      await assert.rejects(openDetector({ ...tiny, model: wrong.path }), {
        code: 'ERR_MODEL_CONTRACT',
        message: /\[B,P,4\], found float32 \[B,P,5\]/,
      });
    },
    { timeoutMs: MODEL_TEST_MS }, // it starts two workers
  );

  test('refuses wrong decode options and pictures without harm to the next call', async () => {
    using features = await detector.encode(image);

    await assert.rejects(detector.decode(features, { maxObjects: 0 }), { name: 'RangeError' });
    await assert.rejects(detector.decode(features, { topp: 1 } as object), { name: 'TypeError' });
    await assert.rejects(detector.encode(new Uint8Array(5)), {
      name: 'RangeError',
      message: /shape \[32, 32, 3\], got 5 bytes/,
    });

    assert.is((await detector.decode(features)).scores.length, 5);
  });

  test('rejects with what a callback throws and is fit for the next call', async () => {
    using features = await detector.encode(image);
    const onObject = (): never => {
      throw new Error('callback');
    };

    await assert.rejects(detector.decode(features, ENDLESS, { onObject }), {
      message: /^callback$/,
    });

    assert.is((await detector.decode(features)).scores.length, 5);
  });

  test('refuses features of another detector', async () => {
    await using other = await openDetector(tiny);
    using own = await detector.encode(image);
    using foreign = await other.encode(image);

    await assert.rejects(detector.decode(foreign), { message: /from the detector that decodes/ });
    assert.is((await detector.decode(own)).scores.length, 5);
  });

  test('rejects what uses features after they are closed, and says so', async () => {
    await using detector = await openDetector(tiny);
    const features = await detector.encode(image);
    features.close();
    features.close();

    const message = /features are used before they are closed/;
    await assert.rejects(detector.decode(features), { message });
    await assert.rejects(features.read(), { message });
  });

  test('rejects every call once closed and may be closed twice', async () => {
    const detector = await openDetector(tiny);
    const features = await detector.encode(image);

    await Promise.all([detector.close(), detector.close()]);
    await detector.close();

    const code = 'ERR_WORKER_EXIT';
    await assert.rejects(detector.encode(image), { code });
    await assert.rejects(detector.decode(features), { code });
    await assert.rejects(features.read(), { code });
    features.close();
  });

  test('answers what was asked for before it closes', async () => {
    const detector = await openDetector(tiny);
    const features = await detector.encode(image);

    const asked = detector.decode(features);
    await detector.close();

    assert.is((await asked).scores.length, 5);
  });

  test('rejects what waits, and what comes after, when its worker crashes', async () => {
    const { detector, worker } = await openWithWorker();
    const features = await detector.encode(image);

    const waiting = detector.decode(features, ENDLESS);
    worker.postMessage(null); // no request: the worker fails on it

    const error = await assert.rejects(waiting, {
      code: 'ERR_WORKER_EXIT',
      message: /^The inference worker failed: /,
    });
    assert.ok(error.cause instanceof Error);
    await assert.rejects(detector.encode(image), { code: 'ERR_WORKER_EXIT' });
    features.close();
    await detector.close();
  });

  test('rejects what waits when its worker is killed', async () => {
    const { detector, worker } = await openWithWorker();
    const features = await detector.encode(image);

    const waiting = [detector.decode(features, ENDLESS), detector.encode(image)];
    const refused = waiting.map((asked) =>
      assert.rejects(asked, { code: 'ERR_WORKER_EXIT', message: /ended with code 1$/ }),
    );
    await worker.terminate();

    await Promise.all(refused);
    await detector.close();
  });

  test('rejects, and does not hang, when its worker is killed while closing', async () => {
    const { detector, worker } = await openWithWorker();

    const closing = detector.close();
    await worker.terminate();

    await closing.catch((error: unknown) => {
      assert.match(String(error), /The inference worker ended/);
    });
  });

  test('rejects, and does not hang, when its worker is killed while opening', async () => {
    process.once('worker', (worker) => worker.once('online', () => void worker.terminate()));

    await assert.rejects(openDetector(tiny), {
      code: 'ERR_WORKER_EXIT',
      message: /^The inference worker ended with code \d$/,
    });
  });
});
