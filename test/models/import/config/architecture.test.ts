import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readArchitecture } from '../../../../models/import/config/architecture.ts';
import type { TensorSource } from '../../../../models/import/checkpoint/tensorSource.ts';
import { CheckpointWeights } from '../../../../models/import/graphs/checkpointWeights.ts';
import { decoderGraph } from '../../../../models/import/graphs/decoderGraph.ts';
import { encoderGraph } from '../../../../models/import/graphs/encoderGraph.ts';
import * as assert from '../../../support/assert.ts';
import { suite } from '../../../support/suite.ts';
import { OTHER_TASKS, PUBLISHED, asFirstReleased, withConfig } from '../configs.ts';
import { temporaryFolder } from '../imported.ts';
import { checkpointDir, readGolden } from '../reference.ts';

/** Learnt numbers of the published models; the README of the reference rounds them. */
const PARAMETERS: Readonly<Record<string, number>> = {
  'ResNet-50': 36_587_768,
  'ResNet-50-C4': 84_697_592,
  'ViT-B': 115_169_976,
  'ViT-L': 341_161_912,
};
/** Tokens of a picture of 640 pixels. */
const TOKENS: Readonly<Record<string, number>> = {
  'ResNet-50': 400,
  'ResNet-50-C4': 1600,
  'ViT-B': 1600,
  'ViT-L': 1600,
};
const EMPTY: TensorSource = {
  tensors: new Map(),
  readFloats: () => Promise.reject(new Error('nothing is read')),
  close: () => Promise.resolve(),
};

suite('readArchitecture', (test) => {
  for (const [backbone, model] of Object.entries(PUBLISHED)) {
    test(`knows ${backbone}, whose graphs take as many numbers as were published`, async () => {
      await using folder = await withConfig('vit-small', (config) => ({
        ...config,
        model: { ...config.model, ...model },
      }));

      const architecture = await readArchitecture(folder.path);
      const weights = new CheckpointWeights(EMPTY);
      const { numTokens } = encoderGraph(architecture, 640, weights, 'float32');
      decoderGraph(architecture, numTokens, weights, 'float32');

      assert.is(architecture.backbone, backbone);
      assert.is(numTokens, TOKENS[backbone]);
      assert.is(weights.numParameters, PARAMETERS[backbone]);
    });
  }

  test('takes the size of the picture as one number or as two', async () => {
    assert.is((await readArchitecture(checkpointDir('vit-small'))).imageSize, 64);
    const { imageSize } = await readGolden('resnet-small');
    assert.is((await readArchitecture(checkpointDir('resnet-small'))).imageSize, imageSize);
  });

  test('reads a config of the first release as one of today', async () => {
    await using folder = await withConfig('vit-small', asFirstReleased);

    const then = await readArchitecture(folder.path);
    const today = await readArchitecture(checkpointDir('vit-small'));

    assert.is(then.prompt, 10);
    assert.equal({ ...then, dataset: '' }, { ...today, dataset: '' });
  });

  test('looks at no more of a backbone than the reference does', async () => {
    const ofResnet = { resnet_depth: 18, resnet_width_multiplier: null, resnet_sk_ratio: 0.0625 };
    for (const [name, unused] of [
      ['vit-small', ofResnet],
      ['resnet-small', { patch_size: null }],
    ] as const) {
      await using folder = await withConfig(name, (config) => ({
        ...config,
        model: { ...config.model, ...unused },
      }));

      assert.equal(
        await readArchitecture(folder.path),
        await readArchitecture(checkpointDir(name)),
        name,
      );
    }
  });

  test('finds detection among several tasks', async () => {
    await using folder = await withConfig('vit-small', (config) => ({
      ...config,
      task: OTHER_TASKS[0],
      tasks: [OTHER_TASKS[0], config.task],
    }));

    assert.is((await readArchitecture(folder.path)).prompt, 10);
  });

  const refused: readonly [string, Readonly<Record<string, unknown>>, RegExp][] = [
    ['a picture that is no square', { image_size: [64, 96] }, /pictures are 64 x 96/],
    ['a class token', { use_cls_token: true }, /model\/use_cls_token must be equal to constant/],
    ['another kind of position code', { pos_encoding: 'learned' }, /model\/pos_encoding/],
    ['another ResNet', { resnet_variant: 'c3' }, /model\/resnet_variant/],
    ['another depth', { resnet_variant: 'c4', resnet_depth: 18 }, /model\/resnet_depth/],
    ['a size that is missing', { dim_att: undefined }, /dim_att/],
  ];
  for (const [what, model, message] of refused) {
    test(`refuses ${what}`, async () => {
      await using folder = await withConfig('vit-small', (config) => ({
        ...config,
        model: { ...config.model, ...model },
      }));

      await assert.rejects(readArchitecture(folder.path), { code: 'ERR_CHECKPOINT', message });
    });
  }

  test('refuses a model that does not detect', async () => {
    await using folder = await withConfig('vit-small', (config) => ({
      ...config,
      task: { name: 'captioning' },
      tasks: [],
    }));

    await assert.rejects(readArchitecture(folder.path), {
      code: 'ERR_CHECKPOINT',
      message: /none of its tasks is object_detection/,
    });
  });

  test('says what to do where there is none', async () => {
    await using folder = await withConfig('vit-small', (config) => config);
    await rm(join(folder.path, 'config.json'));

    await assert.rejects(readArchitecture(folder.path), {
      code: 'ERR_CHECKPOINT',
      message: /config\.json is missing, .* models\/readme\.md has it under `Without config\.json`/,
    });
  });

  test('reads the one that models/readme.md has for multi-task checkpoints', async () => {
    const readme = await readFile(new URL('../../../../models/readme.md', import.meta.url), 'utf8');
    const section = readme.slice(readme.indexOf('### Without config.json'));
    const [, json = ''] = /```json\n([^`]+)```/.exec(section) ?? [];
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, 'config.json'), json);

    const architecture = await readArchitecture(folder.path);
    const weights = new CheckpointWeights(EMPTY);
    const { numTokens } = encoderGraph(architecture, 640, weights, 'float32');
    decoderGraph(architecture, numTokens, weights, 'float32');

    assert.is(architecture.backbone, 'ViT-B');
    // 32,000 pieces of text more than the one that only detects: a row of 512 and a bias each
    assert.is(weights.numParameters, 115_169_976 + 32_000 * 513);
    assert.ok(architecture.isNoiseTrained);
    assert.ok(architecture.isClassInputFree);
    assert.equal(architecture.otherTasks, {
      prompts: {
        segment: { token: 11, maxPoints: 128 },
        pose: { token: 12, margin: 0.5 },
        caption: { token: 13, textBase: 3000, maxTokens: 128 },
      },
      leftOut: [],
    });
  });
});
