import { readArchitecture } from '../../../../models/import/config/architecture.ts';
import { describeModel } from '../../../../models/import/describeModel.ts';
import { taskPrompts } from '../../../../models/import/config/taskPrompts.ts';
import type { Shared, Task } from '../../../../models/import/config/taskPrompts.ts';
import * as assert from '../../../support/assert.ts';
import { suite } from '../../../support/suite.ts';
import { OTHER_TASKS, withConfig } from '../configs.ts';
import type { OtherTask } from '../configs.ts';
import { checkpointDir } from '../reference.ts';

const [SEGMENT, POSE, CAPTION] = OTHER_TASKS;
const SHARED: Shared = { vocabularySize: 4000, bins: 1000, textBase: 3000 };
const LABELS = [
  { id: 1, name: 'somebody' },
  { id: 2, name: 'something' },
];

suite('taskPrompts', (test) => {
  test('knows none of a model that only detects', async () => {
    const architecture = await readArchitecture(checkpointDir('vit-small'));

    assert.equal(architecture.otherTasks, { prompts: {}, leftOut: [] });
    assert.not.ok('prompts' in describeModel(architecture, 64, LABELS, []));
  });

  test('knows each task that the config has', () => {
    const known = (...tasks: readonly Task[]): object => taskPrompts(tasks, SHARED).prompts;

    assert.equal(known(SEGMENT, { name: 'panoptic_segmentation' }), {
      segment: { token: 11, maxPoints: 128 },
    });
    assert.equal(known(POSE), { pose: { token: 12, margin: 0.5 } });
    assert.equal(known(CAPTION), { caption: { token: 13, textBase: 3000, maxTokens: 128 } });
  });

  test('describes them with the tokens that all checkpoints have in common', async () => {
    await using folder = await withConfig('vit-small', (config) => ({
      ...config,
      model: { ...config.model, text_vocab_shift: 3100, vocab_size: 3200 },
      tasks: [config.task, ...OTHER_TASKS],
    }));

    const { prompts } = describeModel(await readArchitecture(folder.path), 64, LABELS, []) as {
      readonly prompts: { readonly pose: { readonly names: readonly string[] } };
    };

    const { names } = prompts.pose;
    assert.equal(prompts, {
      segment: { token: 11, separator: 40, maxPoints: 128 },
      pose: { token: 12, invisible: 41, names, labels: ['somebody'], margin: 0.5 },
      caption: { token: 13, textBase: 3100, eos: 3101, maxTokens: 128 },
    });
    assert.equal(
      [names.length, names[0], names[9], names[16]],
      [17, 'nose', 'left_wrist', 'right_ankle'],
    );
  });

  const left: readonly [string, OtherTask, Partial<Shared>, RegExp][] = [
    ['outlines of a crop', { ...SEGMENT, crop_to_bbox: true }, {}, /^instance_segmentation: .*crop_to_bbox/],
    ['outlines of two points', { ...SEGMENT, max_points_per_object: 2 }, {}, /max_points_per_object/],
    ['outlines longer than a sequence', { ...SEGMENT, max_points_per_object: 300 }, {}, /max_points/],
    ['keypoints of a whole picture', { ...POSE, crop_to_bbox: false }, {}, /^keypoint_detection: .*crop/],
    ['other keypoints than COCO’s', { ...POSE, max_points_per_object: 5 }, {}, /max_points_per_object/],
    ['a task with bins of its own', { ...POSE, quantization_bins: 500 }, {}, /quantization_bins/],
    ['a task without its token', { name: POSE.name }, {}, /vocab_id/],
    ['a task whose token is none', { ...POSE, vocab_id: 4000 }, {}, /vocab_id/],
    ['captions without an end', { ...CAPTION, max_seq_len: 0 }, {}, /^captioning: .*max_seq_len/],
    ['captions longer than a sequence', { ...CAPTION, max_seq_len: 512 }, {}, /max_seq_len/],
    ['captions without text', CAPTION, { textBase: undefined }, /text_vocab_shift leaves no tokens/],
    ['captions behind the vocabulary', CAPTION, { textBase: 3999 }, /text_vocab_shift leaves no tokens/],
  ]; // prettier-ignore
  for (const [what, task, shared, reason] of left) {
    test(`leaves out ${what}, and says why`, () => {
      const read = taskPrompts([SEGMENT, task].slice(Number(task.name === SEGMENT.name)), {
        ...SHARED,
        ...shared,
      });

      assert.equal(Object.keys(read.prompts), task.name === SEGMENT.name ? [] : ['segment']);
      assert.is(read.leftOut.length, 1);
      assert.match(read.leftOut[0]!, reason);
    });
  }
});
