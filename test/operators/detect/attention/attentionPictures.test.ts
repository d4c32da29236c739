import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { concat, from, lastValueFrom, take, tap, throwError, toArray } from 'rxjs';
import type { Observable } from 'rxjs';
import sharp from 'sharp';
import { openLocalDetector } from '../../../../models/index.ts';
import type { Detector, Frame, FrameDetections } from '../../../../models/core/types.ts';
import { attentionPictures } from '../../../../operators/detect/attention/attentionPictures.ts';
import type {
  AttentionPicturesConfig,
  FrameAttention,
} from '../../../../operators/detect/attention/attentionPictures.ts';
import { detect } from '../../../../operators/detect/detect.ts';
import { fromVideo } from '../../../../operators/sources/fromVideo.ts';
import * as assert from '../../../support/assert.ts';
import { frameCounter } from '../../../support/frames.ts';
import { MODEL_TEST_MS, suite } from '../../../support/suite.ts';

const NUM_FRAMES = 3;
const DEMO = new URL('../../../../pipeline/demo/campus.mp4', import.meta.url);
/** Size of a panel, and where the fifth one begins, of pictures of the demo with this display size. */
const DISPLAY = 480;
const PANEL = { width: 480, height: 360, left: 8 + 4 * (480 + 8), top: 8 + 40 };
/** Side of a cell of the model's grid, source pixels. */
const CELL = 768 / 26;

function demo(opened: Frame[] = [], display = 0, maxFrames = NUM_FRAMES): Observable<Frame> {
  return fromVideo(DEMO, { decoder: 'wasm', display, maxFrames }).pipe(
    tap((frame) => void opened.push(frame)),
  );
}

function drawn(frames: Observable<Frame>, detector: Detector, config?: AttentionPicturesConfig) {
  return lastValueFrom(frames.pipe(attentionPictures(detector, config), toArray()));
}

function timeless(result: FrameDetections): object {
  const { timing: _, capturedAt: __, ...rest } = result;
  return rest;
}

/** Where the class panel of a picture is hottest, in source pixels. */
async function hottest(picture: Uint8Array): Promise<{ readonly x: number; readonly y: number }> {
  const { data } = await sharp(picture).extract(PANEL).raw().toBuffer({ resolveWithObject: true });
  let best = { i: 0, heat: 0 };
  for (let i = 0; i < PANEL.width * PANEL.height; i++) {
    const heat = (data[3 * i] ?? 0) + (data[3 * i + 1] ?? 0);
    best = heat > best.heat ? { i, heat } : best;
  }
  assert.ok(best.heat > 400, 'hotter than any grey of the frame, and than the box');
  const scale = 768 / PANEL.width;
  const [x, y] = [best.i % PANEL.width, Math.floor(best.i / PANEL.width)];
  return { x: (x + 0.5) * scale, y: (y + 0.5) * scale };
}

suite('attentionPictures', (test) => {
  const folder = mkdtempSync(join(tmpdir(), 'attention-'));
  const opened: Frame[] = [];
  let detector: Detector;
  let seen: readonly FrameAttention[] = [];
  test.before(async () => {
    detector = await openLocalDetector({ threads: 1 });
    seen = await drawn(demo(opened, DISPLAY), detector);
  });
  test.after(async () => {
    await detector.close();
    rmSync(folder, { recursive: true });
  });
  const limit = { timeoutMs: MODEL_TEST_MS };

  test(
    'finds what detect finds, drafts and numbers included, and draws each of it',
    async () => {
      const found = await lastValueFrom(demo().pipe(detect(detector), toArray()));

      assert.equal(
        seen.map(({ result }) => timeless(result)),
        found.map(timeless),
      );
      for (const { result, pictures } of seen) {
        assert.ok(pictures.length > 2);
        assert.equal(
          pictures.map(({ detection }) => detection),
          result.detections,
        );
      }
      assert.ok(seen[1]!.result.tokens.accepted > 0, 'the second frame had a draft');
    },
    limit,
  );

  test('closes every frame', () => {
    assert.is(opened.length, NUM_FRAMES);
    assert.ok(opened.every((frame) => frame.closed));
  });

  test('draws five panels of the display picture side by side, as PNG', async () => {
    for (const { picture } of seen.flatMap(({ pictures }) => pictures)) {
      const { format, width, height, channels } = await sharp(picture).metadata();
      assert.equal([format, width, height, channels], ['png', 8 + 5 * 488, 8 + 40 + 360 + 8, 3]);
      await sharp(picture).stats(); // decodes it
    }
  });

  test('is hottest inside the box, or beside it, where a confident class is read', async () => {
    let numConfident = 0;
    for (const { detection, picture } of seen.flatMap(({ pictures }) => pictures)) {
      if (detection.score >= 0.5) {
        const { x, y } = await hottest(picture);
        const { xmin, ymin, xmax, ymax } = detection.box;
        const where = `${detection.label} at ${JSON.stringify(detection.box)}, hottest ${x}, ${y}`;
        assert.ok(xmin - CELL < x && x < xmax + CELL && ymin - CELL < y && y < ymax + CELL, where);
        numConfident += 1;
      }
    }
    assert.ok(numConfident >= 10);
  });

  test('says the tokens in words', () => {
    for (const { detection, captions } of seen.flatMap(({ pictures }) => pictures)) {
      const { label, score, box } = detection;
      const bin = (pixels: number): number => Math.round((pixels / 768) * 499); // of a 768-pixel square
      const { ymin, xmin, ymax, xmax } = box;
      assert.equal(captions, [
        ...[`ymin: bin ${bin(ymin)}`, `xmin: bin ${bin(xmin)}`],
        ...[`ymax: bin ${bin(ymax)}`, `xmax: bin ${bin(xmax)}`],
        `class: ${label} ${score.toFixed(2)}`,
      ]);
    }
  });

  test(
    'draws what is kept only, on the model’s picture without a display picture, as JPEG',
    async () => {
      const config = { minScore: 0.9, classes: ['person'], format: 'jpeg' } as const;

      const [only] = await drawn(demo([], 0, 1), detector, config);

      const kept = seen[0]!.result.detections.filter(
        ({ label, score }) => label === 'person' && score >= 0.9,
      );
      assert.equal(only!.result.detections, kept);
      assert.is(only!.pictures.length, kept.length);
      for (const { picture } of only!.pictures) {
        const { format, width, height } = await sharp(picture).metadata();
        assert.equal([format, width, height], ['jpeg', 8 + 5 * 424, 8 + 35 + 312 + 8]);
      }
    },
    limit,
  );

  test(
    'closes its frames when unsubscribed',
    async () => {
      const frames: Frame[] = [];

      await lastValueFrom(demo(frames, 0, 4).pipe(attentionPictures(detector), take(1)));
      await detector.encode(new Uint8Array(416 * 416 * 3)).then((features) => features.close()); // behind what was under way

      assert.ok(frames.length >= 1);
      assert.ok(frames.every((frame) => frame.closed));
    },
    limit,
  );

  test(
    'passes an error of the source behind the frames that came before it',
    async () => {
      const frames: Frame[] = [];
      const failing = concat(
        demo(frames, 0, 1),
        throwError(() => new RangeError('the camera is gone')),
      );
      let numResults = 0;

      const results$ = failing.pipe(attentionPictures(detector, { minScore: 1 }));
      await assert.rejects(lastValueFrom(results$.pipe(tap(() => (numResults += 1)))), {
        message: /camera is gone/,
      });

      assert.equal([numResults, frames.length], [1, 1]);
      assert.ok(frames.every((frame) => frame.closed));
    },
    limit,
  );

  test(
    'passes an error of the model, or of the drawing, and closes every frame',
    async () => {
      const closed = await openLocalDetector({ threads: 1 });
      await closed.close();
      const frames: Frame[] = [];
      const small = frameCounter(); // their pictures are too small

      await assert.rejects(drawn(demo(frames, 0, 2), closed), { code: 'ERR_MODEL_RUN' });
      await assert.rejects(drawn(from([small.open(), small.open()]), detector), {
        message: /too small/,
      });

      assert.ok(frames.length >= 1);
      assert.ok(frames.every((frame) => frame.closed));
      assert.equal([small.opened, small.closed], [2, 2]);
    },
    limit,
  );

  test(
    'says what is missing where the model has no attention graph',
    async () => {
      cpSync(new URL('../../../../models/nano', import.meta.url), folder, {
        recursive: true,
        filter: (path) => !path.endsWith('attention.onnx'),
      });
      const frames: Frame[] = [];
      await using blind = await openLocalDetector({ model: folder, threads: 1 });

      const error = await assert.rejects(drawn(demo(frames, 0, 2), blind), {
        code: 'ERR_MODEL_LOAD',
      });

      assert.match(error.message, `has no ${join(folder, 'attention.onnx')}; add that graph`);
      assert.ok(frames.every((frame) => frame.closed));
    },
    limit,
  );

  test('refuses wrong options at the call', () => {
    const make = (config: object) => () => attentionPictures(detector, config);

    assert.throws(make({ format: 'gif' }), /`format` to be one of png, jpeg/);
    assert.throws(make({ maxObject: 1 }), /Unknown option `maxObject`.*`maxObjects`/);
    assert.throws(make({ classes: ['persom'] }), /did you mean `person`/);
  });
});
