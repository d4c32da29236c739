import { readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { openCheckpoint } from '../../../../models/import/checkpoint/tensorSource.ts';
import type { TensorSource } from '../../../../models/import/checkpoint/tensorSource.ts';
import * as assert from '../../../support/assert.ts';
import { suite } from '../../../support/suite.ts';
import { temporaryFolder } from '../../../support/temporaryFolder.ts';
import { writeBundle } from '../../../support/writeBundle.ts';
import type { BundleOptions, TensorToWrite } from '../../../support/writeBundle.ts';

/** Written by TensorFlow; see test/fixtures/build/makeCheckpoint.py. */
const BY_TENSORFLOW = fileURLToPath(new URL('../../../fixtures/checkpoint', import.meta.url));
const FLOAT64 = 2;
const INT64 = 9;

interface Told {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly values: readonly number[] | null;
}

const ONES: TensorToWrite = { key: 'ones', shape: [2, 3], values: new Float32Array(6).fill(1) };

async function withCheckpoint(
  directory: string,
  work: (source: TensorSource) => Promise<void>,
): Promise<void> {
  const source = await openCheckpoint(directory);
  try {
    await work(source);
  } finally {
    await source.close();
  }
}

async function expectRefusal(directory: string, message: RegExp): Promise<void> {
  const error = await assert.rejects(openCheckpoint(directory), {
    code: 'ERR_CHECKPOINT',
    message,
  });
  assert.is(error.message.includes('\n'), false);
}

suite('openCheckpoint', (test) => {
  test('reads what TensorFlow wrote, to the last bit', async () => {
    const told = JSON.parse(await readFile(`${BY_TENSORFLOW}/tensors.json`, 'utf8')) as Record<
      string,
      Told
    >;
    let numFloats = 0;

    await withCheckpoint(BY_TENSORFLOW, async (source) => {
      assert.equal([...source.tensors.keys()], Object.keys(told));
      for (const [key, { dtype, shape, values }] of Object.entries(told)) {
        const info = source.tensors.get(key)!;
        assert.equal(info.dtype, dtype === 'half' ? 'float16' : dtype);
        assert.equal(info.shape, shape);
        if (dtype === 'float32') {
          const read = await source.readFloats(key);
          assert.equal([...read], values);
          numFloats += read.length;
        }
      }
    });

    assert.is(numFloats, 3 * (3 * 3 * 2 * 4 + 4) + 1);
  });

  test('reads many tensors, of several blocks and data files', async () => {
    await using folder = await temporaryFolder();
    const tensors = Array.from({ length: 500 }, (_, i) => ({
      key: `model/layer-${i}/kernel`,
      shape: [i % 5, 2],
      values: Float32Array.from({ length: (i % 5) * 2 }, (__, k) => i + k / 8),
      shard: i % 3,
    }));
    await writeBundle(folder.path, tensors, { numShards: 3, entriesPerBlock: 7 });

    await withCheckpoint(folder.path, async (source) => {
      assert.is(source.tensors.size, 500);
      for (const { key, shape, values } of tensors) {
        const bytes = values.byteLength;
        assert.equal(source.tensors.get(key), { key, dtype: 'float32', shape, bytes });
        assert.equal(await source.readFloats(key), values);
      }
    });
  });

  test('gives each caller an array of its own', async () => {
    await withCheckpoint(BY_TENSORFLOW, async (source) => {
      const key = 'layers/0/bias/.ATTRIBUTES/VARIABLE_VALUE';
      const [first, second] = await Promise.all([source.readFloats(key), source.readFloats(key)]);
      first.fill(0);

      assert.ok(second.every((value) => value !== 0));
    });
  });

  test('takes the checkpoint with the highest number', async () => {
    await using folder = await temporaryFolder();
    for (const step of [9, 10, 2]) {
      const key = `step-${step}`;
      await writeBundle(folder.path, [{ ...ONES, key }], { name: `ckpt-${step}` });
    }

    await withCheckpoint(folder.path, async ({ tensors }) => {
      assert.equal([...tensors.keys()], ['step-10']);
    });
  });

  test('takes the checkpoint that is named, wherever it was made', async () => {
    await using folder = await temporaryFolder();
    for (const name of ['best', 'ckpt-8', 'ckpt-9']) {
      await writeBundle(folder.path, [{ ...ONES, key: name }], { name });
    }
    for (const [path, name] of [
      ['ckpt-8', 'ckpt-8'],
      ['/home/somebody/run/best', 'best'],
      ['gs://bucket/run/ckpt-8', 'ckpt-8'],
      ['C:\\\\run\\\\ckpt-8', 'ckpt-8'],
    ]) {
      const state = `model_checkpoint_path: "${path}"\nall_model_checkpoint_paths: "ckpt-9"\n`;
      await writeFile(`${folder.path}/checkpoint`, state);

      await withCheckpoint(folder.path, async ({ tensors }) => {
        assert.equal([...tensors.keys()], [name]);
      });
    }
  });

  test('refuses a named checkpoint that is not there, rather than take another', async () => {
    await using folder = await temporaryFolder();
    await writeBundle(folder.path, [ONES], { name: 'ckpt-8' });

    await writeFile(`${folder.path}/checkpoint`, 'model_checkpoint_path: "ckpt-9"\n');
    await expectRefusal(folder.path, /names ckpt-9, but ckpt-9\.index is not there .*ckpt-8/);
    await writeFile(`${folder.path}/checkpoint`, 'PK\u0003\u0004 some archive');
    await expectRefusal(folder.path, /names no checkpoint: expected model_checkpoint_path/);
  });

  test('says what it looked for', async () => {
    await using folder = await temporaryFolder();

    await expectRefusal(`${folder.path}/no`, /Cannot read .*\/no: expected the folder/);
    await expectRefusal(folder.path, /No checkpoint in .*ckpt-N\.index and ckpt-N\.data/);
    await writeFile(`${folder.path}/model.index`, '');
    await expectRefusal(folder.path, /No checkpoint in/);
  });

  test('refuses files of other kinds', async () => {
    await using folder = await temporaryFolder();
    for (const text of ['', 'PK\u0003\u0004', '<html>'.padEnd(500, ' '), '{"a":{"dtype":"F32"}}']) {
      await writeFile(`${folder.path}/ckpt-1.index`, text);

      await expectRefusal(folder.path, /cut short or no index of a TensorFlow 2 checkpoint/);
    }
  });

  test('refuses what it can’t read rightly', async () => {
    const refused: [BundleOptions, Partial<TensorToWrite>, RegExp][] = [
      [{ compression: 1 }, {}, /is compressed/],
      [{ gapBytes: 3 }, {}, /a block begins at byte \d+, expected at \d+/],
      [{ header: { isBigEndian: true } }, {}, /found big-endian, version 0, 1 data files/],
      [{ header: { minConsumer: 2 } }, {}, /found little-endian, version 2/],
      [{}, { isSliced: true }, /keeps ones in parts/],
      [{}, { shape: [2, 2] }, /ones has 24 bytes, but float32 \[2,2\] has 16/],
      [{}, { shape: [-2, -3] }, /the place or shape of ones makes no sense/],
      [{}, { shape: [2, 3], dtype: FLOAT64 }, /ones has 24 bytes, but float64 \[2,3\] has 48/],
      [{}, { key: 'k'.repeat(1025) }, /Expected a key of at most 1024 bytes, got 1025/],
    ];
    for (const [options, tensor, message] of refused) {
      await using folder = await temporaryFolder();
      await writeBundle(folder.path, [{ ...ONES, ...tensor }], options);

      await expectRefusal(folder.path, message);
    }
  });

  test('refuses data files that are missing or too short', async () => {
    await using folder = await temporaryFolder();
    await writeBundle(folder.path, [ONES], { numShards: 2 });
    const [first, second] = [0, 1].map((i) => `${folder.path}/ckpt-1.data-0000${i}-of-00002`);

    await truncate(first!, 23);
    await expectRefusal(
      folder.path,
      /00000-of-00002 is damaged: ones ends at byte 24, the file at 23/,
    );
    await rm(second!);
    await expectRefusal(folder.path, /Cannot open .*00001-of-00002/);
  });
});

suite('readFloats', (test) => {
  test('refuses other types and unknown keys', async () => {
    await using folder = await temporaryFolder();
    const step = { key: 'step', shape: [], values: BigInt64Array.of(924n), dtype: INT64 };
    await writeBundle(folder.path, [step]);

    await withCheckpoint(folder.path, async (source) => {
      const code = 'ERR_CHECKPOINT';
      await assert.rejects(source.readFloats('step'), {
        code,
        message: /Expected step to be float32, found int64/,
      });
      await assert.rejects(source.readFloats('ones'), { code, message: /has no tensor ones/ });
    });
  });

  test('notices that the file became shorter', async () => {
    await using folder = await temporaryFolder();
    await writeBundle(folder.path, [ONES]);

    await withCheckpoint(folder.path, async (source) => {
      await truncate(`${folder.path}/ckpt-1.data-00000-of-00001`, 10);

      await assert.rejects(source.readFloats('ones'), {
        code: 'ERR_CHECKPOINT',
        message: /it ends at byte 10/,
      });
    });
  });

  test('ends with `close`, which may be called twice', async () => {
    const source = await openCheckpoint(BY_TENSORFLOW);
    await source.close();
    await source.close();

    await assert.rejects(source.readFloats('scale/.ATTRIBUTES/VARIABLE_VALUE'), {});
  });
});
