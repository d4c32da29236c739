import { take } from 'rxjs';
import type { Frame } from '../../../models/core/types.ts';
import { fromVideo } from '../../../operators/sources/fromVideo.ts';
import type { VideoInfo } from '../../../operators/media/video/videoOptions.ts';
import type { FromVideoConfig } from '../../../operators/sources/sourceOptions.ts';
import * as assert from '../../support/assert.ts';
import { findProgram } from '../../support/programs.ts';
import { END_TO_END_MS, suite } from '../../support/suite.ts';
import {
  clip,
  DECODERS,
  MARK,
  md5,
  meanColor,
  needsOf,
  seen,
  watch,
} from '../../support/media/clips.ts';
import { playing } from '../../support/media/playing.ts';
import type { Outcome, Region, Seen } from '../../support/media/clips.ts';

const SIZE = 416;
const ROW = SIZE * 3;
const TENTHS = Array.from({ length: 40 }, (_, index) => index / 10);
/** Media times of variable-rate.mp4: of every five frames the second and the third are missing. */
const UNEVEN = TENTHS.filter((_, index) => index % 5 !== 1 && index % 5 !== 2).slice(0, 20);

interface Expected {
  readonly width: number;
  readonly height: number;
  readonly pts: readonly number[];
  /** Where the marked square lies in the model's picture, its rim left out. */
  readonly mark: Region;
}

const SCENE: Expected = {
  width: 192,
  height: 144,
  pts: TENTHS.slice(0, 20),
  mark: { x: 8, y: 8, width: 80, height: 80 }, // 48 x 48 in the source, 2.17 times as large here
};

const GOOD: Readonly<Record<string, Expected>> = {
  'h264.mp4': SCENE,
  'index-at-end.mp4': SCENE,
  'hevc.mp4': SCENE,
  'vp9.webm': SCENE,
  'mpeg4.avi': SCENE,
  'mjpeg.avi': SCENE,
  'h264.mkv': SCENE,
  'h264.ts': SCENE,
  'h264.mov': SCENE,
  'b-frames.mp4': SCENE,
  'ten-bit.mp4': SCENE,
  'full-chroma.mp4': SCENE,
  'variable-rate.mp4': { ...SCENE, pts: UNEVEN },
  'starts-mid-gop.ts': { ...SCENE, pts: TENTHS.slice(9, 19) },
  // a quarter turn to the left, which brings the upper left corner to the lower left
  'rotated-90.mp4': {
    ...SCENE,
    width: 144,
    height: 192,
    mark: { x: 8, y: 328, width: 80, height: 80 },
  },
  'odd-size.mp4': {
    ...SCENE,
    width: 333,
    height: 191,
    mark: { x: 6, y: 6, width: 46, height: 46 },
  },
};

suite('fromVideo', (declare) => {
  const test = playing(declare);
  for (const [name, expected] of Object.entries(GOOD)) {
    const { width, height, pts } = expected;
    const ratio = SIZE / Math.max(width, height);

    for (const decoder of DECODERS) {
      const test = playing(declare, needsOf(decoder));
      test(`reads ${name} (${decoder})`, async () => {
        const { values, error } = await whole(name, decoder);

        assert.is(error, undefined);
        assert.equal(
          values.map(({ index }) => index),
          pts.map((_, index) => index),
        );
        assert.close(
          values.map((frame) => frame.pts),
          pts,
          { abs: 0.001 },
        );
        for (const frame of values) {
          assert.equal([frame.width, frame.height, frame.source], [width, height, name]);
          assert.is(frame.letterbox.scaleX, Math.round(width * ratio) / width);
          assert.is(frame.letterbox.scaleY, Math.round(height * ratio) / height);
          assert.close(frame.colour, MARK, { abs: 4 });
          assert.is(frame.last, 114);
        }
      });
    }

    const both = playing(declare, ['ffmpeg']);
    if (name === 'mpeg4.avi') {
      both(`gives nearly the same pixels of ${name} with both decoders`, async () => {
        const images = (decoder: 'wasm' | 'native'): Promise<{ values: readonly Uint8Array[] }> =>
          watch(fromVideo(clip(name), { decoder }), ({ image }) => Uint8Array.from(image));

        const [wasm, native] = await Promise.all([images('wasm'), images('native')]);

        assert.is(wasm.values.length, native.values.length);
        for (const [index, image] of wasm.values.entries()) {
          // its inverse transform is in the codec's freedom
          assert.ok(meanDifference(image, native.values[index]) < 1, `frame ${index}`);
        }
      });
    } else {
      both(`gives the same pixels of ${name} with both decoders`, async () => {
        const wasm = (await whole(name, 'wasm')).values.map((frame) => frame.md5);
        const native = (await whole(name, 'native')).values.map((frame) => frame.md5);

        assert.equal(wasm, native);
        assert.is(new Set(wasm).size, wasm.length, 'no picture comes twice');
      });
    }
  }

  for (const decoder of DECODERS) {
    const test = playing(declare, needsOf(decoder));
    const all = (name: string, config: FromVideoConfig = {}): Promise<Outcome<Seen>> =>
      watchSeen(clip(name), { decoder, ...config });

    test(`follows a size that changes midway (${decoder})`, async () => {
      const { values, error } = await watch(
        fromVideo(clip('size-changes.ts'), { decoder, display: 480 }),
        (frame) => ({
          size: [frame.width, frame.height, frame.display?.width, frame.display?.height],
          scale: Object.values(frame.letterbox),
          pts: frame.pts,
          colour: meanColor(frame.image, ROW, SCENE.mark),
        }),
      );

      assert.is(error, undefined);
      assert.close(
        values.map(({ pts }) => pts),
        TENTHS,
        { abs: 0.001 },
      );
      for (const [index, frame] of values.entries()) {
        assert.equal(frame.size, index < 20 ? [192, 144, 192, 144] : [160, 128, 160, 128]);
        assert.equal(frame.scale, index < 20 ? [416 / 192, 312 / 144] : [416 / 160, 333 / 128]);
        assert.close(frame.colour, MARK, { abs: 4 });
      }
    });

    for (const display of [96, 500]) {
      test(`gives a picture for people, ${display} along its longer side (${decoder})`, async () => {
        const source = clip('odd-size.mp4');
        const plain = await watchSeen(source, { decoder, maxFrames: 5 });

        const { values } = await watch(
          fromVideo(source, { decoder, display, maxFrames: 5 }),
          (frame) => {
            const { width, height, stride, data } = shown(frame);
            const side = Math.floor((48 * width) / 333) - 4; // of the mark, its rim left out
            const mark = { x: 1, y: 1, width: side, height: side };
            return {
              size: [width, height],
              rows: data.length / stride,
              colour: meanColor(data, stride, mark),
              right: meanColor(data, stride, { x: width - 8, y: 0, width: 8, height: 8 }),
              md5: md5(frame.image),
            };
          },
        );

        assert.is(values.length, 5);
        assert.equal(
          values.map((frame) => frame.md5),
          plain.values.map((frame) => frame.md5),
          'the model sees the same with and without',
        );
        for (const frame of values) {
          assert.equal(frame.size, display < 333 ? [96, 55] : [333, 191]);
          assert.ok(frame.rows >= (frame.size[1] ?? 0));
          assert.close(frame.colour, MARK, { abs: 6 });
          assert.ok(Math.max(...frame.right) > 60, 'the scene reaches to the right edge');
        }
      });
    }

    test(`decodes every n-th frame (${decoder})`, async () => {
      const every = await all('h264.mp4');

      const { values } = await all('h264.mp4', { stride: 3 });

      assert.equal(
        values,
        every.values.filter(({ index }) => index % 3 === 0),
      );
      assert.is(values.length, 7);
    });

    test(`ends after so many frames, also of those it decodes (${decoder})`, async () => {
      const { values, error } = await all('h264.mp4', { stride: 4, maxFrames: 3 });

      assert.is(error, undefined);
      assert.equal(
        values.map(({ index }) => index),
        [0, 4, 8],
      );
    });

    test(`starts again at the end where it loops; time and index go on (${decoder})`, async () => {
      const looped = fromVideo(clip('h264.mp4'), { decoder, loop: true });

      const { values } = await watch(looped.pipe(take(45)), seen);

      assert.equal(
        values.map(({ index }) => index),
        Array.from({ length: 45 }, (_, index) => index),
      );
      assert.close(
        values.map(({ pts }) => pts),
        values.map((_, index) => index / 10),
        { abs: 0.01 },
      );
      assert.is(values[0]?.md5, values[40]?.md5);
      assert.is(values[4]?.md5, values[44]?.md5);
    });

    test(`fits into the square that the model wants (${decoder})`, async () => {
      const image = { size: 65, pad: 7 };

      const { values } = await watch(
        fromVideo(clip('h264.mp4'), { decoder, image, maxFrames: 1 }),
        (frame) => ({ bytes: frame.image.length, last: frame.image.at(-1), box: frame.letterbox }),
      );

      const letterbox = { scaleX: 65 / 192, scaleY: 49 / 144 };
      assert.equal(values, [{ bytes: 65 * 65 * 3, last: 7, box: letterbox }]);
    });

    test(`tells what is known of the video, once, before its first frame (${decoder})`, async () => {
      const told: (VideoInfo | 'frame')[] = [];
      const onOpen = (info: VideoInfo): void => void told.push(info);

      await watch(
        fromVideo(clip('h264.mp4'), { decoder, onOpen, maxFrames: 2 }),
        () => void told.push('frame'),
      );

      assert.equal(told, [{ decoder, duration: 2, framesPerSecond: 10 }, 'frame', 'frame']);
    });

    test(`names frames as it is told to, and as the file otherwise (${decoder})`, async () => {
      const named = await all('h264.mp4', { source: 'gate', maxFrames: 1 });
      const unnamed = await all('h264.mp4', { maxFrames: 1 });

      assert.is(named.values[0]?.source, 'gate');
      assert.is(unnamed.values[0]?.source, 'h264.mp4');
    });

    test(`can be subscribed to more than once, at the same time (${decoder})`, async () => {
      const frames = fromVideo(clip('h264.mp4'), { decoder });

      const [first, second] = await Promise.all([watch(frames, seen), watch(frames, seen)]);

      assert.is(first.values.length, 20);
      assert.equal(first.values, second.values);
    });
  }

  test('takes the program where it is there, the built-in FFmpeg otherwise', async () => {
    const told: string[] = [];

    await watchSeen(clip('h264.mp4'), { maxFrames: 1, onOpen: (info) => told.push(info.decoder) });

    assert.equal(told, [findProgram('ffmpeg') === undefined ? 'wasm' : 'native']);
  });

  test(
    'reads the demo to its end with the built-in FFmpeg',
    async () => {
      const demo = new URL('../../../pipeline/demo/campus.mp4', import.meta.url);

      const { values, error } = await watchSeen(demo, { decoder: 'wasm' });

      assert.is(error, undefined);
      assert.is(values.length, 200);
      assert.close([values.at(-1)?.pts ?? NaN], [19.9], { abs: 0.001 });
      assert.is(values[0]?.source, 'campus.mp4');
    },
    { timeoutMs: END_TO_END_MS },
  );
});

interface Looked extends Seen {
  /** Mean colour of the marked square. */
  readonly colour: number[];
  /** Value of the lower right corner, which is padding. */
  readonly last: number | undefined;
}

const played = new Map<string, Promise<Outcome<Looked>>>();

/** Plays a clip once for all tests that look at the whole of it. */
function whole(name: string, decoder: 'wasm' | 'native'): Promise<Outcome<Looked>> {
  const key = `${name} ${decoder}`;
  const known = played.get(key);
  const mark = (GOOD[name] ?? SCENE).mark;
  const outcome =
    known ??
    watch(fromVideo(clip(name), { decoder }), (frame) => ({
      ...seen(frame),
      colour: meanColor(frame.image, ROW, mark),
      last: frame.image.at(-1),
    }));
  played.set(key, outcome);
  return outcome;
}

function watchSeen(input: string | URL, config: FromVideoConfig): Promise<Outcome<Seen>> {
  return watch(fromVideo(input, config), seen);
}

function shown({ display }: Frame): NonNullable<Frame['display']> {
  assert.ok(display !== undefined, 'the frame has a picture for people');
  return display;
}

function meanDifference(a: Uint8Array, b: Uint8Array = new Uint8Array()): number {
  assert.is(a.length, b.length);
  return a.reduce((sum, value, at) => sum + Math.abs(value - (b[at] ?? NaN)), 0) / a.length;
}
