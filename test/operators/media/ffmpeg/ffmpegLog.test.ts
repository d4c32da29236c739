import { FfmpegLog } from '../../../../operators/media/ffmpeg/ffmpegLog.ts';
import * as assert from '../../../support/assert.ts';
import { suite } from '../../../support/suite.ts';

suite('FfmpegLog', (test) => {
  const rates: readonly (readonly [string, string, number])[] = [
    [
      '4.4',
      '[info]     Stream #0:0(und): Video: h264 (High) (avc1 / 0x31637661), yuv420p, 768x576, 202 kb/s, 10 fps, 10 tbr, 10240 tbn, 20 tbc (default)',
      10,
    ],
    [
      '5.1',
      '[info]   Stream #0:0[0x1](und): Video: h264 (High) (avc1 / 0x31637661), yuv420p(progressive), 192x144, 60 kb/s, 5.88 fps, 10 tbr, 10240 tbn (default)',
      5.88,
    ],
    [
      '7.1',
      '[info]   Stream #0:0[0x1](eng): Video: hevc (Main 10) (hvc1 / 0x31637668), yuv420p10le(tv, bt709, progressive), 3840x2160 [SAR 1:1 DAR 16:9], 9000 kb/s, 59.94 fps, 59.94 tbr, 60k tbn (default)',
      59.94,
    ],
    [
      'thousands',
      '[info]   Stream #0:1: Video: rawvideo, rgb24, 8x8, 1k fps, 1k tbr, 1k tbn',
      1000,
    ],
  ];
  for (const [version, line, expected] of rates) {
    test(`reads the frame rate, ${version}, and keeps the first`, () => {
      const log = new FfmpegLog();

      log.read(line);
      log.read('[info]   Stream #0:0: Video: rawvideo (RGB), rgb24, 8x8, 25 fps, 25 tbn');

      assert.is(log.framesPerSecond, expected);
    });
  }

  test('reads the length, and that there is none', () => {
    const log = new FfmpegLog();

    log.read('[info]   Duration: N/A, start: 0.000000, bitrate: N/A');
    assert.is(log.durationSeconds, undefined);
    log.read('[info]   Duration: 01:02:03.45, start: 1.400000, bitrate: 114 kb/s');

    assert.is(log.durationSeconds, 3723.45);
  });

  const INPUT = "[info] Input #0, mov,mp4,m4a,3gp,3g2,mj2, from 'clip.mp4':";
  const complaints: readonly (readonly [string, 'program' | 'file' | 'other'])[] = [
    ['[error] Error while decoding stream #0:0: Invalid data found', 'program'], // to 6.0
    ['[vist#0:0/h264 @ 0x55a] [error] Error submitting packet to decoder: Invalid', 'program'], // 6.1
    ['[vist#0:0/h264 @ 0x5] [dec:h264 @ 0x5] [error] Decoding error: Invalid data', 'program'], // 7 to 9
    ['[in#0 @ 0x55a] [error] Error during demuxing: Input/output error', 'program'],
    ['[mov,mp4,m4a,3gp,3g2,mj2 @ 0x1] [error] stream 0, offset 0x2a6: partial file', 'file'],
    ['[in#0/mov,mp4,m4a,3gp,3g2,mj2 @ 0x1] [error] stream 0, offset 0x2a6: partial file', 'file'],
    ['[h264 @ 0x1] [error] SEI type 5 size 10368 truncated at 328', 'other'],
    ['[h264 @ 0x1] [error] error while decoding MB 7 4, bytestream 173', 'other'],
    ['[NULL @ 0x1] [error] missing picture in access unit with size 27', 'other'],
    ['[graph 0 input @ 0x1] [fatal] Something', 'other'],
  ];
  test('tells who complains: the program, the demuxer, or somebody else', () => {
    for (const [line, speaker] of complaints) {
      const log = new FfmpegLog();
      log.read(INPUT);
      const complaint = log.read(line);

      assert.is(complaint?.isFailure, speaker === 'program', line);
      assert.is(complaint?.isOfFile, speaker === 'file', line);
    }
  });

  const repaired: readonly (readonly [string, number])[] = [
    ['[warning] clip.mp4: corrupt decoded frame in stream 0', 1], // to 6.0
    ['[vist#0:0/h264 @ 0x55a] [dec:h264 @ 0x55b] [warning] corrupt decoded frame', 1], // 7 on
    ['[warning] clip.ts: corrupt input packet in stream 0', 0],
    ['[h264 @ 0x1] [warning] corrupt decoded frame', 0],
    ['[info]     title           : corrupt decoded frame', 0],
  ];
  test('counts the pictures that the decoder repaired', () => {
    for (const [line, count] of repaired) {
      const log = new FfmpegLog();
      log.read(line);
      assert.is(log.numRepaired, count, line);
    }
  });

  const harmless = [
    '[warning] clip.ts: corrupt input packet in stream 0',
    '[mpegts @ 0x1] [warning] Packet corrupt (stream = 0, dts = 207000).',
    '[info]     title           : [error] Error while decoding stream #0:0: Invalid data found',
    '[info]     title           : Decoding error, partial file, truncated, File ended prematurely',
    '[error]',
    'error',
    '',
  ];
  test('hears no complaint in a warning, nor in what a file says of itself', () => {
    const log = new FfmpegLog();
    for (const line of harmless) {
      assert.is(log.read(line), undefined, line);
    }
    assert.is(log.problem, undefined);
  });

  test('takes nothing of what a file says of itself for the summary', () => {
    const log = new FfmpegLog();
    log.read(INPUT);
    log.read('[info]     title           : Duration: 09:00:00.00, start: 0');
    log.read(
      "[info]     comment         : Input #0, rtsp, from 'x': Stream #0:0: Video: x, 99 fps,",
    );
    log.read('[info]   Duration: 00:00:03.00, start: 0.000000, bitrate: 44 kb/s');
    log.read('[info]   Stream #0:0[0x1](und): Video: h264 (High), 160x120, 10 fps, 10 tbr');
    log.read('[info]   Duration: 09:00:00.00, start: 0.000000, bitrate: 44 kb/s');

    const { durationSeconds, framesPerSecond, format } = log;
    assert.equal([durationSeconds, framesPerSecond, format], [3, 10, 'mov,mp4,m4a,3gp,3g2,mj2']);
  });

  test('reads the longest line in a moment', () => {
    const log = new FfmpegLog();
    for (const piece of ['[', '[a @ 0x1] ', ', 1', 'Stream #0:0: Video: , 1.', '[info] ']) {
      log.read(`[info]   Stream #0:0: Video: ${piece.repeat(4_096 / piece.length)}`);
      log.read(piece.repeat(4_096 / piece.length));
    }
    assert.is(log.framesPerSecond, undefined);
  });

  test('keeps the first problem, and no warning', () => {
    const log = new FfmpegLog();

    log.read('[mov,mp4 @ 0x1] [warning] Format mov,mp4 detected only with low score of 1');
    assert.is(log.problem, undefined);
    log.read('[mov,mp4,m4a,3gp,3g2,mj2 @ 0x1] [error] moov atom not found');
    log.read('[error] text.mp4: Invalid data found when processing input');

    assert.is(log.problem, 'moov atom not found');
  });

  test('takes a fatal line for a problem, and no sum of what was said', () => {
    const log = new FfmpegLog();

    log.read('[error] Conversion failed!');
    log.read('[fatal] Error opening input files: Invalid data found when processing input');
    log.read('Aborted()');
    assert.is(log.problem, undefined);
    log.read(
      '[fatal] Stream specifier V:0 in filtergraph description [0:V:0]x matches no streams.',
    );

    assert.match(log.problem ?? '', /matches no streams/);
  });
});
