import { readArchitecture } from '../../../models/import/architecture.ts';
import { describeModel } from '../../../models/import/describeModel.ts';
import { taskPrompts } from '../../../models/import/taskPrompts.ts';
import * as assert from '../../support/assert.ts';
import { suite } from '../../support/suite.ts';
import { OTHER_TASKS, withConfig } from './configs.ts';
import type { OtherTask } from './configs.ts';
import { checkpointDir } from './reference.ts';

const [OUTLINE, POSE, CAPTION] = OTHER_TASKS;
const FILE = 'config.json';
const LABELS = [
  { id: 1, name: 'somebody' },
  { id: 2, name: 'something' },
];

suite('taskPrompts', (test) => {
  test('knows none of a model that only detects', async () => {
    const architecture = await readArchitecture(checkpointDir('vit-small'));

    assert.equal(architecture.prompts, {});
    assert.not.ok('prompts' in describeModel(architecture, 64, LABELS, []));
  });

  test('knows each task that the config has', () => {
    assert.equal(taskPrompts(FILE, [OUTLINE, { name: 'panoptic_segmentation' }], undefined), {
      segmentation: { token: 11, maxPoints: 128 },
    });
    assert.equal(taskPrompts(FILE, [POSE], undefined), { keypoints: { token: 12, margin: 0.5 } });
    assert.equal(taskPrompts(FILE, [CAPTION], 3000), {
      caption: { token: 13, textBase: 3000, maxTokens: 128 },
    });
  });

  test('describes them with the tokens that all checkpoints have in common', async () => {
    await using folder = await withConfig('vit-small', (config) => ({
      ...config,
      model: { ...config.model, text_vocab_shift: 3100 },
      tasks: [config.task, ...OTHER_TASKS],
    }));

    const { prompts } = describeModel(await readArchitecture(folder.path), 64, LABELS, []) as {
      readonly prompts: { readonly keypoints: { readonly names: readonly string[] } };
    };

    const { names } = prompts.keypoints;
    assert.equal(prompts, {
      segmentation: { token: 11, separator: 40, maxPoints: 128 },
      keypoints: { token: 12, invisible: 41, names, labels: ['somebody'], margin: 0.5 },
      caption: { token: 13, textBase: 3100, eos: 3101, maxTokens: 128 },
    });
    assert.equal(
      [names.length, names[0], names[9], names[16]],
      [17, 'nose', 'left_wrist', 'right_ankle'],
    );
  });

  test('leaves out outlines of a crop, and keypoints of a whole picture', () => {
    const others = [
      { ...OUTLINE, crop_to_bbox: true },
      { ...POSE, crop_to_bbox: false },
    ];

    assert.equal(taskPrompts(FILE, others, 3000), {});
  });

  const refused: readonly [string, readonly OtherTask[], number | undefined, RegExp][] = [
    [
      'outlines of two points',
      [{ ...OUTLINE, max_points_per_object: 2 }],
      3000,
      /max_points_per_object/,
    ],
    ['a task without its token', [{ name: POSE.name }], 3000, /vocab_id/],
    ['captions without an end', [{ ...CAPTION, max_seq_len: 0 }], 3000, /max_seq_len/],
    [
      'captions without text',
      [CAPTION],
      undefined,
      /it captions, but \/model\/text_vocab_shift is missing/,
    ],
  ];
  for (const [what, tasks, textBase, message] of refused) {
    test(`refuses ${what}`, async () => {
      await assert.rejects(() => taskPrompts(FILE, tasks, textBase), {
        code: 'ERR_CHECKPOINT',
        message,
      });
    });
  }
});
