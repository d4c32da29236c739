import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  candidateDevices,
  float32Data,
  float32Tensor,
  int64Tensor,
  openSession,
  tensorData,
  uint8Tensor,
} from '../../../models/engine/session.ts';
import * as assert from '../../support/assert.ts';
import { suite } from '../../support/suite.ts';
import { TINY, TINY_BYTES } from '../../support/models/tinyModel.ts';

const encoderFile = join(TINY, 'encoder.onnx');
const onCpu = { device: 'cpu', threads: 1 } as const;

suite('openSession', (test) => {
  test('describes inputs and outputs, symbolic axes by name', async () => {
    const session = await openSession(join(TINY, 'decoder.onnx'), onCpu);

    assert.equal(session.inputs, [
      { name: 'tokens', type: 'int64', shape: ['B', 'T'] },
      { name: 'position', type: 'int64', shape: ['B'] },
      { name: 'past', type: 'float32', shape: ['B', 'P', 4] },
      { name: 'memory.mean', type: 'float32', shape: ['B', 1] },
    ]);
    assert.equal(
      session.outputs.map(({ name }) => name),
      ['logits', 'rows'],
    );
    await session.release();
  });

  test('runs the graph', async () => {
    const session = await openSession(encoderFile, onCpu);

    const image = uint8Tensor(new Uint8Array(TINY_BYTES).fill(51), [1, 32, 32, 3]);
    const outputs = await session.run({ image });

    assert.close(float32Data(outputs, 'memory.mean'), [0.2], { abs: 1e-6 });
    await session.release();
  });

  test('says which file cannot be opened, on which device, and why', async () => {
    const error = await assert.rejects(openSession('/nowhere/x.onnx', onCpu), {
      code: 'ERR_MODEL_LOAD',
      message: /^Cannot open \/nowhere\/x\.onnx on cpu: [^\n]+$/,
    });

    assert.ok(error.cause instanceof Error);
    assert.equal((error as Error & { details?: unknown }).details, { device: 'cpu' });
  });

  test('says that a device is not there', async () => {
    const device = process.platform === 'win32' ? 'coreml' : 'dml';

    await assert.rejects(openSession(encoderFile, { device, threads: 1 }), {
      code: 'ERR_MODEL_LOAD',
      message: new RegExp(`encoder\\.onnx on ${device}: `),
    });
  });

  test('names the feeds of a run that fails, never their contents', async () => {
    const session = await openSession(encoderFile, onCpu);
    const image = uint8Tensor(new Uint8Array(12).fill(77), [1, 2, 2, 3]);

    const error = await assert.rejects(session.run({ image }), {
      code: 'ERR_MODEL_RUN',
      message: /encoder\.onnx failed: [^\n]+$/,
    });

    assert.equal((error as Error & { details?: unknown }).details, {
      feeds: ['image uint8[1,2,2,3]'],
    });
    assert.not.match(JSON.stringify(error), /77/);
    await session.release();
  });

  test('refuses to run once released and may be released twice', async () => {
    const session = await openSession(encoderFile, onCpu);

    await session.release();
    await session.release();

    const image = uint8Tensor(new Uint8Array(TINY_BYTES), [1, 32, 32, 3]);
    await assert.rejects(session.run({ image }), { code: 'ERR_MODEL_RUN', message: /disposed/ });
  });
});

suite('float32Data', (test) => {
  test('refuses outputs of another type or name and says what came', async () => {
    const tensors = { ids: int64Tensor([1, 2], [2]) };

    await assert.rejects(() => float32Data(tensors, 'ids'), {
      code: 'ERR_MODEL_CONTRACT',
      message: /output `ids` to be float32, got int64/,
    });
    await assert.rejects(() => float32Data(tensors, 'rows'), {
      code: 'ERR_MODEL_CONTRACT',
      message: /got no such output/,
    });
  });
});

suite('tensorData', (test) => {
  test('copies a tensor out with type and dims', () => {
    const memory = Float32Array.of(1, 2, 3);
    const copy = tensorData(float32Tensor(memory, [1, 3]));
    memory.fill(0);

    assert.equal(copy, { type: 'float32', dims: [1, 3], data: Float32Array.of(1, 2, 3) });
  });
});

suite('candidateDevices', (test) => {
  test('ends with the CPU and names nothing twice', () => {
    const devices = candidateDevices();

    assert.is(devices.at(-1), 'cpu');
    assert.is(new Set(devices).size, devices.length);
  });

  const isBare =
    process.platform === 'linux' && !existsSync('/dev/dri') && !existsSync('/dev/nvidiactl');
  if (isBare) {
    test('is the CPU alone on a Linux without a GPU', () => {
      assert.equal(candidateDevices(), ['cpu']);
    });
  } else {
    test.skip('is the CPU alone on a Linux without a GPU', 'this machine may have a GPU');
  }
});
