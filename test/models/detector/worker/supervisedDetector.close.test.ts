import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { DecodeOptions } from '../../../../models/index.ts';
import * as assert from '../../../support/assert.ts';
import { MODEL_TEST_MS, suite } from '../../../support/suite.ts';
import { TINY_BYTES } from '../../../support/models/tinyModel.ts';
import { openWatched } from '../../../support/models/workerProcesses.ts';

const ENDLESS: DecodeOptions = { eosOffset: 1e9, noiseThreshold: 1 };
const code = 'ERR_WORKER_EXIT';
const image = new Uint8Array(TINY_BYTES);
const limit = { timeoutMs: MODEL_TEST_MS };

suite('openSupervisedDetector, closed', (test) => {
  const withProcess = (title: string, work: () => Promise<void>): void => test(title, work, limit);

  withProcess(
    'answers what was asked before, rejects what comes after, and is idempotent',
    async () => {
      await using opened = await openWatched();
      const { detector, processes } = opened;
      const features = await detector.encode(image);

      const asked = detector.decode(features, ENDLESS);
      await Promise.all([detector.close(), detector.close()]);
      await detector.close();

      assert.is((await asked).scores.length, 100);
      await assert.rejects(detector.encode(image), { code });
      await assert.rejects(detector.decode(features), { code });
      features.close();
      assert.is(processes.newest.signalCode, null); // it went by itself
      assert.equal(opened.states, []);
    },
  );

  withProcess('ends a worker that hangs', async () => {
    await using opened = await openWatched({ hangSeconds: 1 });
    opened.processes.newest.kill('SIGSTOP');

    const asked = assert.rejects(opened.detector.encode(image), { code });
    await opened.detector.close();

    await asked;
    await opened.processes.gone();
    assert.equal(opened.states, []);
  });

  withProcess('waits for no worker, and rejects who does', async () => {
    await using opened = await openWatched();
    const { detector, processes } = opened;
    processes.newest.kill('SIGKILL');
    await opened.told('lost');

    const asked = assert.rejects(detector.encode(image), { code, message: /was closed/ });
    await detector.close();

    await asked;
    assert.is(processes.all.length, 1);
    await assert.rejects(detector.encode(image), { code });
  });

  withProcess('ends a worker that is opening', async () => {
    await using opened = await openWatched();
    const { detector, processes } = opened;
    processes.newest.kill('SIGKILL');
    await opened.told('lost');
    const asked = assert.rejects(detector.encode(image), { code });
    while (processes.all.length === 1) {
      await new Promise<void>((resolve) => setTimeout(resolve, 5));
    }

    await detector.close();

    await asked;
    await processes.gone();
    assert.is(processes.newest.signalCode, 'SIGKILL');
  });

  for (const signal of ['SIGKILL', 'SIGINT'] as const) {
    withProcess(`leaves no process where the program ends by ${signal}`, async () => {
      const program = fork(
        fileURLToPath(new URL('../../../support/programs/supervised.ts', import.meta.url)),
      );
      const [worker] = (await once(program, 'message')) as [number];
      assert.is(isAlive(worker), true);

      program.kill(signal);
      await once(program, 'exit');

      while (isAlive(worker)) {
        await new Promise<void>((resolve) => setTimeout(resolve, 5));
      }
    });
  }
});

/** Whether a process of this number is there. */
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
