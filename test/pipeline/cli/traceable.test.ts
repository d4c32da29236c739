import { copyFileSync, cpSync, mkdtempSync, rmSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FORMATS } from '../../../pipeline/sinks/formats.ts';
import type { FormatName } from '../../../pipeline/sinks/formats.ts';
import { clip } from '../../support/media/clips.ts';
import * as assert from '../../support/assert.ts';
import { linesOf, runProgram } from '../../support/program.ts';
import { END_TO_END_MS, suite } from '../../support/suite.ts';
import { makePictures } from '../../support/media/clipPictures.ts';

const LIMIT = { timeoutMs: END_TO_END_MS };

/** What a format tells of where an object was found; equal texts are one place. */
const placesOf: Readonly<Record<FormatName, (text: string) => readonly string[]>> = {
  ndjson: (text) =>
    linesOf(text).map((line) => {
      const { source, frame, file = '' } = JSON.parse(line) as Record<string, unknown>;
      return [source, frame, file].join();
    }),
  csv: (text) =>
    linesOf(text)
      .slice(1)
      .map((line) => line.split(','))
      .map(([source, frame, , , , , , , , , file]) => [source, frame, file].join()),
  mot: (text) => linesOf(text).map((line) => line.split(',')[0] ?? ''),
  coco: (text) =>
    (JSON.parse(text) as { image_id: number; file_name?: string }[]).map(
      ({ image_id, file_name = '' }) => [image_id, file_name].join(),
    ),
};

suite('results of detect', (test) => {
  const folder = mkdtempSync(join(tmpdir(), 'traceable-'));
  const at = (...names: string[]): string => join(folder, ...names);
  test.before(async () => {
    for (const name of ['a', 'b', 'both']) {
      await mkdir(at(name));
    }
    copyFileSync(clip('h264.mp4'), at('a', 'x.mp4'));
    copyFileSync(clip('h264.mp4'), at('b', 'x.mp4'));
    await makePictures(at('a', 'img'));
    cpSync(at('a', 'img'), at('b', 'img'), { recursive: true });
    await mkdir(at('coco'));
    for (const [name, number] of [
      ['1', 139],
      ['2', 285],
      ['10', 632],
    ] as const) {
      copyFileSync(
        at('a', 'img', `${name}.png`),
        at('coco', `${number}`.padStart(12, '0') + '.png'),
      );
      copyFileSync(at('a', 'img', `${name}.png`), at('both', `street ${name}.png`));
    }
  });
  test.after(() => rmSync(folder, { recursive: true }));

  const [one, other] = [at('a', 'x.mp4'), at('b', 'x.mp4')];
  const numFrames = 2;
  /** What is read, how many frames there are in all, and which formats have no place for it. */
  const kinds: readonly (readonly [string, readonly string[], number, readonly FormatName[]])[] = [
    ['a video', [one], 2, []],
    ['two videos of one name', [one, other], 4, ['mot', 'coco']],
    ['a folder of pictures', [at('a', 'img')], 2, []],
    ['a picture', [at('a', 'img', '1.png')], 1, []],
    ['two pictures', [at('a', 'img', '1.png'), at('a', 'img', '2.png')], 2, ['mot']],
    ['two pictures of one name', [at('a', 'img', '1.png'), at('b', 'img', '1.png')], 2, ['mot']],
    ['a glob over folders', [at('*', 'img', '1.png')], 2, []],
    ['two folders of one name', [at('a', 'img'), at('b', 'img')], 4, ['mot']],
    ['a folder and a video', [at('a', 'img'), one], 4, ['mot', 'coco']],
    ['a folder of a video and pictures', [at('a')], 2, []],
    ['a glob of videos', [at('*', 'x.mp4')], 4, ['mot', 'coco']],
  ]; // prettier-ignore
  for (const [kind, sources, numPlaces, refused] of kinds) {
    for (const format of FORMATS) {
      const isRefused = refused.includes(format);
      test(
        `of ${kind} as ${format} ${isRefused ? 'are refused before anything is read' : 'name each frame'}`,
        async () => {
          const args = [
            '--format',
            format,
            '--max-frames',
            `${numFrames}`,
            '--conf',
            '0',
            '--quiet',
          ];
          const run = await runProgram(['detect', ...sources, ...args]);

          if (isRefused) {
            assert.equal([run.code, run.stdout], [2, '']);
            assert.match(
              run.stderr,
              /^pix2seq-stream: `--format \w+` has .*; give each a run.*\n$/,
            );
          } else {
            assert.equal(
              [run.code, linesOf(run.stderr).filter((line) => !/left out/.test(line))],
              [0, []],
            );
            assert.is(new Set(placesOf[format](run.stdout)).size, numPlaces);
          }
        },
        LIMIT,
      );
    }
  }

  async function cocoOf(...sources: string[]): Promise<readonly string[]> {
    const run = await runProgram(['detect', ...sources, '--format', 'coco', '--quiet']);
    assert.equal([run.code, run.stderr], [0, '']);
    return [...new Set(placesOf.coco(run.stdout))];
  }

  test(
    'as coco have the ids of COCO’s pictures, each by its own number, or none',
    async () => {
      const [numbered, named, twice] = [
        await cocoOf(at('coco')),
        await cocoOf(at('both')),
        await cocoOf(at('a', 'img'), at('b', 'img')),
      ];

      assert.equal(numbered, [
        '139,000000000139.png',
        '285,000000000285.png',
        '632,000000000632.png',
      ]);
      assert.equal(named, ['0,street 1.png', '1,street 2.png', '2,street 10.png']);
      assert.equal(
        twice,
        ['a', 'b'].flatMap((name, i) =>
          ['1', '2', '10'].map((number, j) => `${3 * i + j},${name}/img/${number}.png`),
        ),
      );
    },
    LIMIT,
  );

  test(
    'as csv have the file of each picture',
    async () => {
      const run = await runProgram(['detect', at('a', 'img'), '--format', 'csv', '--quiet']);

      const files = linesOf(run.stdout)
        .slice(1)
        .map((line) => line.split(',').at(-1));
      assert.equal(
        [...new Set(files)],
        ['1', '2', '10'].map((name) => at('a', 'img', `${name}.png`)),
      );
    },
    LIMIT,
  );
});
