import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { firstValueFrom, map, take, toArray } from 'rxjs';
import sharp from 'sharp';
import { fromLive } from '../../../operators/sources/fromLive.ts';
import { testBoxes } from '../../../operators/sources/live/testPattern.ts';
import * as assert from '../../support/assert.ts';
import { suite } from '../../support/suite.ts';
import {
  openFolder,
  openHttpCamera,
  openTcpCamera,
  RATE,
  writeHls,
} from '../../support/media/cameras.ts';
import type { Camera } from '../../support/media/cameras.ts';
import { meanColor, until } from '../../support/media/clips.ts';
import {
  decodersOf,
  isIn,
  QUICK,
  stepsBack,
  watchLiveSource,
} from '../../support/media/liveWatch.ts';
import type { LiveWatch } from '../../support/media/liveWatch.ts';
import { playing } from '../../support/media/playing.ts';
import { openRtspCamera } from '../../support/media/rtspCamera.ts';

const LOGIN = { user: 'admin', password: 'p@ss/w#rd' };
const COLOURS: Readonly<Record<string, readonly number[]>> = {
  red: [0xd0, 0x20, 0x30],
  green: [0x20, 0xb0, 0x40],
  blue: [0x20, 0x40, 0xd0],
};

/** Every kind of stream that can be had on loopback, and how it is named. */
const STREAMS: readonly {
  readonly title: string;
  readonly open: () => Promise<Camera>;
  readonly play: (port: number) => LiveWatch;
}[] = [
  {
    title: 'MPEG-TS over TCP',
    open: () => openTcpCamera(),
    play: (port) => watchLiveSource(`tcp://127.0.0.1:${port}`),
  },
  {
    title: 'MPEG-TS over HTTP',
    open: () => openHttpCamera(),
    play: (port) => watchLiveSource(`http://127.0.0.1:${port}/live.ts`),
  },
  {
    title: 'MJPEG over HTTP',
    open: () => openHttpCamera({ format: 'mpjpeg' }),
    play: (port) => watchLiveSource(`http://127.0.0.1:${port}/video.cgi`),
  },
  {
    title: 'RTSP over TCP, with user and password',
    open: () => openRtspCamera({ login: `${LOGIN.user}:${LOGIN.password}` }),
    play: (port) => watchLiveSource({ url: `rtsp://127.0.0.1:${port}/live`, ...LOGIN }),
  },
  {
    title: 'RTSP over UDP',
    open: () => openRtspCamera(),
    play: (port) => watchLiveSource(`rtsp://127.0.0.1:${port}/live#transport=udp`),
  },
];

suite('fromLive, what it plays', (declare) => {
  const test = playing(declare, ['ffmpeg', 'ps']);
  const watches: LiveWatch[] = [];
  const writers: ChildProcess[] = [];
  let folder = '';
  test.before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'from-live-'));
  });
  test.after(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  test.afterEach(() => {
    watches.splice(0).forEach(({ subscription }) => subscription.unsubscribe());
    writers.splice(0).forEach((writer) => writer.kill('SIGKILL'));
  });
  const watching = (watch: LiveWatch): LiveWatch => {
    watches.push(watch);
    return watch;
  };

  for (const { title, open, play } of STREAMS) {
    test(`plays ${title}; time and number grow, and the decoder goes with its subscriber`, async () => {
      await using camera = await open();
      const watch = watching(play(camera.port));

      await until(() => watch.frames.length >= 2 * RATE || watch.error !== undefined);
      watch.subscription.unsubscribe();
      await until(() => decodersOf(`:${camera.port}`).length === 0);

      assert.is(watch.error, undefined);
      assert.equal([watch.states.length, isIn(watch, 'online')], [2, true]);
      assert.equal(
        watch.frames.map(({ index }) => index),
        watch.frames.map((_, i) => i),
      );
      assert.equal(stepsBack(watch.frames.map(({ pts }) => pts)), []);
      assert.equal([watch.frames[0]?.pts, watch.frames[0]?.width], [0, 160]);
      assert.equal(watch.drops, []);
      const told = JSON.stringify([watch.states, watch.frames[0]]);
      assert.not(/p@ss|p%40ss/.test(told), told);
    });
  }

  test('gives each picture at once, and does not wait for the next one', async () => {
    const NUM_PICTURES = 100; // more than FFmpeg wants to see before it begins
    const colour = {
      create: { width: 64, height: 48, channels: 3 as const, background: '#2040d0' },
    };
    const jpeg = await sharp(colour).jpeg().toBuffer();
    const camera = createServer((_, response) => {
      response.writeHead(200, { 'content-type': 'multipart/x-mixed-replace;boundary=next' });
      for (let i = 0; i < NUM_PICTURES; i++) {
        response.write(
          `--next\r\nContent-type: image/jpeg\r\nContent-length: ${jpeg.length}\r\n\r\n`,
        );
        response.write(jpeg);
        response.write('\r\n');
      }
      response.write('--next\r\n'); // and no more
    }).listen(0, '127.0.0.1');
    await once(camera, 'listening');
    const { port } = camera.address() as AddressInfo;
    const watch = watching(watchLiveSource(`http://127.0.0.1:${port}/`, { stallSeconds: 60 }));

    await until(() => watch.frames.length === NUM_PICTURES || watch.error !== undefined);

    assert.is(watch.error, undefined);
    watch.subscription.unsubscribe();
    camera.closeAllConnections();
    camera.close();
  });

  test('plays live HLS in step with the clock, from its newest segment', async () => {
    writers.push(writeHls(folder));
    await until(() => existsSync(join(folder, 'live.m3u8')));
    await using server = await openFolder(folder);
    const watch = watching(watchLiveSource(`http://127.0.0.1:${server.port}/live.m3u8`));

    await until(() => watch.frames.length >= 2 * RATE || watch.error !== undefined);

    assert.is(watch.error, undefined);
    assert.equal(stepsBack(watch.frames.map(({ pts }) => pts)), []);
    assert.equal(watch.drops, []);
    assert.is(watch.isComplete, false);
  });

  test('takes HLS on demand for a file: gives every frame however slow it is read, and ends', async () => {
    const recording = await mkdtemp(join(folder, 'vod-'));
    await new Promise((resolve) => writeHls(recording, 3).on('close', resolve));
    await using server = await openFolder(recording);
    const open: { close(): void }[] = [];
    const watch = watching(
      watchLiveSource(
        `http://127.0.0.1:${server.port}/live.m3u8`,
        { maxOpenFrames: 2, stallSeconds: 0.2 },
        (frame) => open.push(frame) > 0,
      ),
    );

    while (!watch.isComplete && watch.error === undefined) {
      await until(() => open.length > 0 || watch.isComplete || watch.error !== undefined);
      await new Promise<void>((resolve) => setTimeout(resolve, 20));
      open.shift()?.close();
    }

    assert.is(watch.error, undefined);
    assert.equal(
      watch.frames.map(({ pts }) => Math.round(pts * RATE)),
      Array.from({ length: 3 * RATE }, (_, i) => i),
    );
    assert.equal(watch.drops, []);
    assert.is(watch.states.at(-1), 'ended: the source has ended');
  });

  test('shows the boxes of the test pattern where testBoxes says', async () => {
    const pattern = { width: 320, height: 240, framesPerSecond: 25 };
    const frames$ = fromLive({ test: pattern }, { ...QUICK, display: 320 }).pipe(
      map((frame) => {
        const { display, index } = frame;
        const data = display?.data.slice() ?? new Uint8Array();
        frame.close();
        return { index, data, stride: display?.stride ?? 0 };
      }),
      take(40),
      toArray(),
    );

    const frames = await firstValueFrom(frames$);

    for (const { index, data, stride } of frames) {
      const boxes = testBoxes(index / pattern.framesPerSecond, pattern);
      const last = boxes.at(-1);
      assert.is(last?.label, 'blue');
      const [x = 0, y = 0, right = 0, bottom = 0] = last?.boxXyxyPixels ?? [];
      const inside = { x, y, width: right - x, height: bottom - y };
      const seen = meanColor(data, stride, inside);
      COLOURS['blue']?.forEach((wanted, i) => assert.close([seen[i] ?? 0], [wanted], { abs: 1 }));
      const besides = { x: right, y, width: 2, height: 2 };
      if (right + 2 <= pattern.width && boxes.slice(0, 2).every(misses(right, y))) {
        assert.close(meanColor(data, stride, besides), [0x80, 0x80, 0x80], { abs: 1 });
      }
    }
  });

  test('ends after maxFrames, and leaves no decoder', async () => {
    const watch = watching(watchLiveSource('test:66x64', { maxFrames: 5, source: 'gate' }));

    await until(() => watch.isComplete);
    await until(() => decodersOf('s=66x64').length === 0);

    assert.equal(
      watch.frames.map(({ source }) => source),
      Array.from({ length: 5 }, () => 'gate'),
    );
    assert.is(watch.states.at(-1), 'ended: the source has ended');
  });
});

/** Whether a box keeps clear of a small square. */
function misses(x: number, y: number) {
  return ({ boxXyxyPixels: [left, top, right, bottom] }: ReturnType<typeof testBoxes>[number]) =>
    x + 2 <= left || x >= right || y + 2 <= top || y >= bottom;
}
