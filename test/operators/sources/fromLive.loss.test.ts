import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Frame } from '../../../models/core/types.ts';
import * as assert from '../../support/assert.ts';
import { suite } from '../../support/suite.ts';
import {
  openFileCamera,
  openGarbageCamera,
  openHttpCamera,
  openTcpCamera,
} from '../../support/media/cameras.ts';
import { clip, until } from '../../support/media/clips.ts';
import {
  decodersOf,
  isIn,
  numTimes,
  stepsBack,
  watchLiveSource,
} from '../../support/media/liveWatch.ts';
import type { LiveWatch } from '../../support/media/liveWatch.ts';
import { playing } from '../../support/media/playing.ts';
import { openRtspCamera } from '../../support/media/rtspCamera.ts';

/** Frames after which a camera counts as being there. */
const SOME = 4;

suite('fromLive, what happens to the camera', (declare) => {
  const test = playing(declare, ['ffmpeg', 'ps']);
  const watches: LiveWatch[] = [];
  test.afterEach(() => {
    watches.splice(0).forEach(({ subscription }) => subscription.unsubscribe());
  });
  const watching = (watch: LiveWatch): LiveWatch => {
    watches.push(watch);
    return watch;
  };
  /** Waits until a source has given some frames more. */
  const more = (watch: LiveWatch): Promise<void> => {
    const wanted = watch.frames.length + SOME;
    return until(() => watch.frames.length >= wanted || watch.error !== undefined);
  };
  const expectOneStory = (watch: LiveWatch): void => {
    const { error, frames } = watch;
    assert.is(error, undefined);
    assert.equal(stepsBack(frames.map(({ pts }) => pts)), [], 'time grows over every loss');
    assert.equal(
      frames.map(({ index }) => index),
      frames.map((_, i) => i),
      'numbers go on over every loss',
    );
  };

  for (const [kind, open, address] of [
    ['TCP', openTcpCamera, 'tcp://127.0.0.1:'],
    ['RTSP', openRtspCamera, 'rtsp://127.0.0.1:'],
  ] as const) {
    test(`connects anew when the connection is cut (${kind})`, async () => {
      await using camera = await open();
      const watch = watching(watchLiveSource(`${address}${camera.port}`));
      await more(watch);

      camera.cut();
      await until(() => numTimes(watch, 'online') === 2);
      await more(watch);

      expectOneStory(watch);
      const names = watch.states.map((state) => state.split(':')[0]);
      assert.equal(names, ['connecting', 'online', 'offline', 'online']);
    });

    test(`ends a connection that has gone silent, and connects anew (${kind})`, async () => {
      await using camera = await open();
      const watch = watching(watchLiveSource(`${address}${camera.port}`, { stallSeconds: 2 }));
      await more(watch);

      camera.freeze();
      await until(() => numTimes(watch, 'online') === 2);
      await more(watch);

      expectOneStory(watch);
      assert.ok(watch.states.includes('stalled: no frame for 2 s'), watch.states.join());
      assert.is(camera.numConnections, kind === 'RTSP' ? 3 : 2, 'RTSP cameras are asked first');
    });
  }

  test('waits for a camera that is not there yet, and for one that is away', async () => {
    let camera = await openHttpCamera();
    const { port } = camera;
    await camera[Symbol.asyncDispose]();
    const watch = watching(watchLiveSource(`http://127.0.0.1:${port}/live`));
    await until(() => isIn(watch, 'offline'));
    assert.match(watch.states.at(-1) ?? '', /Connection refused/);

    for (let time = 1; time <= 2; time++) {
      camera = await openHttpCamera({ port });
      await until(() => numTimes(watch, 'online') === time);
      await more(watch);
      await camera[Symbol.asyncDispose]();
      await until(() => isIn(watch, 'offline'));
    }

    expectOneStory(watch);
  });

  test('follows a camera that comes back with another size, rate and codec', async () => {
    let camera = await openTcpCamera({ size: '160x120' });
    const { port } = camera;
    const watch = watching(watchLiveSource(`tcp://127.0.0.1:${port}`));
    await more(watch);
    await camera[Symbol.asyncDispose]();

    camera = await openTcpCamera({ port, size: '96x128', codec: 'mpeg2video' });
    await until(() => numTimes(watch, 'online') === 2);
    await more(watch);
    await camera[Symbol.asyncDispose]();

    expectOneStory(watch);
    const sizes = new Set(watch.frames.map(({ width, height }) => `${width}x${height}`));
    assert.equal([...sizes], ['160x120', '96x128']);
  });

  test('follows a size that changes midway, and a file that a server sends again and again', async () => {
    await using camera = await openFileCamera(clip('size-changes.ts'));
    const watch = watching(watchLiveSource(`tcp://127.0.0.1:${camera.port}`));

    await until(() => numTimes(watch, 'online') === 2);
    await more(watch);

    expectOneStory(watch);
    const sizes = new Set(watch.frames.map(({ width, height }) => `${width}x${height}`));
    assert.is(sizes.size, 2);
  });

  test('opens a stream that is joined between two whole pictures', async () => {
    await using camera = await openFileCamera(clip('starts-mid-gop.ts'));
    const watch = watching(watchLiveSource(`tcp://127.0.0.1:${camera.port}`));

    await until(() => numTimes(watch, 'online') === 2);

    expectOneStory(watch);
  });

  test('takes garbage for a loss, and the camera after it', async () => {
    const garbage = await openGarbageCamera();
    const { port } = garbage;
    const watch = watching(watchLiveSource(`tcp://127.0.0.1:${port}`));
    await until(() => garbage.numConnections >= 3);
    await garbage[Symbol.asyncDispose]();

    await using _camera = await openTcpCamera({ port });
    await until(() => isIn(watch, 'online'));
    await more(watch);

    expectOneStory(watch);
    assert.is(watch.states[0], `connecting: tcp://127.0.0.1:${port}`);
    assert.match(watch.states[1] ?? '', /^offline: \S/);
  });

  test('starts another decoder when its own is killed', async () => {
    await using camera = await openTcpCamera();
    const watch = watching(watchLiveSource(`tcp://127.0.0.1:${camera.port}`));
    await more(watch);

    const [decoder = 0] = decodersOf(`tcp://127.0.0.1:${camera.port}`);
    process.kill(decoder, 'SIGKILL');
    await until(() => numTimes(watch, 'online') === 2);
    await more(watch);

    expectOneStory(watch);
    assert.is(decodersOf(`tcp://127.0.0.1:${camera.port}`).length, 1);
    assert.ok(watch.states.includes('offline: the decoder was ended by SIGKILL'));
  });

  test('drops all but the newest for a slow consumer, and counts them', async () => {
    await using camera = await openTcpCamera();
    const open: Frame[] = [];
    const watch = watching(
      watchLiveSource(
        `tcp://127.0.0.1:${camera.port}`,
        { maxOpenFrames: 1 },
        (frame) => open.push(frame) > 0,
      ),
    );
    await until(() => watch.drops.length >= 15); // more than slots and pipes hold
    const before = watch.drops.length;

    open.shift()?.close();

    assert.equal(
      watch.frames.map(({ index }) => index),
      [0, before + 1],
      'the next is the newest, at once',
    );
    watch.subscription.unsubscribe();
    open.forEach((frame) => frame.close());
    assert.equal([...new Set(watch.drops)].slice(0, 1), ['slow']);
    assert.is(watch.frames.length + watch.drops.length, before + 2);
  });

  test('never shows a password, whatever goes wrong', async () => {
    await using camera = await openRtspCamera({ login: 'admin:right-one' });
    await using garbage = await openGarbageCamera();
    const away = await openTcpCamera();
    await away[Symbol.asyncDispose]();
    const wrong = [
      watching(watchLiveSource(`rtsp://admin:wrong-one@127.0.0.1:${camera.port}/live`)),
      watching(watchLiveSource(`rtsp://admin:wrong-one@127.0.0.1:${away.port}/live`)),
      watching(watchLiveSource(`http://admin:wrong-one@127.0.0.1:${away.port}/?token=wrong-one`)),
      watching(watchLiveSource(`rtmp://admin:wrong-one@127.0.0.1:${away.port}/live`)),
      watching(watchLiveSource(`tcp://admin:wrong-one@127.0.0.1:${garbage.port}`)),
    ];

    await until(() => wrong.every((watch) => isIn(watch, 'offline')));

    const told = wrong.flatMap(({ states }) => states).join('\n');
    assert.match(told, /401 Unauthorized/);
    assert.match(told, /Connection refused/);
    assert.match(told, /Invalid data found/);
    assert.match(told, /\*\*\*@127\.0\.0\.1/);
    assert.not(/wrong-one|admin:/.test(told), told);
  });

  test('ends with an error where FFmpeg lacks the protocol', async () => {
    const watch = watching(watchLiveSource('rtmpe://admin:wrong-one@127.0.0.1/live'));

    await until(() => watch.error !== undefined || isIn(watch, 'offline'));

    if (watch.error !== undefined) {
      assert.is(watch.error.code, 'ERR_VIDEO_OPEN');
      assert.match(watch.error.message, /^This FFmpeg cannot open rtmpe:\S+ Protocol not found/);
      assert.match(watch.states.at(-1) ?? '', /^ended: This FFmpeg/);
      assert.not(/wrong-one|admin:/.test(watch.error.message), watch.error.message);
    }
  });

  test('says what to install where there is no `ffmpeg` program', async () => {
    const path = process.env['PATH'];
    process.env['PATH'] = '';
    try {
      const watch = watching(watchLiveSource('tcp://127.0.0.1:9'));
      await until(() => watch.error !== undefined);
      assert.is(watch.error?.code, 'ERR_VIDEO_OPEN');
      assert.match(watch.error?.message ?? '', /install FFmpeg: the built-in FFmpeg cannot open/);
    } finally {
      process.env['PATH'] = path;
    }
  });

  test('leaves no decoder behind when our process is killed while the camera is silent', async () => {
    await using camera = await openTcpCamera();
    const address = `tcp://127.0.0.1:${camera.port}`;
    const loader = new URL('../../support/typescript.mjs', import.meta.url).href;
    const program = fileURLToPath(new URL('../../support/programs/holdLive.ts', import.meta.url));
    const child = spawn(process.execPath, ['--import', loader, program, address], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    assert.is(decodersOf(address).length, 1);
    camera.freeze();

    child.kill('SIGKILL');
    await until(() => decodersOf(address).length === 0);

    assert.is(camera.numConnections, 1);
  });
});
