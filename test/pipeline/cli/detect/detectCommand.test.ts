import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { copyFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { lastValueFrom, map, toArray } from 'rxjs';
import { openLocalDetector } from '../../../../models/index.ts';
import type { FrameDetections } from '../../../../models/index.ts';
import { detect, fromImages, fromVideo } from '../../../../operators/index.ts';
import type { DetectConfig } from '../../../../operators/index.ts';
import { DEMO_CLIP } from '../../../../pipeline/run/openSource.ts';
import { rounded } from '../../../../pipeline/sinks/rounded.ts';
import * as assert from '../../../support/assert.ts';
import { linesOf, runProgram, startProgram } from '../../../support/program.ts';
import type { Outcome } from '../../../support/program.ts';
import { END_TO_END_MS, suite } from '../../../support/suite.ts';
import { makePictures } from '../../../support/media/clipPictures.ts';
import { parseFrames, timeless, trackless } from '../../../support/messages.ts';
import type { FrameLine } from '../../../support/messages.ts';

const NUM_FRAMES = 200;
/** Frames of the runs that need no more; fewer than the tracker forgets in. */
const NUM_SOME = 10;
/** Thins the clip to five frames. */
const STRIDE = 40;
/** Bytes in the middle of the clip that are overwritten. */
const DAMAGE_BYTES = 4096;
const LIMIT = { timeoutMs: END_TO_END_MS };

suite('detectCommand', (test) => {
  const folder = mkdtempSync(join(tmpdir(), 'detect-'));
  const pictures = join(folder, 'pictures');
  /** The whole clip, with no options but the source. */
  let full: Outcome;
  let frames: readonly FrameLine[] = [];
  const thinned = (): FrameLine[] => frames.filter(({ frame }) => frame % STRIDE === 0);

  test.before(async () => {
    full = await runProgram(['detect', DEMO_CLIP]);
    frames = parseFrames(full.stdout);
  });
  test.after(() => rmSync(folder, { recursive: true }));

  test(
    'writes every frame once, in order, valid against the schema',
    () => {
      assert.is(full.code, 0);
      assert.equal(
        frames.map(({ frame }) => frame),
        [...Array(NUM_FRAMES).keys()],
      );
      assert.equal(
        frames.map(({ seq }) => seq),
        frames.map((_, index) => index + 1),
      );
      for (const { v, source, pts, frame, width, height, final } of frames) {
        assert.equal([v, source, width, height, final], [1, 'campus.mp4', 768, 576, true]);
        assert.close([pts], [frame / 10], { abs: 1e-6 });
      }
    },
    LIMIT,
  );

  test('finds people in every frame, inside the picture', () => {
    for (const { detections, frame } of frames) {
      assert.ok(
        detections.some(({ label }) => label === 'person'),
        `frame ${frame}`,
      );
      for (const { box, score } of detections) {
        assert.ok(score >= 0.3 && score <= 1);
        assert.ok(0 <= box.xmin && box.xmin <= box.xmax && box.xmax <= 768);
        assert.ok(0 <= box.ymin && box.ymin <= box.ymax && box.ymax <= 576);
      }
    }
  });

  test('sums up on standard error what the lines say', () => {
    const numObjects = frames.reduce((sum, { detections }) => sum + detections.length, 0);
    const lines = linesOf(full.stderr);

    assert.match(lines.at(-1) ?? '', `campus.mp4: ${NUM_FRAMES} frames, ${numObjects} objects, `);
    assert.ok(lines.length > 1, 'there is progress before it');
    for (const line of lines.slice(0, -1)) {
      assert.match(line, /campus\.mp4 [█░]+ \d+\/200 frames \| .* frames\/s \| ETA /);
    }
  });

  test(
    'writes the same to a file with the built-in decoder, silent with --quiet',
    async () => {
      const out = join(folder, 'out.ndjson');

      const run = await runProgram([
        ...['detect', DEMO_CLIP, '--out', out, '--decoder', 'wasm'],
        ...['--max-frames', `${NUM_SOME}`, '--quiet'],
      ]);

      assert.equal(run, { code: 0, signal: null, stdout: '', stderr: '' });
      const written = parseFrames(readFileSync(out, 'utf8'));
      assert.equal(written.map(timeless), frames.slice(0, NUM_SOME).map(timeless));
    },
    LIMIT,
  );

  test(
    'ends well when its reader has seen enough',
    async () => {
      const run = await runProgram(['detect', DEMO_CLIP, '--quiet'], { pipeTo: 'head -1' });

      assert.equal([run.code, run.stderr], [0, '']);
      assert.equal(parseFrames(run.stdout).map(timeless), frames.slice(0, 1).map(timeless));
    },
    { ...LIMIT, needs: ['bash'] },
  );

  /** Runs the clip, thinned, with further arguments. */
  async function thinnedWith(...args: string[]): Promise<FrameLine[]> {
    const run = await runProgram(
      ['detect', DEMO_CLIP, '--quiet', '--vid-stride', `${STRIDE}`].concat(args),
    );
    assert.equal([run.code, run.stderr], [0, '']);
    const found = parseFrames(run.stdout);
    assert.equal(
      found.map(({ frame }) => frame),
      thinned().map(({ frame }) => frame),
    );
    assert.equal(
      found.map(({ seq }) => seq),
      [1, 2, 3, 4, 5],
    );
    return found;
  }

  test(
    '--vid-stride thins, --classes and --conf keep what they name',
    async () => {
      const wanted = ['car', 'sports ball'];

      const found = await thinnedWith('--classes', wanted.join(), '--conf', '0.4');

      const kept = thinned().map(({ detections }) => ({
        detections: detections.filter(({ label, score }) => wanted.includes(label) && score >= 0.4),
      }));
      assert.equal(found.map(trackless), kept.map(trackless));
      assert.ok(
        kept.some(({ detections }) => detections.length > 0),
        'something is left',
      );
    },
    LIMIT,
  );

  /** Asserts that frames have the beginning of what the full run found, and not all of it. */
  function assertCutShort(found: readonly FrameLine[]): void {
    thinned().forEach((whole, index) => {
      const some = trackless(found[index]!);
      assert.equal(some, trackless(whole).slice(0, some.length));
      assert.ok(some.length < whole.detections.length, `frame ${whole.frame} is cut short`);
    });
  }

  test(
    '--max-objects ends a frame after so many objects',
    async () => {
      const found = await thinnedWith('--max-objects', '3');

      assertCutShort(found);
      for (const { stop, detections, tokens } of found) {
        assert.equal([stop, tokens.accepted + tokens.decoded], ['maxObjects', 15]);
        assert.ok(detections.length > 0 && detections.length <= 3);
      }
    },
    LIMIT,
  );

  test(
    '--budget-ms cuts frames short and says so',
    async () => {
      const found = await thinnedWith('--budget-ms', '1');

      assertCutShort(found);
      for (const { final, stop } of found) {
        assert.equal([final, stop], [false, 'budget']);
      }
    },
    LIMIT,
  );

  /** What the library finds, called directly. */
  async function inThread(options: DetectConfig): Promise<FrameDetections[]> {
    await using detector = await openLocalDetector();
    const config = { image: detector.model.image, stride: STRIDE };
    return await lastValueFrom(
      fromVideo(DEMO_CLIP, config).pipe(detect(detector, options), map(rounded), toArray()),
    );
  }

  test(
    '--top-p samples, the same in every run and as the library does',
    async () => {
      const found = await thinnedWith('--top-p', '0.9');
      const expected = await inThread({ topP: 0.9 });

      assert.equal(found.map(trackless), expected.map(trackless));
      assert.not.equal(found.map(trackless), thinned().map(trackless));
    },
    LIMIT,
  );

  test(
    'reads several sources: video, folder, glob, picture; names a broken picture and goes on',
    async () => {
      await makePictures(pictures);
      await writeFile(
        join(pictures, '3.png'),
        readFileSync(join(pictures, '2.png')).subarray(0, 1000),
      );
      const sources = [DEMO_CLIP, pictures, join(pictures, '1*.png'), join(pictures, '2.png')];

      const run = await runProgram(['detect', ...sources, '--max-frames', '4', '--out', '-']);

      assert.is(run.code, 1);
      const found = parseFrames(run.stdout);
      const facts = found.map(({ source, seq, frame }) => [source, seq, frame]);
      assert.equal(facts, [
        ...[0, 1, 2, 3].map((frame) => ['campus.mp4', frame + 1, frame]),
        ...[0, 1, 3].map((frame, index) => ['pictures', index + 1, frame]),
        ...[0, 1].map((frame) => ['1*.png', frame + 1, frame]),
        ['2.png', 1, 0],
      ]);
      const files = found.flatMap(({ file }) => (file === undefined ? [] : [resolve(file)]));
      const names = ['1.png', '2.png', '10.png', '1.png', '10.png', '2.png'];
      assert.equal(
        files,
        names.map((name) => join(pictures, name)),
      );
      assert.equal(found.slice(4).map(trackless), await inPictures(files));
      const errors = linesOf(run.stderr).filter((line) => line.startsWith('pix2seq-stream: '));
      assert.is(errors.length, 1, run.stderr);
      assert.match(errors[0] ?? '', /pictures\/3\.png`.*\[ERR_VIDEO_OPEN\]$/);
      const sums = linesOf(run.stderr).filter((line) => / objects, /.test(line));
      assert.equal(
        sums.map((line) => line.replace(/, \d+ objects.*/, '')),
        [
          'campus.mp4: 4 frames',
          'pictures: 3 frames, 1 unreadable',
          '1*.png: 2 frames',
          '2.png: 1 frames',
        ],
      );
    },
    LIMIT,
  );

  test(
    'reads standard input',
    async () => {
      const args = ['detect', '-', '--max-frames', '3', '--quiet'];

      const run = await runProgram(args, { stdin: DEMO_CLIP });

      assert.equal([run.code, run.stderr], [0, '']);
      const expected = frames.slice(0, 3).map((frame) => ({ ...frame, source: 'stdin' }));
      assert.equal(parseFrames(run.stdout).map(timeless), expected.map(timeless));
    },
    LIMIT,
  );

  test(
    'csv, mot and coco say what ndjson says',
    async () => {
      const clip = join(folder, 'yard, "north".mp4');
      await copyFile(DEMO_CLIP, clip);
      const args = ['detect', clip, '--max-frames', `${NUM_SOME}`, '--quiet', '--format'];

      const [csv = '', mot = '', coco = ''] = await Promise.all(
        ['csv', 'mot', 'coco'].map(async (format) => {
          const run = await runProgram([...args, format]);
          assert.equal([run.code, run.stderr], [0, '']);
          return run.stdout;
        }),
      );

      const rows = frames
        .slice(0, NUM_SOME)
        .flatMap((frame) => frame.detections.map((detection) => ({ ...frame, ...detection })));
      const [head, ...lines] = linesOf(csv);
      assert.is(head, 'source,frame,pts,label,score,xmin,ymin,xmax,ymax,trackId,file');
      assert.equal(
        lines,
        rows.map(({ frame, pts, label, score, box, trackId }) =>
          [
            '"yard, ""north"".mp4"',
            frame,
            pts,
            label,
            score,
            ...Object.values(box),
            trackId,
            '',
          ].join(),
        ),
      );
      const sizes = rows.map(({ box }) => [
        box.xmin,
        box.ymin,
        box.xmax - box.xmin,
        box.ymax - box.ymin,
      ]);
      const motRows = linesOf(mot).map((line) => line.split(',').map(Number));
      assert.equal(
        motRows.map(([frame, id, , , , , ...rest]) => [frame, id, ...rest]),
        rows.map(({ frame, trackId, score }) => [frame + 1, trackId, score, -1, -1, -1]),
      );
      assert.close(
        motRows.flatMap((row) => row.slice(2, 6)),
        sizes.flat(),
        { abs: 0.005 },
      );
      const items = JSON.parse(coco) as Record<
        'image_id' | 'category_id' | 'score' | 'bbox',
        unknown
      >[];
      assert.equal(
        items.map((item) => [item.image_id, item.category_id, item.score]),
        rows.map(({ frame, classId, score }) => [frame, labelIds[classId], score]),
      );
      assert.close(
        items.flatMap(({ bbox }) => bbox as number[]),
        sizes.flat(),
        { abs: 0.005 },
      );
    },
    LIMIT,
  );

  test(
    'ends at Ctrl-C with whole lines',
    async () => {
      await using program = startProgram(['detect', DEMO_CLIP, '--quiet']);
      await program.line('stdout', /"frame"/);

      program.signal('SIGINT');
      const run = await program.ended;

      assert.equal([run.code, run.signal, run.stderr], [130, null, '']);
      const found = parseFrames(run.stdout);
      assert.ok(found.length > 0 && found.length < NUM_FRAMES);
      assert.equal(found.map(timeless), frames.slice(0, found.length).map(timeless));
    },
    LIMIT,
  );

  test(
    'writes all frames of a recording with a damaged picture, and names the second of it',
    async () => {
      const damaged = join(folder, 'damaged.mp4');
      const bytes = readFileSync(DEMO_CLIP);
      bytes.fill(0x5a, bytes.length >> 1, (bytes.length >> 1) + DAMAGE_BYTES);
      await writeFile(damaged, bytes);

      const run = await runProgram(['detect', damaged, '--vid-stride', '20', '--quiet']);

      assert.is(run.code, 1);
      const found = parseFrames(run.stdout);
      const numBefore = 5; // the damage is at about 10 s of 20, in the 100th frame
      const whole = frames.filter(({ frame }) => frame % 20 === 0);
      assert.is(found.length, whole.length, 'the decoder repairs what it can');
      assert.equal(
        found.slice(0, numBefore).map(trackless),
        whole.slice(0, numBefore).map(trackless),
      );
      assert.is(linesOf(run.stderr).length, 1, run.stderr);
      assert.match(
        run.stderr,
        /^pix2seq-stream: `.*damaged\.mp4` has one damaged picture, .* second (?:9|10)\.\d\d .*\[ERR_VIDEO_DECODE\]\n$/,
      );
    },
    LIMIT,
  );
});

/** Data set ids of the bundled model's labels. */
const labelIds = (
  JSON.parse(
    readFileSync(new URL('../../../../models/nano/model.json', import.meta.url), 'utf8'),
  ) as {
    labels: { id: number }[];
  }
).labels.map(({ id }) => id);

/** What the library finds in pictures, called directly. */
async function inPictures(files: readonly string[]): Promise<object[][]> {
  await using detector = await openLocalDetector();
  const config = { image: detector.model.image };
  const results = await lastValueFrom(
    fromImages(files, config).pipe(detect(detector), map(rounded), toArray()),
  );
  return results.map(trackless);
}
