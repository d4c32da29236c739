import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PipelineError } from '../../../models/core/errors.ts';
import { fromVideo } from '../../../operators/sources/fromVideo.ts';
import type { VideoInfo } from '../../../operators/media/video/videoOptions.ts';
import type { FromVideoConfig } from '../../../operators/sources/sourceOptions.ts';
import * as assert from '../../support/assert.ts';
import { suite } from '../../support/suite.ts';
import { clip, DECODERS, needsOf, seen, watch } from '../../support/media/clips.ts';
import { playing } from '../../support/media/playing.ts';

/** What looks like damage and is none: as many frames as FFmpeg itself gives. */
const HARMLESS = [
  ['titled.mp4', 20, 'whose title says all that FFmpeg says of damage'],
  ['sei-truncated.mp4', 20, 'of a camera whose user data is cut short'],
  ['joined.ts', 40, 'that was joined of two'],
  ['starts-mid-gop.ts', 10, 'that begins in the middle'],
  ['variable-rate.mp4', 20, 'with holes of its own'],
] as const;

for (const decoder of DECODERS) {
  suite(`fromVideo and damage, ${decoder}`, (declare) => {
    const test = playing(declare, needsOf(decoder));

    for (const [name, numFrames, what] of HARMLESS) {
      test(`reads ${name} to its end, a recording ${what}`, async () => {
        const { values, error } = await watch(fromVideo(clip(name), { decoder }), seen);

        assert.is(error, undefined);
        assert.is(values.length, numFrames);
      });
    }

    test('reads a clip with a title of all words as the same clip without', async () => {
      const said = await watch(fromVideo(clip('titled.mp4'), { decoder, source: 'a' }), seen);
      const silent = await watch(fromVideo(clip('h264.mp4'), { decoder, source: 'a' }), seen);

      assert.equal(said, silent);
    });

    test('stops before the picture that is missing', async () => {
      const { values, error } = await watch(fromVideo(clip('lost-picture.mp4'), { decoder }), seen);

      assert.is(values.length, 10);
      assert.is(error?.code, 'ERR_VIDEO_DECODE');
      assert.match(error?.message ?? '', /after second 0\.90 \(frame 9\)/);
    });

    test('goes on behind the picture that is missing, and says so once', async () => {
      const { values, error, faults } = await skipping('lost-picture.mp4', { decoder });

      assert.is(error, undefined);
      assert.equal(
        values.map(({ pts }) => Math.round(pts * 10)),
        without(10, 20),
      );
      assert.equal(
        values.map(({ index }) => index),
        [...Array(19).keys()],
      );
      assert.equal(
        faults.map(({ code, details }) => [code, details['seconds']]),
        [['ERR_VIDEO_DECODE', 0.9]],
      );
    });

    test('goes on behind a stretch of noise, and tells of a file that is cut short', async () => {
      const noisy = await skipping('damaged-middle.mp4', { decoder });
      const short = await skipping('truncated.mkv', { decoder });

      assert.equal([noisy.values.length, noisy.error], [11, undefined]);
      assert.ok(noisy.faults.some(({ details }) => details['numRepaired'] === 1));
      assert.ok(noisy.faults.some(({ details }) => details['seconds'] === 0.8));
      assert.equal([short.values.length, short.error, short.faults.length], [10, undefined, 1]);
    });

    test('counts every n-th frame of the source, also where the size changes', async () => {
      const { values } = await watch(
        fromVideo(clip('size-changes.ts'), { decoder, stride: 3 }),
        seen,
      );

      assert.equal(
        values.map(({ index, width, pts }) => [index, width, Math.round(pts * 10)]),
        Array.from({ length: 14 }, (_, i) => [3 * i, 3 * i < 20 ? 192 : 160, 3 * i]),
      );
    });
  });
}

suite('fromVideo, a decoder or a server that does not do its work', (declare) => {
  const test = playing(declare);
  let folder = '';
  test.before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'from-video-damage-'));
  });
  test.after(() => rm(folder, { recursive: true, force: true }));

  const broken = [
    ['does not start', 'exit 127'],
    ['dies as soon as it has to decode', `[ "$1" = -version ] && exit 0; kill -SEGV $$`],
  ] as const;
  for (const [what, script] of broken) {
    test(
      `takes the built-in decoder where the program ${what}, unless the program is asked for`,
      async () => {
        await writeFile(join(folder, 'ffmpeg'), `#!/bin/sh\n${script}\n`);
        await chmod(join(folder, 'ffmpeg'), 0o755);

        await withPath(folder, async () => {
          let info: VideoInfo | undefined;
          const onOpen = (opened: VideoInfo): void => void (info = opened);
          const file = clip('h264.mp4');
          const { values } = await watch(fromVideo(file, { onOpen, maxFrames: 3 }), seen);
          const { error } = await watch(fromVideo(file, { decoder: 'native' }), seen);

          assert.equal([values.length, info?.decoder], [3, 'wasm']);
          assert.is(error?.code, 'ERR_VIDEO_OPEN');
          assert.match(error?.message ?? '', /does not run|ended by SIGSEGV/);
        });
      },
      { needs: ['bash'] },
    );
  }

  test(
    'gives up a server that stops in the middle of a recording',
    async () => {
      const bytes = await readFile(clip('h264.mp4'));
      const half = bytes.subarray(0, bytes.length / 2);
      const server = createServer((_, response) => {
        response.writeHead(200, { 'content-length': bytes.length });
        response.write(half);
      }).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/clip.mp4`;

      const { values, error } = await watch(fromVideo(url, { stallSeconds: 1 }), seen);

      assert.ok(values.length > 0);
      assert.is(error?.code, 'ERR_VIDEO_DECODE');
      assert.match(error?.message ?? '', /nothing came for 1 s/);
      server.closeAllConnections();
      server.close();
    },
    { needs: ['ffmpeg'] },
  );
});

/** Reads a clip with `skip`. */
async function skipping(name: string, config: FromVideoConfig) {
  const faults: PipelineError[] = [];
  const onFault = (error: PipelineError): void => void faults.push(error);
  const outcome = await watch(
    fromVideo(clip(name), { ...config, onDamage: 'skip', onFault }),
    seen,
  );
  return { ...outcome, faults };
}

/** All whole numbers below the second one but the first one. */
function without(missing: number, count: number): number[] {
  return [...Array(count).keys()].filter((n) => n !== missing);
}

async function withPath(folder: string, work: () => Promise<void>): Promise<void> {
  const before = process.env['PATH'];
  process.env['PATH'] = folder;
  try {
    await work();
  } finally {
    process.env['PATH'] = before;
  }
}
