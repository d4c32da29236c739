import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { pictureName } from '../../../pipeline/sinks/attentionFiles.ts';
import { DEMO_CLIP } from '../../../pipeline/run/openSource.ts';
import * as assert from '../../support/assert.ts';
import { linesOf, runProgram } from '../../support/program.ts';
import type { Outcome } from '../../support/program.ts';
import { END_TO_END_MS, suite } from '../../support/suite.ts';
import { parseFrames, timeless } from '../../support/messages.ts';

const NUM_FRAMES = 2;
const LIMIT = { timeoutMs: END_TO_END_MS };
const NO_FONTS =
  '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig></fontconfig>';

function detect(...args: string[]): Promise<Outcome> {
  return runProgram(['detect', '--quiet', '--max-frames', `${NUM_FRAMES}`, ...args]);
}

suite('detect --attention', (test) => {
  const folder = mkdtempSync(join(tmpdir(), 'attention-'));
  const pictures = join(folder, 'deep/pictures');
  let names: readonly string[] = [];
  test.after(() => rmSync(folder, { recursive: true }));

  test(
    'writes a picture for each detection of the lines, which are those of a run without it',
    async () => {
      const plain = parseFrames((await detect(DEMO_CLIP)).stdout);

      const run = await detect(DEMO_CLIP, '--attention', pictures);

      assert.equal([run.code, run.stderr], [0, '']);
      const frames = parseFrames(run.stdout);
      assert.equal(frames.map(timeless), plain.map(timeless));
      names = readdirSync(pictures).sort();
      assert.equal(
        names,
        frames.flatMap(({ frame, detections }) =>
          detections.map(
            ({ label }, i) => `campus.mp4-00000${frame}-0${i}-${label.replaceAll(/\W/g, '_')}.png`,
          ),
        ),
      );
      assert.ok(names.length > 5);
      const { format, width } = await sharp(join(pictures, names[0]!)).metadata();
      assert.equal([format, width], ['png', 8 + 5 * 488]);
    },
    LIMIT,
  );

  test(
    'needs no font',
    async () => {
      const [config, bare] = [join(folder, 'fonts.conf'), join(folder, 'bare')];
      writeFileSync(config, NO_FONTS);
      const program = ['--import', './test/support/typescript.mjs', 'pipeline/main.ts'];
      const options = ['--quiet', '--max-frames', `${NUM_FRAMES}`, '--attention', bare];

      await promisify(execFile)(process.execPath, [...program, 'detect', DEMO_CLIP, ...options], {
        env: { ...process.env, FONTCONFIG_FILE: config },
      });

      assert.equal(readdirSync(bare).sort(), names);
      const size = async (file: string): Promise<unknown> => {
        const { width, height } = await sharp(file).metadata();
        return { width, height };
      };
      assert.equal(await size(join(bare, names[0]!)), await size(join(pictures, names[0]!)));
    },
    LIMIT,
  );

  test(
    'refuses a folder that cannot be made, before it reads anything',
    async () => {
      const file = join(folder, 'file');
      writeFileSync(file, 'precious');

      for (const wrong of [file, join(file, 'below')]) {
        const run = await detect(DEMO_CLIP, '--attention', wrong);

        assert.equal([run.code, run.stdout], [1, '']);
        const lines = linesOf(run.stderr);
        assert.is(lines.length, 1);
        assert.match(lines[0]!, `Cannot write attention pictures to \`${wrong}\``);
        assert.match(lines[0]!, /\[ERR_OUTPUT\]$/);
      }
      assert.is(readFileSync(file, 'utf8'), 'precious');
    },
    LIMIT,
  );

  test(
    'refuses two sources whose pictures would be the same files',
    async () => {
      const copies = ['a b.mp4', 'a_b.mp4'].map((name) => join(folder, name));
      copies.forEach((copy) => cpSync(DEMO_CLIP, copy));

      const run = await detect(...copies, '--attention', join(folder, 'both'));

      assert.equal([run.code, run.stdout], [2, '']);
      assert.match(run.stderr, 'Two sources are named a_b.mp4');
    },
    LIMIT,
  );

  test(
    'says once what a model without the graph is missing',
    async () => {
      const model = join(folder, 'blind');
      cpSync(new URL('../../../models/nano', import.meta.url), model, {
        recursive: true,
        filter: (path) => !path.endsWith('attention.onnx'),
      });
      const other = join(folder, 'other.mp4');
      cpSync(DEMO_CLIP, other);
      const args = [DEMO_CLIP, other, '--model', model];

      const run = await detect(...args, '--attention', join(folder, 'none'));

      assert.equal([run.code, run.stdout], [3, '']);
      const lines = linesOf(run.stderr);
      assert.is(lines.length, 1);
      assert.match(lines[0]!, `it has no ${join(model, 'attention.onnx')}; add that graph`);
      assert.match(lines[0]!, /\[ERR_MODEL_LOAD\]$/);
    },
    LIMIT,
  );

  test('gives names that no path, shell or file system takes for more', () => {
    const frame = { source: '../a b$(c)/門.mp4?x=1', frame: 7 };

    assert.is(pictureName(frame, 3, 'hot dog'), '.._a_b_c_門.mp4_x_1-000007-03-hot_dog.png');
    const long = pictureName({ source: '門'.repeat(100), frame: 7 }, 3, 'x'.repeat(255));
    assert.is(long, `${'門'.repeat(36)}-000007-03-${'x'.repeat(110)}.png`);
  });
});
