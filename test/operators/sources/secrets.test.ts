import { createServer } from 'node:net';
import { dirname } from 'node:path';
import { inspect } from 'node:util';
import { fromImages } from '../../../operators/sources/fromImages.ts';
import { fromLive } from '../../../operators/sources/fromLive.ts';
import { fromVideo } from '../../../operators/sources/fromVideo.ts';
import * as assert from '../../support/assert.ts';
import { suite } from '../../support/suite.ts';
import { DECODERS, clip, needsOf, seen, until, watch } from '../../support/media/clips.ts';
import { camera, openFolder } from '../../support/media/cameras.ts';
import { QUICK } from '../../support/media/liveWatch.ts';
import { playing } from '../../support/media/playing.ts';

/** Passwords, each with a word that no encoding changes. */
const PASSWORDS = [
  's3cret99',
  "it's s3cret99",
  '"s3cret99`',
  's3cret99%',
  '%733cret99',
  'ключ-s3cret99',
];
const SECRET = /s3cret99|us3r77|t0ken55/;

suite('errors of sources', (declare) => {
  const test = playing(declare);

  for (const decoder of DECODERS) {
    for (const password of PASSWORDS) {
      test(
        `of fromVideo show no ${password}, however they are printed (${decoder})`,
        async () => {
          const address = `http://us3r77:${password}@127.0.0.1:1/a.mp4?sig=t0ken55`;

          const { error } = await watch(fromVideo(address, { decoder }), seen);

          assert.is(error?.code, 'ERR_VIDEO_OPEN');
          assert.match(error?.message ?? '', /http:\/\/\*\*\*@127\.0\.0\.1:1\/a\.mp4\?sig=\*\*\*/);
          assert.not.match(inspect(error, { depth: Infinity, showHidden: true }), SECRET);
        },
        { needs: needsOf(decoder) },
      );
    }
  }

  test('of fromVideo show nothing where the program does not start', async () => {
    const path = process.env['PATH'];
    process.env['PATH'] = '';
    try {
      const { error } = await watch(
        fromVideo('rtsp://us3r77:s3cret99@127.0.0.1:1/a', { decoder: 'native' }),
        seen,
      );
      assert.not.match(inspect(error, { depth: Infinity, showHidden: true }), SECRET);
    } finally {
      process.env['PATH'] = path;
    }
  });

  test(
    'of damage that is skipped show no password',
    async () => {
      await using web = await openFolder(dirname(clip('damaged-middle.mp4')));
      const address = `http://us3r77:s3cret99@127.0.0.1:${web.port}/damaged-middle.mp4?t0ken55`;
      const faults: Error[] = [];

      const { values } = await watch(
        fromVideo(address, { onDamage: 'skip', onFault: (error) => faults.push(error) }),
        seen,
      );

      assert.ok(faults.length > 0);
      assert.match(faults[0]?.message ?? '', /http:\/\/\*\*\*@127/);
      assert.not.match(inspect(faults, { depth: Infinity, showHidden: true }), SECRET);
      assert.equal([...new Set(values.map(({ source }) => source))], ['damaged-middle.mp4']);
    },
    { needs: ['ffmpeg'] },
  );

  test('of fromImages show no password', async () => {
    for (const source of ['http://us3r77:s3cret99@h/*.png', ['http://us3r77:s3cret99@h/a.png']]) {
      const { error } = await watch(fromImages(source), seen);
      assert.is(error?.code, 'ERR_VIDEO_OPEN');
      assert.not.match(inspect(error, { depth: Infinity, showHidden: true }), SECRET);
    }
  });

  test('refuses a raw hash, slash or question mark at once', () => {
    for (const raw of ['#', '/', '?']) {
      const address = `rtsp://us3r77:pa${raw}s3cret99@10.0.0.7/live`;
      for (const open of [fromVideo, fromLive]) {
        assert.throws(
          () => open(address),
          (error: Error) => /%2F.*%3F.*%23/.test(error.message) && !SECRET.test(inspect(error)),
        );
      }
    }
  });

  test(
    'and states of fromLive tell no secret, also where the camera says it',
    async () => {
      const password = "it's/s3cret99";
      const server = createServer((socket) => {
        socket.on('error', () => undefined); // the far end has gone
        socket.on('data', () =>
          socket.write(`RTSP/1.0 454 No ${password} here\r\nCSeq: 1\r\n\r\n`),
        );
      });
      await using cam = await camera(server, {});
      const told: string[] = [];
      const url = `rtsp://127.0.0.1:${cam.port}/live?x=t0ken55-long`;
      const running = fromLive(
        { url, user: 'us3r77', password },
        { ...QUICK, onState: (state, reason) => told.push(`${state}: ${reason}`) },
      ).subscribe();

      await until(() => told.some((one) => one.startsWith('offline')));
      running.unsubscribe();

      assert.match(told.join('\n'), /offline: .*454 No \*\*\* here/);
      assert.not.match(told.join('\n'), SECRET);
    },
    { needs: ['ffmpeg'] },
  );
});
