import { readdirSync, rmSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { NEVER, concat, lastValueFrom, tap } from 'rxjs';
import type { Observable } from 'rxjs';
import type { Frame } from '../../../models/index.ts';
import { fromVideo, openVideoWriter } from '../../../operators/index.ts';
import { AnnotatedVideo, OPEN_FRAMES, sideOf } from '../../../pipeline/sinks/annotatedVideo.ts';
import { clip, until } from '../../support/media/clips.ts';
import * as assert from '../../support/assert.ts';
import { frameDetections } from '../../support/frames.ts';
import { MODEL_TEST_MS, suite } from '../../support/suite.ts';
import type { TemporaryFolder } from '../../support/temporaryFolder.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';

const IMAGE = { size: 416, pad: 114 };
const LIMIT = { timeoutMs: MODEL_TEST_MS };

function frames(opened: Frame[]): Observable<Frame> {
  const frames$ = fromVideo(clip('h264.mp4'), { display: 192, decoder: 'wasm' });
  return frames$.pipe(tap((frame) => void opened.push(frame)));
}

/** What a detector that finds nothing does with a frame. */
function passOn(video: AnnotatedVideo, frame: Frame): void {
  const { index, pts, width, height } = frame;
  video.see(frame);
  frame.close();
  video.take(frameDetections({ frame: index, pts, width, height }));
}

suite('AnnotatedVideo', (test) => {
  const inNew = (folder: TemporaryFolder): AnnotatedVideo =>
    new AnnotatedVideo(join(folder.path, 'new.mp4'), 'wasm');

  test(
    'lets no more frames through than are written',
    async () => {
      await using folder = await temporaryFolder();
      const video = inNew(folder);
      const [opened, passed]: [Frame[], Frame[]] = [[], []];

      const subscription = concat(frames(opened), NEVER)
        .pipe(video.pace())
        .subscribe((frame) => void passed.push(frame));
      await until(() => opened.length === 8); // all that may be open
      assert.is(passed.length, OPEN_FRAMES - 1);
      for (let index = 0; index < 20; index++) {
        await until(() => passed.length > index);
        assert.ok(passed.length <= index + OPEN_FRAMES - 1);
        passOn(video, passed[index]!);
      }

      assert.is(await video.finish(), 20);
      assert.ok(opened.every((frame) => frame.closed));
      assert.equal(readdirSync(folder.path), ['new.mp4']);
      subscription.unsubscribe();
    },
    LIMIT,
  );

  test(
    'closes the frames that wait when the consumer leaves',
    async () => {
      await using folder = await temporaryFolder();
      const video = inNew(folder);
      const [opened, passed]: [Frame[], Frame[]] = [[], []];

      const subscription = frames(opened)
        .pipe(video.pace())
        .subscribe((frame) => void passed.push(frame));
      await until(() => opened.length === 8);
      subscription.unsubscribe();

      const waiting = opened.filter((frame) => !passed.includes(frame));
      assert.is(waiting.length, 8 - passed.length);
      assert.ok(waiting.every((frame) => frame.closed));
      passed.forEach((frame) => frame.close());
      assert.is(await video.finish(), 0);
      assert.equal(readdirSync(folder.path), []);
    },
    LIMIT,
  );

  test(
    'fails with the frame that comes next where it can’t be written',
    async () => {
      await using folder = await temporaryFolder();
      const away = join(folder.path, 'away');
      await mkdir(away);
      const video = new AnnotatedVideo(join(away, 'new.mp4'), 'wasm');
      rmSync(away, { recursive: true });
      const opened: Frame[] = [];

      const passing$ = frames(opened).pipe(
        video.pace(),
        tap((frame) => passOn(video, frame)),
      );
      const { message } = await assert.rejects(lastValueFrom(passing$), { code: 'ERR_OUTPUT' });

      assert.match(message, /^Cannot write the video `.*\/away\/new\.mp4`: /);
      assert.ok(opened.every((frame) => frame.closed));
      await assert.rejects(video.finish(), { code: 'ERR_OUTPUT' });
    },
    LIMIT,
  );
});

suite('sideOf', (test) => {
  test(
    'looks at what can be looked at twice',
    async () => {
      const of = (source: string): Promise<number> => lastValueFrom(sideOf(source, IMAGE, 'wasm'));

      assert.is(await of(clip('odd-size.mp4')), 333);
      assert.is(await of(clip('rotated-90.mp4')), 192);
      for (const source of ['-', '/dev/stdin', '/dev/fd/3', 'rtsp://a.example/b']) {
        assert.is(await of(source), 1920, source);
      }
      await assert.rejects(of('missing.mp4'), { code: 'ERR_VIDEO_OPEN' });
    },
    LIMIT,
  );

  test(
    'keeps within what decoders of H.264 take',
    async () => {
      await using folder = await temporaryFolder();
      const sides: readonly (readonly [number, number, number])[] = [
        [5000, 200, 4096],
        [3840, 2160, 3840],
        [4000, 3000, 3527],
      ];
      for (const [width, height, side] of sides) {
        const file = join(folder.path, `${width}.mp4`);
        const writer = openVideoWriter(file, { width, height, encoder: 'wasm' });
        await writer.write(new Uint8Array(width * height * 3), 0);
        await writer.finish();

        assert.is(await lastValueFrom(sideOf(file, IMAGE, 'wasm')), side);
        const shown = [side, Math.ceil((side * height) / width)];
        const [across = 0, down = 0] = shown.map((length) => Math.ceil(length / 16));
        assert.ok(across * down <= 36_864);
      }
    },
    LIMIT,
  );
});
