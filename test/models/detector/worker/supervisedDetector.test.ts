import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { openLocalDetector, openSupervisedDetector } from '../../../../models/index.ts';
import type { DecodeOptions } from '../../../../models/index.ts';
import * as assert from '../../../support/assert.ts';
import { MODEL_TEST_MS, suite } from '../../../support/suite.ts';
import { letterboxed, readGolden } from '../../../support/models/bundled.ts';
import { TINY, TINY_BYTES, copyFolder } from '../../../support/models/tinyModel.ts';
import {
  expectReads,
  openWatched,
  watchProcesses,
} from '../../../support/models/workerProcesses.ts';

const ENDLESS: DecodeOptions = { eosOffset: 1e9, noiseThreshold: 1 };
const LOST = { name: 'PipelineError', code: 'ERR_WORKER_EXIT' };
const image = new Uint8Array(TINY_BYTES);
/** Each of these starts a few processes. */
const limit = { timeoutMs: MODEL_TEST_MS };

suite('openSupervisedDetector', (test) => {
  const withProcess = (title: string, work: () => Promise<void>): void => test(title, work, limit);

  withProcess('gives what the detector in this thread gives, of a shared picture', async () => {
    const options = { device: 'cpu', threads: 1 } as const;
    await using local = await openLocalDetector(options);
    await using worker = await openSupervisedDetector(options);
    const pixels = await letterboxed('campus');
    const shared = new Uint8Array(new SharedArrayBuffer(pixels.length));
    shared.set(pixels);
    const { runs } = await readGolden('campus');

    using there = await worker.encode(shared);
    const found = await worker.decode(there, runs[0]!.options);

    assert.equal(worker.model, local.model);
    assert.is(worker.device, local.device);
    assert.equal([...found.tokens], runs[0]!.tokens);
    using here = await local.encode(pixels);
    const [far, near] = [await there.read(), await here.read()];
    assert.equal(Object.keys(far), Object.keys(near));
    const name = 'memory.box';
    assert.close(far[name]!.data as Float32Array, near[name]!.data as Float32Array, { abs: 1e-3 });
  });

  // SIGSEGV as a fault within the library, SIGKILL as the system's when memory runs out
  for (const signal of ['SIGSEGV', 'SIGKILL'] as const) {
    withProcess(`loses what is in the worker at ${signal}, and nothing after it`, async () => {
      await using opened = await openWatched();
      const { detector, processes } = opened;
      const features = await detector.encode(image);

      const inIt = [detector.decode(features, ENDLESS), detector.encode(image)];
      const refused = inIt.map((call) =>
        assert.rejects(call, { ...LOST, message: new RegExp(`worker ended with ${signal}$`) }),
      );
      processes.newest.kill(signal);
      await Promise.all(refused);
      await Promise.all([expectReads(detector), expectReads(detector)]);

      await assert.rejects(detector.decode(features), LOST);
      await assert.rejects(features.read(), LOST);
      features.close();
      assert.equal(
        opened.states.map(({ state, restarts, reason }) => [state, restarts, reason.message]),
        [
          ['lost', 0, `The inference worker ended with ${signal}`],
          ['ready', 1, `The inference worker ended with ${signal}`],
        ],
      );
      assert.is(processes.all.length, 2);
    });
  }

  withProcess('replaces a worker that fails while nobody asks for anything', async () => {
    await using opened = await openWatched();

    opened.processes.newest.send(null!); // no request: the worker fails on it
    const { restarts, reason } = await opened.told('ready');

    assert.is(restarts, 1);
    assert.match(reason.message, /^The inference worker ended with code \d+$/);
    await expectReads(opened.detector);
  });

  withProcess('replaces a worker that has used up its memory', async () => {
    process.execArgv.push('--max-old-space-size=40'); // handed down to what is started
    const opening = openWatched();
    process.execArgv.pop();
    await using opened = await opening;

    const ballast = Array.from({ length: 1e6 }, () => ({})); // 56 MB
    opened.processes.newest.send({ op: 'read', ballast });
    const { reason } = await opened.told('lost');

    assert.match(reason.message, /^The inference worker ended with (SIGABRT|SIGTRAP|code \d+)$/);
    await expectReads(opened.detector);
  });

  withProcess('ends a worker that hangs, not one that is asked nothing', async () => {
    await using opened = await openWatched({ hangSeconds: 3 }); // a busy machine is no hang
    const { detector, processes } = opened;

    await new Promise((resolve) => setTimeout(resolve, 4_000)); // asked nothing, it says nothing
    assert.equal(opened.states, []);
    processes.newest.kill('SIGSTOP');
    await assert.rejects(detector.encode(image), {
      ...LOST,
      message: /^The inference worker gave no answer for 3 s$/,
    });

    await expectReads(detector);
    assert.is(processes.all[0]?.signalCode, 'SIGKILL');
  });

  withProcess('tries again and again where the model is gone, until it is back', async () => {
    await using folder = await copyFolder(TINY);
    await using opened = await openWatched({ model: folder.path });
    const encoder = join(folder.path, 'encoder.onnx');
    await rename(encoder, `${encoder}.away`);

    opened.processes.newest.kill('SIGKILL');
    const waiting = opened.told('lost').then(() => expectReads(opened.detector));
    const { reason, restarts } = await opened.told('failing', 2);
    assert.is((reason as { code?: string }).code, 'ERR_MODEL_LOAD');
    assert.is(restarts, 0);
    await rename(`${encoder}.away`, encoder);

    await waiting;
    assert.is((await opened.told('ready')).restarts, 1);
  });

  withProcess('refuses a model that became another', async () => {
    let name = 'tiny';
    await using folder = await copyFolder(TINY, { describe: (same) => ({ ...same, name }) });
    await using opened = await openWatched({ model: folder.path });
    name = 'other';
    await using other = await copyFolder(TINY, { describe: (same) => ({ ...same, name }) });
    await rename(join(other.path, 'model.json'), join(folder.path, 'model.json'));

    opened.processes.newest.kill('SIGKILL');

    assert.match((await opened.told('failing')).reason.message, /`tiny` was replaced by another/);
  });

  withProcess('passes on why the first worker does not open', async () => {
    const processes = watchProcesses();

    await assert.rejects(openSupervisedDetector({ model: '/nowhere' }), {
      code: 'ERR_MODEL_LOAD',
      message: /No model at `\/nowhere`/,
    });
    await assert.rejects(openSupervisedDetector({ hangSeconds: 0 }), { name: 'RangeError' });
    await assert.rejects(openSupervisedDetector({ hangSecond: 1 } as object), {
      message: /did you mean `hangSeconds`/,
    });

    assert.is(processes.all.length, 1);
    processes[Symbol.dispose]();
  });

  withProcess('refuses features of another detector', async () => {
    await using opened = await openWatched();
    await using other = await openWatched();
    using foreign = await other.detector.encode(image);

    const message = /from the detector that decodes/;
    await assert.rejects(opened.detector.decode(foreign), { message });
  });
});
