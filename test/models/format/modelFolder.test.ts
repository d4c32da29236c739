import { createHash } from 'node:crypto';
import { readFile, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { bundledImageSpec } from '../../../models/index.ts';
import { readModelFolder } from '../../../models/format/modelFolder.ts';
import * as assert from '../../support/assert.ts';
import { suite } from '../../support/suite.ts';
import { BUNDLED } from '../../support/models/bundled.ts';
import { TINY, copyFolder, tinyInfo } from '../../support/models/tinyModel.ts';

suite('readModelFolder', (test) => {
  test('reads a folder and fills in the decode defaults', async () => {
    const { info, encoderFile, decoderFile } = await readModelFolder(TINY);

    assert.equal(info, tinyInfo());
    assert.is(encoderFile, join(TINY, 'encoder.onnx'));
    assert.is(decoderFile, join(TINY, 'decoder.onnx'));
  });

  test('finds the bundled model by its name', async () => {
    const { info, encoderFile } = await readModelFolder('nano');

    assert.is(info.name, 'nano');
    assert.is(info.labels.length, 80);
    assert.is(info.labels[79]?.name, 'toothbrush');
    assert.is(info.cacheWidth, 97);
    assert.is(info.fusedClassStep, true);
    assert.is(encoderFile, join(BUNDLED, 'encoder.onnx'));
  });

  test('takes the decode settings and the class input that the file gives', async () => {
    await using folder = await copyFolder(TINY, {
      describe: (file) => ({
        ...file,
        sequence: { box: 'ymin xmin ymax xmax', classInput: 'class' },
        decode: { eosOffset: 1.5, noisePatience: 4 },
      }),
    });

    const { info } = await readModelFolder(folder.path);

    assert.is(info.fusedClassStep, false);
    assert.equal(info.decode, { eosOffset: 1.5, noiseThreshold: 1, noisePatience: 4 });
  });

  test('takes what the model answers beside detection', async () => {
    const caption = { token: 13, textBase: 20, eos: 21, maxTokens: 16 };
    await using folder = await copyFolder(TINY, {
      describe: (file) => ({ ...file, prompts: { caption } }),
    });

    const { info, piecesFile } = await readModelFolder(folder.path);

    assert.equal(info.prompts, { caption });
    assert.is(piecesFile, join(folder.path, 'pieces.json'));
  });

  test('says what it looked for where there is no folder', async () => {
    await assert.rejects(readModelFolder('/nowhere/at/all'), {
      code: 'ERR_MODEL_LOAD',
      message:
        /No model at `\/nowhere\/at\/all`: expected a folder with model\.json.*\/nowhere\/at\/all\/model\.json.*`nano`/,
    });
  });

  test('says which graph is missing', async () => {
    for (const name of ['encoder.onnx', 'decoder.onnx']) {
      await using folder = await copyFolder(TINY, { without: [name] });

      await assert.rejects(readModelFolder(folder.path), {
        code: 'ERR_MODEL_LOAD',
        message: new RegExp(
          `model\\.json is there, but ${folder.path}/${name} cannot be read: there is no such`,
        ),
      });
    }
  });

  test('says that model.json is not JSON', async () => {
    await using folder = await copyFolder(TINY, { describe: () => '{ "format": 1,' });

    await assert.rejects(readModelFolder(folder.path), {
      code: 'ERR_MODEL_CONTRACT',
      message: /model\.json is not JSON$/,
    });
  });

  test('names the wrong field, what it must be and what it is', async () => {
    const image = { size: 32, channels: 'RGB', fit: 'contain', anchor: 'top-left', pad: 114 };
    const cases: [object, RegExp][] = [
      [{ format: 2 }, /\/format must be 1, got 2$/],
      [{ name: 7 }, /\/name must be string, got 7$/],
      [{ image: { ...image, size: 8 } }, /\/image\/size must be >= 32, got 8$/],
      [{ image: { ...image, channels: 'BGR' } }, /\/image\/channels must be "RGB", got "BGR"$/],
      [{ image: { size: 32 } }, /\/image must have required properties channels, fit/],
      [{ cacheWidth: 2.5 }, /\/cacheWidth must be integer, got 2\.5$/],
      [{ labels: [] }, /\/labels must not have fewer than 1 items, got \[\]$/],
      [{ labels: [{ id: 1, name: null }] }, /\/labels\/0\/name must be string, got null$/],
      [
        { prompts: { caption: { token: 1, textBase: 2, eos: 3, maxTokens: 513 } } },
        /\/prompts\/caption\/maxTokens must be <= 506, got 513$/,
      ],
      [{ decode: { noiseThreshold: 2 } }, /\/decode\/noiseThreshold must be <= 1, got 2$/],
      [
        { sequence: { box: 'ymin xmin ymax xmax', classInput: 'both' } },
        /\/sequence\/classInput must be "noise" or "class", got "both"$/,
      ],
    ];

    for (const [change, message] of cases) {
      await using folder = await copyFolder(TINY, { describe: (file) => ({ ...file, ...change }) });
      await assert.rejects(readModelFolder(folder.path), { code: 'ERR_MODEL_CONTRACT', message });
    }
  });

  test('refuses numbers beyond what a model can have, and tokens beyond its vocabulary', async () => {
    const { vocabulary, labels } = tinyInfo();
    const caption = { token: 1, textBase: 20, eos: 21, maxTokens: 8 };
    const pose = { token: 1, invisible: 24, names: ['nose'], labels: ['circle'], margin: 0 };
    const cases: [object, RegExp][] = [
      [{ vocabulary: { ...vocabulary, size: 2 ** 53 } }, /\/size must be <= 1000000, got 9007/],
      [
        { vocabulary: { ...vocabulary, bins: 1e9 } },
        /coordinateBase \+ bins - 1` .* below 24, got/,
      ],
      [{ vocabulary: { ...vocabulary, bins: 17 } }, /coordinateBase \+ bins - 1` .* got 24$/],
      [{ vocabulary: { ...vocabulary, eos: 24 } }, /`vocabulary\.eos` .* below 24, got 24$/],
      [{ vocabulary: { ...vocabulary, noise: 99 } }, /`vocabulary\.noise` .* got 99$/],
      [{ vocabulary: { ...vocabulary, classBase: 23 } }, /number of labels - 1` .* got 24$/],
      [{ vocabulary: { ...vocabulary, prompt: [1, 24] } }, /`vocabulary\.prompt` .* got 24$/],
      [
        { vocabulary: { ...vocabulary, prompt: Array<number>(1_000).fill(0) } },
        /\/prompt must not have more than 64 items/,
      ],
      [{ cacheWidth: 1e12 }, /\/cacheWidth must be <= 65536/],
      [{ decode: { eosOffset: 1e308 } }, /\/eosOffset must be <= 1000000000/],
      [{ prompts: { caption: { ...caption, eos: 99 } } }, /`prompts\.caption\.eos` .* got 99$/],
      [{ prompts: { caption, pose } }, /`prompts\.pose\.invisible` .* got 24$/],
      [
        { labels: [...labels, { id: 3, name: 'a\u001b[31m' }] },
        /name must have no control characters, got .*\\u001b\[31m"$/,
      ],
      [{ name: 'two\nlines' }, /\/name must have no control characters, got "two\\nlines"$/],
    ];

    for (const [change, message] of cases) {
      await using folder = await copyFolder(TINY, { describe: (file) => ({ ...file, ...change }) });
      await assert.rejects(readModelFolder(folder.path), { code: 'ERR_MODEL_CONTRACT', message });
    }
  });

  test('refuses what is larger than any description, without reading it', async () => {
    await using folder = await copyFolder(TINY);
    await truncate(join(folder.path, 'model.json'), 2 ** 40);

    await assert.rejects(readModelFolder(folder.path), {
      code: 'ERR_MODEL_CONTRACT',
      message: /model\.json has 1048576 MB; expected 4 MB at the most$/,
    });
  });

  test('refuses what is nested too deep', async () => {
    const depth = 100_000;
    const deep = '['.repeat(depth) + ']'.repeat(depth);
    await using folder = await copyFolder(TINY, { describe: () => deep });

    await assert.rejects(readModelFolder(folder.path), {
      code: 'ERR_MODEL_CONTRACT',
      message: /the file must be object, got a value of too many levels$/,
    });
  });

  test('names missing fields', async () => {
    await using folder = await copyFolder(TINY, {
      describe: (file) => ({ ...file, labels: undefined }),
    });

    await assert.rejects(readModelFolder(folder.path), {
      code: 'ERR_MODEL_CONTRACT',
      message: /the file must have required properties labels$/,
    });
  });

  test('does not repeat a long value whole', async () => {
    await using folder = await copyFolder(TINY, { describe: () => ['x'.repeat(10_000)] });

    const error = await assert.rejects(readModelFolder(folder.path), {
      message: /the file must be object, got \["xxx/,
    });

    assert.ok(error.message.length < 500, error.message);
  });
});

suite('bundledImageSpec', (test) => {
  test('is the bundled model’s picture', () => {
    assert.equal(bundledImageSpec(), { size: 416, pad: 114 });
  });
});

suite('models/nano', (test) => {
  test('holds the very graphs that its model.json names', async () => {
    const text = await readFile(join(BUNDLED, 'model.json'), 'utf8');
    const { files } = JSON.parse(text) as { files: Record<string, { sha256: string }> };

    assert.equal(Object.keys(files).sort(), ['attention.onnx', 'decoder.onnx', 'encoder.onnx']);
    for (const [name, { sha256 }] of Object.entries(files)) {
      const bytes = await readFile(join(BUNDLED, name));
      assert.is(createHash('sha256').update(bytes).digest('hex'), sha256, name);
    }
  });
});
