import { liveInput } from '../../../../operators/sources/live/liveInput.ts';
import type { LiveInputContext } from '../../../../operators/sources/live/liveInput.ts';
import { readLiveSource } from '../../../../operators/sources/live/liveSource.ts';
import * as assert from '../../../support/assert.ts';
import { suite } from '../../../support/suite.ts';

const CONTEXT: LiveInputContext = {
  version: [5, 1],
  silenceSeconds: 10,
  followLinks: true,
  isThorough: false,
  isPaced: false,
  numFrames: 0,
  platform: 'linux',
  display: ':0',
};
const QUICK = '-flags low_delay -probesize 32768 -analyzeduration 1000';

function given(source: string, context: Partial<LiveInputContext> = {}): string {
  const { options, input } = liveInput(readLiveSource(source), { ...CONTEXT, ...context });
  const at = options.indexOf('-protocol_whitelist');
  return [...(at < 0 ? options : options.toSpliced(at, 2)), input].join(' ');
}

suite('liveInput', (test) => {
  test('tells FFmpeg how to open each kind of stream', () => {
    const rtsp = `${QUICK} -rtsp_transport`;
    const video = '-allowed_media_types video -timeout 10000000';
    for (const [source, arguments_] of [
      ['rtsp://cam/1', `${rtsp} tcp ${video} rtsp://cam/1`],
      ['rtsps://cam/1#transport=udp', `${rtsp} udp ${video} rtsps://cam/1`],
      ['http://cam/v', `${QUICK} -rw_timeout 10000000 http://cam/v`],
      ['rtmp://host/a/b', `${QUICK} -rw_timeout 10000000 rtmp://host/a/b`],
      ['srt://host:1', `${QUICK} -rw_timeout 10000000 srt://host:1`],
      ['udp://:1', `${QUICK} -rw_timeout 10000000 -overrun_nonfatal 1 udp://:1`],
      ['http://tv/a.m3u8?x', '-live_start_index -1 -rw_timeout 10000000 http://tv/a.m3u8?x'],
    ] as const) {
      assert.is(given(source), arguments_);
    }
  });

  test('keeps FFmpeg to the protocols of the address, whatever a server tells it', () => {
    const protocols = (source: string): string | undefined => {
      const { options } = liveInput(readLiveSource(source), CONTEXT);
      return options[options.indexOf('-protocol_whitelist') + 1];
    };

    assert.is(protocols('http://cam/v'), 'http,https,httpproxy,tcp,tls,crypto');
    assert.is(protocols('RTSPS://cam/v'), 'rtp,srtp,udp,tcp,tls');
    assert.is(protocols('udp://:1'), 'udp');
  });

  test('follows no links where that is asked for', () => {
    const followLinks = false;
    assert.match(
      given('https://cam/v', { followLinks }),
      / -max_redirects 0 -format_whitelist mpegts,/,
    );
    assert.not.match(given('https://cam/v', { followLinks }), /hls|dash|sdp|concat/);
    assert.not.match(given('rtsp://cam/v', { followLinks }), /max_redirects/);
  });

  test('looks longer where the quick look was not enough', () => {
    assert.is(
      given('tcp://host:1', { isThorough: true }),
      '-flags low_delay -rw_timeout 10000000 tcp://host:1',
    );
  });

  test('keeps FFmpeg from running ahead of live HLS', () => {
    assert.match(given('https://tv/a.m3u8', { isPaced: true }), /-re .*-live_start_index -1 /);
    assert.match(given('https://tv/channel', { isPaced: true }), /-re .*-live_start_index -1 /);
  });

  test('names the silence as FFmpeg 4 does', () => {
    assert.match(given('rtsp://cam/1', { version: [4, 4] }), / -stimeout 10000000 /);
  });

  test('opens cameras and screens of each platform', () => {
    for (const [source, platform, arguments_] of [
      ['webcam:0', 'linux', '-f v4l2 /dev/video0'],
      ['/dev/video3', 'linux', '-f v4l2 /dev/video3'],
      ['webcam:1', 'darwin', '-f avfoundation -framerate 30 1:none'],
      ['webcam:Front Camera', 'win32', '-f dshow video=Front Camera'],
      ['screen:', 'linux', '-f x11grab -framerate 30 :0.0'],
      ['screen::1.2', 'linux', '-f x11grab -framerate 30 :1.2'],
      ['screen:1', 'darwin', '-f avfoundation -framerate 30 Capture screen 1:none'],
      ['screen:', 'win32', '-f gdigrab -framerate 30 desktop'],
    ] as const) {
      assert.is(given(source, { platform }), arguments_);
    }
  });

  test('says what to name where a platform has no such device', async () => {
    const windows = { code: 'ERR_VIDEO_OPEN', message: /goes by its name, `webcam:NAME`/ };
    await assert.rejects(() => given('webcam:0', { platform: 'win32' }), windows);
    const other = { code: 'ERR_VIDEO_OPEN', message: /on sunos is not known/ };
    await assert.rejects(() => given('screen:', { platform: 'sunos' }), other);
  });
});
