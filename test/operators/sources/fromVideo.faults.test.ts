import { mkdir, mkdtemp, copyFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Frame } from '../../../models/core/types.ts';
import { fromVideo } from '../../../operators/sources/fromVideo.ts';
import * as assert from '../../support/assert.ts';
import { suite } from '../../support/suite.ts';
import { clip, DECODERS, needsOf, seen, watch } from '../../support/media/clips.ts';
import { playing } from '../../support/media/playing.ts';

/**
 * What is there although the file is damaged: as many frames as stand before the first that is missing. A decoder
 * may have repaired the last of them as well as it could; the ones before are whole.
 */
const DAMAGED = [
  {
    name: 'damaged-middle.mp4',
    numFrames: 9,
    numWhole: 8,
    fact: /after second 0\.80 \(frame 8\): \S+/,
  },
  {
    name: 'truncated.mkv',
    numFrames: 10,
    numWhole: 10,
    fact: /after second 0\.90 \(frame 9\): File ended prematurely$/,
  },
];

const UNREADABLE = [
  { name: 'truncated-index.mp4', fact: /cannot be read as video: .*index.* is missing/ },
  { name: 'text.mp4', fact: /cannot be read as video/ },
  { name: 'sound-only.mp4', fact: /has no video track$/ },
];

suite('fromVideo, what is wrong with the source', (declare) => {
  const test = playing(declare);
  let folder = '';
  test.before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'from-video-'));
  });
  test.after(() => rm(folder, { recursive: true, force: true }));

  for (const decoder of DECODERS) {
    const test = playing(declare, needsOf(decoder));
    for (const { name, numFrames, numWhole, fact } of DAMAGED) {
      test(`gives the frames before the damage of ${name}, then the error (${decoder})`, async () => {
        const whole = await watch(fromVideo(clip('h264.mp4'), { decoder }), seen);

        const { values, error } = await watch(fromVideo(clip(name), { decoder }), seen);

        assert.is(values.length, numFrames);
        assert.equal(
          values.slice(0, numWhole).map(({ md5 }) => md5),
          whole.values.slice(0, numWhole).map(({ md5 }) => md5),
          'their pixels are those of the whole file',
        );
        assert.is(error?.code, 'ERR_VIDEO_DECODE');
        expectOneLine(error, clip(name), fact);
        const seconds = values.at(-1)?.pts;
        assert.equal(error?.details, { seconds, numFrames });
      });

      test(`keeps frames of ${name} apart from the damage while none is closed (${decoder})`, async () => {
        const held: Frame[] = [];

        const error = await new Promise<Error & { code?: string }>((resolve) => {
          fromVideo(clip(name), { decoder, maxOpenFrames: 12 }).subscribe({
            next: (frame) => held.push(frame),
            error: resolve,
          });
        });

        assert.is(error.code, 'ERR_VIDEO_DECODE');
        assert.is(new Set(held.map((frame) => seen(frame).md5)).size, numFrames);
        held.forEach((frame) => frame.close());
      });
    }

    for (const { name, fact } of UNREADABLE) {
      test(`says that ${name} holds no video (${decoder})`, async () => {
        const { values, error } = await watch(fromVideo(clip(name), { decoder }), seen);

        assert.is(values.length, 0);
        assert.is(error?.code, 'ERR_VIDEO_OPEN');
        expectOneLine(error, clip(name), fact);
      });
    }

    test(`says that a file is not there (${decoder})`, async () => {
      const path = join(folder, 'no such.mp4');

      const { error } = await watch(fromVideo(path, { decoder }), seen);

      assert.is(error?.code, 'ERR_VIDEO_OPEN');
      assert.is(error?.message, `There is no file \`${path}\``);
    });

    test(`says that a folder is no video (${decoder})`, async () => {
      const { error } = await watch(fromVideo(folder, { decoder }), seen);

      assert.is(error?.code, 'ERR_VIDEO_OPEN');
      assert.is(error?.message, `\`${folder}\` is a folder, not a video`);
    });

    test(`says that a file is empty (${decoder})`, async () => {
      const path = join(folder, 'empty.mp4');
      await writeFile(path, '');

      const { error } = await watch(fromVideo(path, { decoder }), seen);

      assert.is(error?.code, 'ERR_VIDEO_OPEN');
      assert.is(error?.message, `\`${path}\` is empty (0 bytes)`);
    });

    test(`says that a file cannot be read whose name no system takes (${decoder})`, async () => {
      const { error } = await watch(fromVideo('x'.repeat(5_000), { decoder }), seen);

      assert.is(error?.code, 'ERR_VIDEO_OPEN');
      assert.match(
        error?.message ?? '',
        /^Cannot read `x+`: its name is longer than the file system takes \(ENAMETOOLONG\)$/,
      );
    });

    test(`ends with an error, not with nothing, for zeros (${decoder})`, async () => {
      const path = join(folder, 'zeros.mp4');
      await writeFile(path, '');
      await truncate(path, 100_000);

      const { error } = await watch(fromVideo(path, { decoder }), seen);

      assert.is(error?.code, 'ERR_VIDEO_OPEN');
      expectOneLine(error, path, /cannot be read as video/);
    });

    test(`passes on what onOpen throws, and stops (${decoder})`, async () => {
      let numFrames = 0;

      const { error } = await watch(
        fromVideo(clip('h264.mp4'), {
          decoder,
          onOpen: () => {
            throw new RangeError('not this one');
          },
        }),
        () => (numFrames += 1),
      );

      assert.is(error?.name, 'RangeError');
      assert.is(error?.message, 'not this one');
      assert.is(numFrames, 0);
    });

    const names = ['it\'s 100% "sure": a clip.mp4', 'frame%03d.mp4', '-dash.mp4', 'hash#?[1].mp4'];
    for (const name of names) {
      test(`reads a file by the name of ${name} (${decoder})`, async () => {
        const place = join(folder, `a: 50% "b" ${decoder}`);
        const path = join(place, name);
        await mkdir(place, { recursive: true });
        await copyFile(clip('h264.mp4'), path);

        const inputs = [relative('.', path), name === names[0] ? path : pathToFileURL(path)];
        for (const input of inputs) {
          const { values, error } = await watch(
            fromVideo(input, { decoder, maxFrames: 1 }),
            ({ source }) => source,
          );

          assert.is(error, undefined, String(input));
          assert.equal(values, [name]);
        }
      });
    }
  }

  test('says that the built-in FFmpeg reaches no network', async () => {
    const url = 'rtsp://127.0.0.1:9/stream';

    const { error } = await watch(fromVideo(url, { decoder: 'wasm' }), seen);

    assert.is(error?.code, 'ERR_VIDEO_OPEN');
    expectOneLine(error, url, /install FFmpeg/);
  });

  test(
    'says that an address does not answer',
    async () => {
      const url = new URL('http://127.0.0.1:9/clip.mp4');

      const { error } = await watch(fromVideo(url, { decoder: 'native' }), seen);

      assert.is(error?.code, 'ERR_VIDEO_OPEN');
      expectOneLine(error, url.href, /Connection refused/);
    },
    { needs: ['ffmpeg'] },
  );

  test('says that there is no program where there is none', async () => {
    const before = process.env['PATH'];
    process.env['PATH'] = folder;
    try {
      const { error } = await watch(fromVideo(clip('h264.mp4'), { decoder: 'native' }), seen);

      assert.is(error?.code, 'ERR_VIDEO_OPEN');
      assert.match(error?.message ?? '', /no `ffmpeg` program on the PATH; .*wasm/);
    } finally {
      process.env['PATH'] = before;
    }
  });

  const wrong: readonly (readonly [string, object, string, RegExp])[] = [
    ['an unknown option', { maxFrame: 3 }, 'TypeError', /`maxFrame` .*did you mean `?maxFrames/],
    ['an unknown decoder', { decoder: 'nativ' }, 'TypeError', /did you mean `?native/],
    ['half a frame', { maxFrames: 1.5 }, 'RangeError', /maxFrames/],
    ['a stride of nothing', { stride: 0 }, 'RangeError', /stride/],
    ['a single open frame', { maxOpenFrames: 1 }, 'RangeError', /maxOpenFrames.* >= 2/],
    ['a size in words', { display: 'large' }, 'TypeError', /display/],
  ];
  for (const [what, config, name, message] of wrong) {
    test(`throws at the call for ${what}`, async () => {
      await assert.rejects(() => fromVideo('clip.mp4', config), {
        name,
        message,
      });
    });
  }
});

function expectOneLine(error: Error | undefined, source: string, fact: RegExp): void {
  const message = error?.message ?? '';
  assert.is(message.split('\n').length, 1, message);
  assert.ok(message.includes(source), message);
  assert.match(message, fact);
}
