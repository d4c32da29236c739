import { join } from 'node:path';
import { Encoder } from '../../models/pix2seq/encoder.ts';
import { float32Data, openSession } from '../../models/session.ts';
import { siblingModule } from '../../models/index.ts';
import { bundledEncoder } from '../../models/bareEncoder.ts';
import * as assert from '../support/assert.ts';
import { MODEL_TEST_MS, suite } from '../support/suite.ts';
import { TINY, TINY_BYTES, tinyInfo } from './tinyModel.ts';

async function openTiny(): Promise<{ encoder: Encoder } & AsyncDisposable> {
  const session = await openSession(join(TINY, 'encoder.onnx'), { device: 'cpu', threads: 1 });
  return {
    encoder: new Encoder(session, tinyInfo()),
    [Symbol.asyncDispose]: () => session.release(),
  };
}

suite('Encoder', (test) => {
  test('gives the memory of each picture', async () => {
    await using tiny = await openTiny();

    const dark = await tiny.encoder.encode(new Uint8Array(TINY_BYTES));
    const bright = await tiny.encoder.encode(new Uint8Array(TINY_BYTES).fill(255));

    assert.close(float32Data(dark, 'memory.mean'), [0], { abs: 1e-6 });
    assert.close(float32Data(bright, 'memory.mean'), [1], { abs: 1e-6 });
  });

  test('takes memory that is shared between threads', async () => {
    await using tiny = await openTiny();
    const shared = new Uint8Array(new SharedArrayBuffer(TINY_BYTES + 7), 7).fill(51);

    const made = await tiny.encoder.encode(shared);

    assert.close(float32Data(made, 'memory.mean'), [0.2], { abs: 1e-6 });
  });

  test('refuses a picture of another size and names both', async () => {
    await using tiny = await openTiny();

    for (const length of [0, TINY_BYTES - 1, TINY_BYTES + 1, 416 * 416 * 3]) {
      await assert.rejects(tiny.encoder.encode(new Uint8Array(length)), {
        name: 'RangeError',
        message: new RegExp(`shape \\[32, 32, 3\\], got ${length} bytes`),
      });
    }
  });
});

suite('bundledEncoder', (test) => {
  test(
    'runs pictures of the bundled model until released',
    async () => {
      const encoder = await bundledEncoder();
      const image = new Uint8Array(416 * 416 * 3);

      await encoder.run(image);
      await encoder.release();

      await assert.rejects(encoder.run(image), { code: 'ERR_MODEL_RUN' });
    },
    { timeoutMs: MODEL_TEST_MS },
  );
});

suite('siblingModule', (test) => {
  test('has the ending of the module that asks', () => {
    assert.is(siblingModule('file:///a/b/c.ts', './w').href, 'file:///a/b/w.ts');
    assert.is(siblingModule('file:///a/b/c.js', '../w').href, 'file:///a/w.js');
  });
});
