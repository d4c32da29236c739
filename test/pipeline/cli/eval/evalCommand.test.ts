import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lastValueFrom, toArray } from 'rxjs';
import { openLocalDetector } from '../../../../models/index.ts';
import { detect, fromImages } from '../../../../operators/index.ts';
import { cocoFigures } from '../../../../pipeline/cli/eval/averagePrecision.ts';
import { readCocoFile } from '../../../../pipeline/cli/eval/cocoFile.ts';
import type { EvalReport } from '../../../../pipeline/cli/eval/report.ts';
import * as assert from '../../../support/assert.ts';
import { linesOf, runProgram, startProgram } from '../../../support/program.ts';
import { END_TO_END_MS, suite } from '../../../support/suite.ts';
import { makePictures } from '../../../support/media/clipPictures.ts';

const LIMIT = { timeoutMs: END_TO_END_MS };
const PERSON = 1;
const CAR = 3;

/** Drawn by hand: image, category, box, crowd. */
const BOXES: readonly (readonly [number, number, readonly number[], number?])[] = [
  [1, PERSON, [364, 193, 36, 84]],
  [1, PERSON, [438, 232, 42, 88]],
  [1, PERSON, [686, 271, 37, 107]],
  [1, PERSON, [729, 270, 28, 100]],
  [1, CAR, [652, 43, 70, 57]],
  [1, CAR, [734, 50, 34, 45]],
  [2, PERSON, [260, 173, 26, 71]],
  [2, PERSON, [568, 188, 32, 96]],
  [2, PERSON, [274, 52, 13, 32]],
  [2, PERSON, [370, 170, 135, 95], 1],
  [2, CAR, [652, 43, 70, 57]],
  [2, CAR, [734, 50, 34, 45]],
];
const size = { width: 768, height: 576 };
const LABELS = {
  images: [
    { id: 1, file_name: '1.png', ...size, split: 'day' },
    { id: 2, file_name: '2.png', ...size, split: 'night' },
  ],
  annotations: BOXES.map(([image_id, category_id, bbox, iscrowd = 0]) => {
    return { image_id, category_id, bbox, area: bbox[2]! * bbox[3]! * 0.7, iscrowd };
  }),
  categories: [PERSON, CAR, 18].map((id) => ({ id })),
};

suite('evalCommand', (test) => {
  const folder = mkdtempSync(join(tmpdir(), 'eval-'));
  const images = join(folder, 'pictures');
  const annotations = join(folder, 'labels.json');
  const other = join(folder, 'other.json');
  test.before(async () => {
    await makePictures(images);
    writeFileSync(annotations, JSON.stringify(LABELS));
    plain = await figures();
  });
  test.after(() => rmSync(folder, { recursive: true }));
  /** Of both pictures, with no options. */
  let plain: EvalReport;

  const source = ['--images', images, '--annotations', annotations];

  /** Runs the program for its figures. */
  async function figures(...args: string[]): Promise<EvalReport> {
    const run = await runProgram(['eval', ...source, '--quiet', '--json', ...args]);
    assert.equal([run.code, run.stderr], [0, '']);
    return JSON.parse(run.stdout) as EvalReport;
  }

  test(
    'gives the figures of what `detect` finds in the pictures',
    async () => {
      const { model, device, numPictures, objects, passes, encodeMs, tokensMs, ...rest } = plain;

      const { pictures, categories } = await readCocoFile({ images, annotations, limit: 0 });
      await using detector = await openLocalDetector();
      const frames$ = fromImages(pictures.map(({ path }) => path)).pipe(
        detect(detector, { minScore: 0 }),
        toArray(),
      );
      const results = await lastValueFrom(frames$);
      const judged = pictures.map(({ id, labelled }, index) => {
        const found = results[index]!.detections.map(({ classId, score, box }) => {
          const { xmin, ymin, xmax, ymax } = box;
          const categoryId = detector.model.labels[classId]!.id;
          return { categoryId, score, xywh: [xmin, ymin, xmax - xmin, ymax - ymin] as const };
        });
        return { id, labelled, found };
      });
      assert.equal([model, device, numPictures], ['nano', detector.device, 2]);
      const ids = categories.map(({ id }) => id);
      assert.equal(rest, JSON.parse(JSON.stringify(cocoFigures(judged, ids))));
      assert.ok(rest.ap50! > 0.5, 'the hand-drawn boxes are found');
      assert.is(objects, (judged[0]!.found.length + judged[1]!.found.length) / 2);
      assert.is(passes, (results[0]!.tokens.passes + results[1]!.tokens.passes) / 2);
      assert.ok(encodeMs > 0 && tokensMs > 0);
    },
    LIMIT,
  );

  test(
    'counts a picture once that stands there twice, and reads a file with a byte-order mark',
    async () => {
      const twice = { ...LABELS, images: [...LABELS.images, LABELS.images[0]] };
      writeFileSync(other, `\uFEFF${JSON.stringify(twice)}`);

      const { encodeMs: _, tokensMs: __, ...again } = await figures('--annotations', other);

      const { encodeMs: ___, tokensMs: ____, ...once } = plain;
      assert.equal(again, once);
    },
    LIMIT,
  );

  test(
    'prints a table, with progress on standard error',
    async () => {
      const run = await runProgram(['eval', ...source, '--limit', '1']);

      assert.is(run.code, 0);
      const lines = linesOf(run.stdout);
      assert.match(lines[0]!, /^nano on \w+, 1 pictures$/);
      const rows = lines.slice(4).map((line) => line.split('|').map((cell) => cell.trim()));
      assert.equal(
        rows.map(([, what]) => what),
        ['AP', 'AP50', 'AP75', 'AP small', 'AP medium', 'AP large']
          .concat(['AR@1', 'AR@10', 'AR@100', 'AR small', 'AR medium', 'AR large'])
          .concat(['objects a picture', 'decoder calls a picture'])
          .concat(['encoder, ms a picture', 'decoder, ms a picture']),
      );
      assert.match(rows[0]![2]!, /^\d\d\.\d\d$/);
      assert.is(rows[5]![2], '–'); // no large box
      assert.match(run.stderr, / 1\/1 frames /);
    },
    LIMIT,
  );

  test(
    'ends well when nobody reads its figures',
    async () => {
      const args = ['eval', ...source, '--quiet', '--limit', '1'];

      const run = await runProgram(args, { pipeTo: 'true' });
      assert.equal([run.code, run.stderr], [0, '']);
    },
    { ...LIMIT, needs: ['bash'] },
  );

  test(
    'honors --split and the options of the decoder',
    async () => {
      const few = ['--eos-offset', '1000', '--noise-threshold', '1', '--max-objects', '3'];

      const [night, some, patient, impatient] = await Promise.all([
        figures('--split', 'night'),
        figures(...few, '--limit', '1'),
        figures('--eos-offset', '1000', '--noise-threshold', '0.01', '--noise-patience', '4'),
        figures('--eos-offset', '1000', '--noise-threshold', '0.01', '--noise-patience', '1'),
      ]);

      assert.equal([night.numPictures, some.numPictures], [1, 1]);
      assert.not.equal(night.ap, plain.ap);
      assert.is(some.objects, 3);
      assert.ok(patient.objects > impatient.objects);
    },
    LIMIT,
  );

  test(
    '--pan judges the last frame of clips, whose length does not matter without reuse',
    async () => {
      const [short, long] = await Promise.all([
        figures('--pan', '2', '--reuse', 'off'),
        figures('--pan', '4', '--reuse', 'off'),
      ]);

      const kept = ({ passes: _1, encodeMs: _2, tokensMs: _3, pan: _4, ...rest }: EvalReport) =>
        rest;
      assert.equal(kept(short), kept(long));
      assert.equal(
        [short.pan, long.pan],
        [2, 4].map((numFrames) => ({ numFrames, reuse: 'off' })),
      );
      assert.not.equal(short.ap, plain.ap, 'it is another picture');
      assert.ok(short.ap50! > 0.4, `AP50 ${short.ap50}: the labels moved with it`);
    },
    LIMIT,
  );

  test(
    '--pan finds again what is read from nothing, all of it where reuse changes nothing',
    async () => {
      const [off, refine, sticky] = await Promise.all([
        figures('--pan', '3', '--reuse', 'off'),
        figures('--pan', '3'),
        figures('--pan', '3', '--reuse', 'sticky'),
      ]);

      const foundAgain = { recall: 1, overlap: 1 };
      assert.equal(refine.pan, { numFrames: 3, reuse: 'refine', foundAgain });
      assert.equal([refine.ap, refine.objects], [off.ap, off.objects]);
      assert.ok(refine.passes < off.passes && sticky.passes < refine.passes);
      const { recall, overlap } = sticky.pan!.foundAgain!;
      assert.ok(recall! > 0.5 && recall! <= 1 && overlap! > 0.5 && overlap! < 1);
    },
    LIMIT,
  );

  test(
    'ends at Ctrl-C, without figures and without files left',
    async () => {
      const clips = (): string[] =>
        readdirSync(tmpdir()).filter((name) => name.startsWith('pix2seq-stream-pan-'));
      const before = clips();
      await using program = startProgram(['eval', ...source, '--pan', '30']);
      await program.line('stderr', /eval .* [1-9]\d*\/62 frames/);

      program.signal('SIGINT');
      const run = await program.ended;

      assert.equal([run.code, run.signal, run.stdout], [130, null, '']);
      assert.equal(clips(), before);
    },
    LIMIT,
  );

  const mistakes: readonly (readonly [string, object | undefined, readonly string[], number, RegExp])[] = [
    ['a missing argument', undefined, ['--images', images], 2, /'--annotations <file>' not specified/],
    ['reuse without clips', undefined, [...source, '--reuse', 'sticky'], 2, /`--reuse sticky` needs `--pan`/],
    ['a clip of one frame', undefined, [...source, '--pan', '1'], 2, /--pan.*'1'.*from 2 to 30/],
    ['annotations that are not there', undefined, ['--images', images, '--annotations', join(folder, 'no.json')], 3, /no\.json`.*ERR_ANNOTATIONS/],
    ['a field that is not there', { ...LABELS, categories: undefined }, ['--images', images, '--annotations', other], 3, /other\.json`.*categories.*ERR_ANNOTATIONS/],
    ['a picture that is not there', undefined, ['--images', folder, '--annotations', annotations], 3, /no picture `.*1\.png`.*ERR_ANNOTATIONS/],
    ['labels of another size', { ...LABELS, images: [{ ...LABELS.images[0], width: 640 }] }, ['--images', images, '--annotations', other, '--quiet'], 3, /768 x 576.*640 x 576.*ERR_ANNOTATIONS/],
    ['labels of other classes', { ...LABELS, categories: [{ id: 1000 }] }, ['--images', images, '--annotations', other], 3, /other\.json`.*nano.*no category id in common: the file has 1000, the model 1 `person`, 2 `bicycle`/],
    ['ids of another order', { ...LABELS, categories: [{ id: PERSON, name: 'Car' }, { id: CAR, name: 'person' }] }, ['--images', images, '--annotations', other], 3, /1 is `Car` in the file and `person` in the model, 3 is `person` .*; by the model’s numbers `Car` is 3, `person` is 1/],
    ['a picture with two meanings', { ...LABELS, images: [...LABELS.images, { ...LABELS.images[1], file_name: '1.png' }] }, ['--images', images, '--annotations', other], 3, /picture id 2 twice, for `2\.png`.* and for `1\.png`/],
  ]; // prettier-ignore
  for (const [title, labels, args, code, says] of mistakes) {
    test(
      `names ${title}, in one line`,
      async () => {
        writeFileSync(other, JSON.stringify(labels ?? {}));

        const run = await runProgram(['eval', ...args]);

        assert.equal([run.code, run.stdout], [code, ''], run.stderr);
        assert.is(linesOf(run.stderr).length, 1, run.stderr);
        assert.match(run.stderr, says);
      },
      LIMIT,
    );
  }
});
