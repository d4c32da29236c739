import {
  openDetector,
  openLocalDetector,
  openSupervisedDetector,
} from '../../../../models/index.ts';
import type { Detector, Prompt } from '../../../../models/index.ts';
import * as assert from '../../../support/assert.ts';
import { END_TO_END_MS, MODEL_TEST_MS, suite } from '../../../support/suite.ts';
import type { Imported } from '../../import/imported.ts';
import { importMultiTask, noisePicture } from '../../../support/models/multiTask.ts';
import { TINY, TINY_BYTES } from '../../../support/models/tinyModel.ts';
import { watchProcesses } from '../../../support/models/workerProcesses.ts';

const SIZE = 64;
const OPEN = { local: openLocalDetector, thread: openDetector, process: openSupervisedDetector };

/** More than go side by side, of every task. */
const PROMPTS: readonly Prompt[] = [
  { task: 'caption' },
  ...Array.from({ length: 18 }, (_, i): Prompt => {
    const task = i % 3 === 0 ? 'pose' : 'segment';
    return { task, tokens: [1_010 + i, 1_040 * (i % 2) || 1_000, 1_600 + i, 1_700, 101 + i] };
  }),
];

/** A few whose responses are long. */
const FEW = PROMPTS.slice(0, 4);
const LONG = { maxTokens: 506, typeMask: false } as const;

suite('respond with a small imported model', (test) => {
  const withModel = (title: string, work: () => Promise<void>, timeoutMs = MODEL_TEST_MS): void =>
    test(title, work, { timeoutMs });
  let imported: Imported;
  let detectors: Readonly<Record<keyof typeof OPEN, Detector>>;

  test.before(async () => {
    imported = await importMultiTask();
    const options = { model: imported.modelDir, device: 'cpu' } as const;
    const [local, thread, process] = await Promise.all([
      OPEN.local(options),
      OPEN.thread(options),
      OPEN.process(options),
    ]);
    detectors = { local, thread, process };
  });
  test.after(async () => {
    await Promise.all(Object.values(detectors).map((detector) => detector.close()));
    await imported[Symbol.asyncDispose]();
  });

  withModel('reads side by side what it reads one by one', async () => {
    const { local } = detectors;
    using features = await local.encode(noisePicture(SIZE));
    for (const typeMask of [true, false]) {
      const together = await local.respond(features, PROMPTS, { typeMask });

      for (const [i, prompt] of PROMPTS.entries()) {
        const [alone] = await local.respond(features, [prompt], { typeMask });
        assert.equal(together[i], alone, `${typeMask}, prompt ${i}`);
      }
      assert.ok(new Set(together.map(String)).size > 5, 'responses differ');
    }
  });

  withModel('gives the same in a thread and in a process', async () => {
    const { local, ...others } = detectors;
    using features = await local.encode(noisePicture(SIZE));
    const options = { topP: 0.9, seed: 3 };
    const here = await local.respond(features, PROMPTS, options);
    for (const detector of Object.values(others)) {
      using far = await detector.encode(noisePicture(SIZE));

      assert.equal(await detector.respond(far, PROMPTS, options), here);
    }
  });

  withModel('queues behind what was asked before, and closes after it', async () => {
    const model = { model: imported.modelDir, device: 'cpu' } as const;
    for (const open of Object.values(OPEN)) {
      const detector = await open(model);
      using features = await detector.encode(noisePicture(SIZE));
      const order: string[] = [];
      const asked = [
        detector.decode(features, { maxObjects: 2 }).then(() => order.push('decode')),
        detector.respond(features, PROMPTS).then(() => order.push('respond')),
      ];
      await detector.close();
      await Promise.all(asked);

      assert.equal(order, ['decode', 'respond']);
    }
  });

  withModel('reads nothing for a signal that is aborted already', async () => {
    for (const detector of Object.values(detectors)) {
      using features = await detector.encode(noisePicture(SIZE));
      const signal = AbortSignal.abort();

      const responses = await detector.respond(features, PROMPTS, {}, { signal });

      assert.equal(
        responses.map(({ length }) => length),
        PROMPTS.map(() => 0),
      );
    }
  });

  withModel('stops where the signal comes, with what was read until then', async () => {
    for (const detector of [detectors.thread, detectors.process]) {
      using features = await detector.encode(noisePicture(SIZE));
      const abort = new AbortController();
      const whole = await detector.respond(features, FEW, LONG);

      setTimeout(() => abort.abort(), 1);
      const cut = await detector.respond(features, FEW, LONG, { signal: abort.signal });

      assert.ok(cut.at(-1)!.length < whole.at(-1)!.length);
      for (const [i, response] of cut.entries()) {
        assert.equal(response, whole[i]!.subarray(0, response.length));
      }
    }
  });

  withModel('refuses features of another detector, and closed ones', async () => {
    const { local, ...others } = detectors;
    using foreign = await local.encode(noisePicture(SIZE));
    for (const detector of Object.values(others)) {
      const closed = await detector.encode(noisePicture(SIZE));
      closed.close();

      await assert.rejects(detector.respond(foreign, PROMPTS), {
        name: 'TypeError',
        message: /features come from the detector that responds/,
      });
      await assert.rejects(detector.respond(closed, PROMPTS), {
        message: /features are used before they are closed/,
      });
    }
  });

  withModel('refuses what is no prompt, and goes on', async () => {
    const { thread, process } = detectors;
    const asked = { task: 'caption', words: 3 } as unknown as Prompt;
    const tokens = Object.assign([1000, 1000, 1600, 1700, 101], {
      note: () => 'a function cannot be sent',
    });
    for (const detector of [thread, process]) {
      using features = await detector.encode(noisePicture(SIZE));

      await assert.rejects(detector.respond(features, [asked]), { message: /`?words`?/ });
      await assert.rejects(detector.respond(features, [{ task: 'segment', tokens }]), {
        message: /could not be cloned/,
      });
      assert.is((await detector.respond(features, PROMPTS)).length, PROMPTS.length);
    }
  });

  withModel(
    'shows that its process is alive, however long it takes',
    async () => {
      using processes = watchProcesses();
      const many = Array.from({ length: 100 }, (_, i): Prompt => PROMPTS[1 + (i % 18)]!);
      const options = { model: imported.modelDir, device: 'cpu', hangSeconds: 2 } as const;
      await using detector = await openSupervisedDetector(options);
      using features = await detector.encode(noisePicture(SIZE));
      const types: string[] = [];
      processes.newest.on('message', ({ type }: { readonly type: string }) => types.push(type));
      const signsOfLife = (): number => types.splice(0).filter((type) => type === 'alive').length;

      assert.is((await detector.respond(features, many, LONG)).length, 100);
      assert.ok(signsOfLife() > 0);

      // nobody wants to hear of the objects; drawing from the whole vocabulary takes longer than the graph
      const slow = { noiseThreshold: 1, topP: 0.999, typeMask: false, reuse: 'off' } as const;
      assert.is((await detector.decode(features, slow)).scores.length, 100);
      assert.ok(signsOfLife() > 0);
    },
    END_TO_END_MS,
  );

  withModel('goes on with frames of other sources beside it', async () => {
    const model = { model: imported.modelDir, device: 'cpu', batch: 2 } as const;
    await using detector = await openLocalDetector(model);
    using features = await detector.encode(noisePicture(SIZE));
    const [alone, read] = [
      await detector.respond(features, PROMPTS),
      await detector.decode(features, { maxObjects: 9 }),
    ];

    const [beside, readBeside] = await Promise.all([
      detector.respond(features, PROMPTS),
      detector.decode(features, { maxObjects: 9 }),
    ]);

    assert.equal(beside, alone);
    assert.equal(readBeside.tokens, read.tokens);
  });
});

suite('respond', (test) => {
  test('says that a model was trained for detection alone', async () => {
    for (const open of [openLocalDetector, openDetector]) {
      await using detector = await open({ model: TINY, device: 'cpu' });
      using features = await detector.encode(new Uint8Array(TINY_BYTES));

      await assert.rejects(detector.respond(features, [{ task: 'caption' }]), {
        code: 'ERR_MODEL_LOAD',
        message: /The model `tiny` was not trained for the task `caption`; it knows detect$/,
      });
    }
  });
});
