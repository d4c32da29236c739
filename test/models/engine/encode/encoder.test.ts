import { join } from 'node:path';
import { Encoder } from '../../../../models/engine/encode/encoder.ts';
import { float32Data, openSession } from '../../../../models/engine/session.ts';
import type { Session } from '../../../../models/engine/session.ts';
import { siblingModule } from '../../../../models/index.ts';
import { bundledEncoder } from '../../../../models/detector/bareEncoder.ts';
import * as assert from '../../../support/assert.ts';
import { MODEL_TEST_MS, suite } from '../../../support/suite.ts';
import { TINY, TINY_BYTES, graph, tinyInfo } from '../../../support/models/tinyModel.ts';

async function openTiny(
  batch = 1,
  file = join(TINY, 'encoder.onnx'),
): Promise<{ encoder: Encoder; sizes: number[] } & AsyncDisposable> {
  const session = await openSession(file, { device: 'cpu', threads: 1 });
  const sizes: number[] = []; // pictures in each run
  const run: Session['run'] = (feeds) => {
    sizes.push(feeds['image']?.dims[0] ?? NaN);
    return session.run(feeds);
  };
  return {
    encoder: new Encoder({ ...session, run }, tinyInfo(), batch),
    sizes,
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
      await assert.rejects(() => tiny.encoder.encode(new Uint8Array(length)), {
        name: 'RangeError',
        message: new RegExp(`shape \\[32, 32, 3\\], got ${length} bytes`),
      });
    }
  });
});

suite('Encoder of several pictures', (test) => {
  const greys = [0, 51, 102, 153, 204];
  const encodeAll = async (encoder: Encoder): Promise<void> => {
    const made = await Promise.all(
      greys.map((grey) => encoder.encode(new Uint8Array(TINY_BYTES).fill(grey))),
    );
    for (const [i, memory] of made.entries()) {
      assert.close(float32Data(memory, 'memory.mean'), [greys[i]! / 255], { abs: 1e-6 });
      assert.equal(memory['memory.mean']?.dims, [1, 1]);
    }
  };

  test('looks at those that come at once in one run, and gives each its own memory', async () => {
    await using tiny = await openTiny(5);

    await encodeAll(tiny.encoder);

    assert.equal(tiny.sizes, [5]);
  });

  test('does not mix up those that come at once where the graph takes one only', async () => {
    await using tiny = await openTiny(5, graph('encoder-one-frame'));

    await encodeAll(tiny.encoder);

    assert.equal(tiny.sizes, [1, 1, 1, 1, 1]);
  });

  test('tells each of a run that failed, and goes on', async () => {
    await using tiny = await openTiny(2);
    const broken = new Encoder(
      {
        file: '',
        inputs: [],
        outputs: [],
        run: () => Promise.reject(new Error('run')),
        release: () => Promise.resolve(),
      },
      tinyInfo(),
      2,
    );
    const image = new Uint8Array(TINY_BYTES);

    const both = [broken.encode(image), broken.encode(image)];

    for (const each of both) {
      await assert.rejects(each, { message: /^run$/ });
    }
    await tiny.encoder.encode(image);
    await tiny.encoder.encode(image);
    assert.equal(tiny.sizes, [1, 1]);
  });
});

suite('bundledEncoder', (test) => {
  test(
    'runs pictures of the bundled model until released',
    async () => {
      const encoder = await bundledEncoder();
      const image = new Uint8Array(416 * 416 * 3);

      const output = await encoder.run(image);
      const [bells, boxes] = [output('memory.splat'), output('memory.box')];
      assert.ok(
        encoder.callBytes > bells.byteLength + boxes.byteLength,
        `${encoder.callBytes} bytes`,
      );
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
