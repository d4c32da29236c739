import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { GraphBuilder } from '../../../../models/import/onnx/graphBuilder.ts';
import type { Precision } from '../../../../models/import/onnx/graphBuilder.ts';
import { toBytes } from '../../../../models/import/onnx/toBytes.ts';
import type { Weight } from '../../../../models/import/onnx/weight.ts';
import { writeGraph, writeModel } from '../../../../models/import/onnx/writeModel.ts';
import { float32Data, float32Tensor, openSession } from '../../../../models/engine/session.ts';
import * as assert from '../../../support/assert.ts';
import { suite } from '../../../support/suite.ts';
import { temporaryFolder } from '../imported.ts';

function weight(name: string, ...values: number[]): Weight {
  return { name, shape: [values.length], read: () => Promise.resolve(Float32Array.from(values)) };
}

/** y = (x * 2 + w) parted and put together the other way round, as rows of two. */
function smallGraph(precision: Precision): GraphBuilder {
  const graph = new GraphBuilder(precision);
  const x = graph.input('x', 'float32', ['N', 4]);
  const doubled = graph.op('Mul', [x, graph.real(2)]);
  const sum = graph.op('Add', [doubled, graph.weight(weight('w', 1, 2, 3, 4))]);
  const [left = '', right = ''] = graph.split(sum, [1, 3], 1);
  const turned = graph.op('Concat', [right, left], { axis: 1 });
  const numRows = graph.op('Mul', [graph.sizeOf(x, 0), graph.whole(2)]);
  graph.output('y', graph.reshape(turned, numRows, -1), ['M', 2]);
  return graph;
}

suite('writeModel', (test) => {
  for (const precision of ['float32', 'float16'] as const) {
    test(`writes a ${precision} graph that onnxruntime runs`, async () => {
      await using folder = await temporaryFolder();
      const file = join(folder.path, 'graph.onnx');
      await writeModel(smallGraph(precision), file);
      const session = await openSession(file, { device: 'cpu', threads: 1 });

      const { y, ...others } = await session.run({
        x: float32Tensor(Float32Array.of(1, 2, 3, 4), [1, 4]),
      });

      assert.equal(Object.keys(others), []);
      assert.equal(y!.dims, [2, 2]);
      assert.equal(float32Data({ y: y! }, 'y'), Float32Array.of(6, 9, 12, 3));
      await session.release();
    });
  }

  test('writes a graph that goes on from another onto the weights of that one', async () => {
    await using folder = await temporaryFolder();
    const [first, second] = ['first.onnx', 'second.onnx'].map((name) => join(folder.path, name));
    const graph = smallGraph('float32');
    const fork = graph.fork();
    fork.output('z', fork.op('Mul', ['x', fork.weight(weight('w', 1, 2, 3, 4))]), ['N', 4]);

    const [, weights] = await writeModel(graph, first!);
    const written = await writeGraph(fork, second!, weights);

    assert.is(written.name, 'second.onnx');
    assert.equal((await readdir(folder.path)).sort(), [
      'first.onnx',
      'first.onnx.data',
      'second.onnx',
    ]);
    const x = float32Tensor(Float32Array.of(1, 2, 3, 4), [1, 4]);
    for (const [file, names] of [
      [first!, ['y']],
      [second!, ['y', 'z']],
    ] as const) {
      const session = await openSession(file, { device: 'cpu', threads: 1 });
      const outputs = await session.run({ x });
      assert.equal(Object.keys(outputs), names);
      assert.equal(float32Data(outputs, 'y'), Float32Array.of(6, 9, 12, 3));
      if (names.length > 1) {
        assert.equal(float32Data(outputs, 'z'), Float32Array.of(1, 4, 9, 16));
      }
      await session.release();
    }
  });

  test('keeps each weight once, on a page of its own, and equal constants once', async () => {
    await using folder = await temporaryFolder();
    const graph = new GraphBuilder('float32');
    const first = graph.weight(weight('a', 1, 2));
    graph.weight(weight('b', 3));
    const again = graph.weight(weight('a', 1, 2));
    const told: string[] = [];

    const files = await writeModel(graph, join(folder.path, 'graph.onnx'), {
      onWeight: (name) => told.push(name),
    });
    const data = await readFile(join(folder.path, 'graph.onnx.data'));

    assert.is(first, again);
    assert.is(graph.real(0.5), graph.real(0.5));
    assert.is.not(graph.whole(1), graph.whole([1]));
    assert.equal(told, ['a', 'b']);
    assert.equal(
      files.map(({ name }) => name),
      ['graph.onnx', 'graph.onnx.data'],
    );
    assert.is(data.length, 2 * 4096);
    assert.equal([data.readFloatLE(0), data.readFloatLE(4), data.readFloatLE(4096)], [1, 2, 3]);
  });
});

suite('toBytes', (test) => {
  test('rounds halves to even, and keeps what float16 has', () => {
    const values = Float32Array.of(1, -2, 65_504, 1 + 2 ** -11, 1 + 3 * 2 ** -11, 2 ** -24, 1e6);
    const halves = new Uint16Array(toBytes(values, 'float16').buffer);

    assert.equal([...halves], [0x3c00, 0xc000, 0x7bff, 0x3c00, 0x3c02, 0x0001, 0x7c00]);
  });

  test('gives a view of whole numbers', () => {
    const values = Float32Array.of(0, 1, 2).subarray(1);

    assert.is(toBytes(values, 'float32').buffer, values.buffer);
    assert.is(toBytes(values, 'float32').length, 8);
  });
});
