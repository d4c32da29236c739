import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import type { Keypoint } from '../../../../models/index.ts';
import * as assert from '../../../support/assert.ts';
import { linesOf, runProgram } from '../../../support/program.ts';
import type { Outcome } from '../../../support/program.ts';
import { END_TO_END_MS, suite } from '../../../support/suite.ts';
import type { Imported } from '../../../models/import/imported.ts';
import { PROMPTS, importMultiTask, noisePicture } from '../../../support/models/multiTask.ts';
import { parseFrames } from '../../../support/messages.ts';

const SIDE = 96;

suite('detect --task', (test) => {
  const withProgram = (title: string, work: () => Promise<void>): void =>
    test(title, work, { timeoutMs: END_TO_END_MS });
  let model: Imported;
  let picture: string;
  const detect = (...args: string[]): Promise<Outcome> =>
    runProgram([
      ...['detect', picture, '--model', model.modelDir, '--device', 'cpu', '--quiet'],
      ...['--conf', '0', '--max-objects', '4', ...args],
    ]);

  test.before(async () => {
    // random weights find labels at random: all of them have keypoints
    model = await importMultiTask((labels) => labels.map(({ name }) => name));
    picture = join(model.modelDir, 'noise.png');
    const raw = { width: SIDE, height: SIDE, channels: 3 } as const;
    await sharp(noisePicture(SIDE), { raw }).png().toFile(picture);
    const pieces = Array.from({ length: 1_000 }, (_, id) => `▁${id}`);
    await writeFile(join(model.modelDir, 'pieces.json'), JSON.stringify(pieces));
  });
  test.after(async () => {
    await model[Symbol.asyncDispose]();
  });

  withProgram('finds objects alone by default', async () => {
    const [line] = parseFrames((await detect()).stdout);

    assert.is(line?.detections.length, 4);
    assert.ok(line?.detections.every((one) => !('polygons' in one) && !('keypoints' in one)));
    assert.not.ok('caption' in line!);
  });

  withProgram('adds what it is asked for to each line, valid against the schema', async () => {
    const { code, stdout } = await detect('--task', 'detect, segment,pose,caption');
    const [line] = parseFrames(stdout);

    assert.is(code, 0);
    assert.match(line!.caption!, /^\d+( \d+)+$/);
    for (const { polygons, keypoints } of line!.detections) {
      assert.ok(polygons!.every((points) => points.length >= 6 && points.length % 2 === 0));
      assert.equal(
        keypoints!.map(({ name }) => name),
        PROMPTS.pose.names,
      );
    }
    const numbers = line!.detections.flatMap(({ polygons = [] }) => polygons.flat());
    assert.ok(numbers.length > 0 && numbers.every((at) => at >= 0 && at <= SIDE));
    assert.equal(
      numbers,
      numbers.map((at) => Number(at.toFixed(2))),
    );
  });

  withProgram('writes keypoints as COCO has them', async () => {
    const [line] = parseFrames((await detect('--task', 'pose')).stdout);
    const items = JSON.parse((await detect('--task', 'pose', '--format', 'coco')).stdout) as {
      keypoints: number[];
    }[];

    const flat = ({ x, y, visible }: Keypoint): number[] => [x, y, visible ? 2 : 0];
    assert.equal(
      items.map(({ keypoints }) => keypoints),
      line?.detections.map(({ keypoints = [] }) => keypoints.flatMap(flat)),
    );
  });

  withProgram('says in one line which tasks a model knows', async () => {
    const { code, stdout, stderr } = await runProgram(['detect', picture, '--task', 'pose']);

    assert.is(code, 3);
    assert.is(stdout, '');
    assert.equal(linesOf(stderr), [
      'pix2seq-stream: The model `nano` was not trained for the task `pose`; it knows detect [ERR_MODEL_LOAD]',
    ]);
  });

  withProgram('says how to come by the text of captions', async () => {
    await using bare = await importMultiTask();
    const { code, stderr } = await runProgram([
      ...['detect', picture, '--model', bare.modelDir, '--task', 'caption'],
    ]);

    assert.is(code, 3);
    assert.match(stderr, /has no text for captions.*`--text-vocabulary FILE`/);
  });

  withProgram(
    'refuses tasks that there are not, and pictures of attention beside them',
    async () => {
      const unknown = await detect('--task', 'segment,poses');
      const both = await detect('--task', 'segment', '--attention', 'nowhere');
      const lost = await detect('--task', 'segment,pose', '--format', 'coco');

      assert.is(lost.code, 2);
      assert.match(lost.stderr, /`--format coco` has no place for what `--task segment` finds/);
      assert.is(unknown.code, 2);
      assert.match(unknown.stderr, /Expected some of detect, segment, pose, caption/);
      assert.is(both.code, 2);
      assert.match(both.stderr, /`--attention` is drawn for `--task detect` alone/);
    },
  );
});
