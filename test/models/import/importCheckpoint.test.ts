import { createHash } from 'node:crypto';
import { readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { importCheckpoint } from '../../../models/import/importCheckpoint.ts';
import { openDetector, openLocalDetector } from '../../../models/index.ts';
import type { Detector } from '../../../models/index.ts';
import * as assert from '../../support/assert.ts';
import { MODEL_TEST_MS, suite } from '../../support/suite.ts';
import { withConfig } from './configs.ts';
import { importSmall, temporaryFolder } from './imported.ts';
import type { Imported } from './imported.ts';
import { SMALL, canvas, checkpointDir, readGolden } from './reference.ts';

async function firstPicture(name: string, { model }: Detector): Promise<Uint8Array> {
  const golden = await readGolden(name);
  return canvas(0, golden.pictures[0]!, model.image.pad);
}

suite('importCheckpoint', (test) => {
  const withModel = (title: string, work: () => Promise<void>): void =>
    test(title, work, { timeoutMs: MODEL_TEST_MS });

  withModel('writes a model folder that says what it is', async () => {
    await using model = await importSmall('vit-small');
    const text = await readFile(join(model.modelDir, 'model.json'), 'utf8');
    const described = JSON.parse(text) as {
      readonly name: string;
      readonly vocabulary: object;
      readonly labels: readonly { readonly id: number; readonly name: string }[];
      readonly files: Readonly<Record<string, { readonly sha256: string }>>;
    };
    const { labels, files } = described;

    assert.equal((await readdir(model.modelDir)).sort(), [
      'attention.onnx',
      'decoder.onnx',
      'decoder.onnx.data',
      'encoder.onnx',
      'encoder.onnx.data',
      'model.json',
    ]);
    assert.is(described.name, 'pix2seq-vit-b-64');
    assert.equal(described.vocabulary, {
      size: 3000,
      eos: 0,
      prompt: [10],
      noise: 30,
      classBase: 101,
      coordinateBase: 1000,
      bins: 1000,
    });
    assert.is(labels.length, 91);
    assert.equal(labels[0], { id: 1, name: 'person' });
    assert.equal(labels[16], { id: 17, name: 'cat' });
    assert.equal(labels[89], { id: 90, name: 'toothbrush' });
    assert.is(new Set(labels.map(({ name }) => name)).size, 91, 'names differ');
    for (const [name, { sha256 }] of Object.entries(files)) {
      const bytes = await readFile(join(model.modelDir, name));
      assert.is(createHash('sha256').update(bytes).digest('hex'), sha256, name);
    }
    assert.is(Object.keys(files).length, 5);
  });

  for (const name of SMALL) {
    withModel(`makes a model of ${name} that every reuse mode reads with`, async () => {
      await using model = await importSmall(name);
      await using detector = await openLocalDetector({ model: model.modelDir, device: 'cpu' });
      using features = await detector.encode(await firstPicture(name, detector));
      const options = { maxObjects: 12, noiseThreshold: 1 };
      const off = await detector.decode(features, { ...options, reuse: 'off' });

      for (const reuse of ['exact', 'refine', 'sticky', 'tolerant'] as const) {
        const read = await detector.decode(features, { ...options, reuse, draft: off.tokens });

        assert.equal(read.tokens, off.tokens, reuse);
        // `exact` guesses but once
        const most = off.counts.passes / (reuse === 'exact' ? 1.2 : 3);
        assert.ok(read.counts.passes < most, `${reuse}: ${read.counts.passes}`);
      }
    });
  }

  withModel('reads pictures side by side as one by one, in a worker', async () => {
    await using model = await importSmall('vit-small');
    await using detector = await openDetector({ model: model.modelDir, device: 'cpu', batch: 2 });
    const golden = await readGolden('vit-small');
    const images = [0, 1].map((i) => canvas(i, golden.pictures[i]!, detector.model.image.pad));
    const options = [{ maxObjects: 9 }, { maxObjects: 5 }].map((each) => ({
      ...each,
      noiseThreshold: 1,
    }));
    const features = await Promise.all(images.map((image) => detector.encode(image)));

    const together = await Promise.all(
      features.map((each, i) => detector.decode(each, options[i])),
    );

    for (const [i, each] of features.entries()) {
      const alone = await detector.decode(each, options[i]);
      assert.equal(together[i]!.tokens, alone.tokens, `picture ${i}`);
      each.close();
    }
    assert.not.equal(together[0]!.tokens.slice(0, 25), together[1]!.tokens, 'pictures differ');
  });

  withModel('makes models for pictures of another size', async () => {
    for (const imageSize of [96, 100]) {
      await using model = await importSmall('resnet-small', { imageSize });
      await using detector = await openLocalDetector({ model: model.modelDir, device: 'cpu' });
      using features = await detector.encode(new Uint8Array(imageSize ** 2 * 3).fill(120));
      const { tokens } = await detector.decode(features, { maxObjects: 2, noiseThreshold: 1 });

      assert.is(detector.model.image.size, imageSize);
      assert.is(tokens.length, 10);
    }
  });

  withModel('halves the weights, and stays near what whole ones give', async () => {
    const name = 'vit-small';
    await using whole = await importSmall(name);
    await using half = await importSmall(name, { precision: 'float16' });
    const bytes = async ({ modelDir }: Imported): Promise<number> =>
      (await stat(join(modelDir, 'decoder.onnx.data'))).size;
    const scores: Float32Array[] = [];
    for (const { modelDir } of [whole, half]) {
      await using detector = await openLocalDetector({ model: modelDir, device: 'cpu' });
      using features = await detector.encode(await firstPicture(name, detector));
      scores.push((await detector.decode(features, { maxObjects: 2, noiseThreshold: 1 })).scores);
    }

    assert.ok((await bytes(half)) < 0.8 * (await bytes(whole)));
    assert.close(scores[1]!, scores[0]!, { abs: 1e-3 });
  });

  withModel('tells how far it is, and stops between two weights when told', async () => {
    await using folder = await temporaryFolder();
    const told: [number, number][] = [];
    const control = new AbortController();
    const reason = new Error('enough');

    const error = await assert.rejects(
      importCheckpoint({
        checkpointDir: checkpointDir('vit-small'),
        outDir: folder.path,
        signal: control.signal,
        onProgress: (done, total) => {
          told.push([done, total]);
          if (done === 3) {
            control.abort(reason);
          }
        },
      }),
      { message: /enough/ },
    );

    assert.is(error, reason);
    assert.equal(
      told.map(([done]) => done),
      [1, 2, 3],
    );
    assert.ok(told[0]![1] > 50);
    assert.not.ok((await readdir(folder.path)).includes('model.json'));
  });

  withModel('writes nothing where the checkpoint is not what its config says', async () => {
    await using folder = await temporaryFolder();
    const outDir = join(folder.path, 'model');
    await using changed = await withConfig('vit-small', (config) => ({
      ...config,
      model: { ...config.model, num_encoder_layers: 3, vocab_size: 35_000 },
    }));

    const error = await assert.rejects(importCheckpoint({ checkpointDir: changed.path, outDir }), {
      code: 'ERR_CHECKPOINT',
    });

    assert.match(
      error.message,
      '16 missing: model/encoder/transformer_encoder/enc_layers/2/mha_ln',
    );
    assert.match(error.message, '2 of another shape: model/decoder/ar_decoder.Stoken_embedding');
    assert.equal(await readdir(folder.path), []);
  });

  test('refuses options that are wrong or unknown', async () => {
    const options = { checkpointDir: checkpointDir('vit-small'), outDir: 'never' };

    await assert.rejects(importCheckpoint({ ...options, imageSize: 32 }), { name: 'RangeError' });
    await assert.rejects(importCheckpoint({ ...options, precision: 'int8' as 'float16' }), {
      name: 'TypeError',
    });
    await assert.rejects(importCheckpoint({ ...options, size: 640 } as typeof options), {
      message: /Unknown option `size`/,
    });
  });
});
