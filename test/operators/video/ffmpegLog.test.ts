import { FfmpegLog } from '../../../operators/video/ffmpegLog.ts';
import type { FrameLine } from '../../../operators/video/ffmpegLog.ts';
import * as assert from '../../support/assert.ts';
import { suite } from '../../support/suite.ts';

/** The line of one frame as the releases write it. */
const FRAME_LINES: readonly (readonly [string, string, FrameLine])[] = [
  [
    '4.4',
    '[Parsed_showinfo_0 @ 0x55d4a8e2a9c0] [info] n:   3 pts:   3072 pts_time:0.3     pos:     7429 fmt:yuv420p sar:0/1 s:192x144 i:P iskey:0 type:P ',
    { pts: 0.3, width: 192, height: 144 },
  ],
  [
    '5.1',
    '[Parsed_showinfo_0 @ 0x564cef9b2c80] [info] n:  10 pts:  19456 pts_time:1.9     pos:    18107 fmt:yuv420p sar:0/1 s:192x144 i:P iskey:0 type:P ',
    { pts: 1.9, width: 192, height: 144 },
  ],
  [
    '6.0',
    '[Parsed_showinfo_0 @ 0x6000017d4370] [info] n:   0 pts:      0 pts_time:0       duration:   1001 duration_time:0.0417083 fmt:yuv420p cl:left sar:1/1 s:1920x1080 i:P iskey:1 type:I ',
    { pts: 0, width: 1920, height: 1080 },
  ],
  [
    '7.1',
    '[Parsed_showinfo_1 @ 0x7f1c3c003b80] [info] n: 121 pts: 363363 pts_time:4.03737 duration:   3003 duration_time:0.0333667 fmt:yuv420p10le cl:topleft sar:1/1 s:3840x2160 i:P iskey:0 type:B ',
    { pts: 4.03737, width: 3840, height: 2160 },
  ],
  [
    'with a time before zero',
    '[Parsed_showinfo_0 @ 0x1] [info] n:   0 pts:  -1024 pts_time:-0.1    pos:       48 fmt:yuv420p sar:1/1 s:16x16 i:P iskey:1 type:I ',
    { pts: -0.1, width: 16, height: 16 },
  ],
  [
    'without a clock',
    '[Parsed_showinfo_0 @ 0x1] [info] n:   0 pts: NOPTS pts_time:NOPTS   pos:       48 fmt:rgb24 sar:0/1 s:320x240 i:P iskey:1 type:I ',
    { width: 320, height: 240 },
  ],
];

const FRAME = FRAME_LINES[0]?.[1] ?? '';

suite('FfmpegLog', (test) => {
  for (const [version, line, expected] of FRAME_LINES) {
    test(`reads time and size of a frame, ${version}`, () => {
      assert.equal(new FfmpegLog().read(line), expected);
    });
  }

  const noFrames = [
    '[Parsed_showinfo_0 @ 0x564cef9b2c80] [info] config in time_base: 1/10240, frame_rate: 10/1',
    '[Parsed_showinfo_0 @ 0x564cef9b2c80] [info] config out time_base: 0/0, frame_rate: 0/0',
    '[Parsed_showinfo_0 @ 0x564cef9b2c80] [info]   side data - User Data Unregistered: ',
    '[info] frame=   20 fps=0.0 q=-0.0 Lsize=    1014kB time=00:00:02.00 bitrate=4153.3kbits/s',
    '',
  ];
  test('takes no other line for a frame', () => {
    for (const line of noFrames) {
      assert.is(new FfmpegLog().read(line), undefined, line);
    }
  });

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

  const broken = [
    '[warning] clip.mp4: corrupt decoded frame in stream 0', // 4.4, 5.1
    '[error] Error while decoding stream #0:0: Invalid data found when processing input', // to 6.0
    '[vist#0:0/h264 @ 0x55a] [warning] corrupt decoded frame', // 6.1 on
    '[vist#0:0/h264 @ 0x55a] [error] Error submitting packet to decoder: Invalid data found when processing input', // 6.1
    '[vist#0:0/h264 @ 0x55a] [dec:h264 @ 0x55b] [error] Error submitting packet to decoder: Invalid data found', // 7, 8
    '[vist#0:0/h264 @ 0x55a] [dec:h264 @ 0x55b] [error] Decoding error: Invalid data found when processing input', // 7, 8
  ];
  test('sees frames that are not whole, in all releases', () => {
    for (const line of broken) {
      const log = new FfmpegLog();
      log.read(FRAME);
      log.read(line);

      assert.is(log.isBroken, true, line);
    }
  });

  const cut = [
    '[matroska,webm @ 0x565391ed4ec0] [error] File ended prematurely',
    '[matroska,webm @ 0x565391ed4ec0] [error] File ended prematurely at pos. 10924 (0x2aac)',
    '[mov,mp4,m4a,3gp,3g2,mj2 @ 0x1] [error] stream 0, offset 0x2a6: partial file',
    '[warning] clip.ts: corrupt input packet in stream 0',
    '[in#0/mpegts @ 0x1] [warning] corrupt input packet in stream 0',
    '[h264 @ 0x1] [error] error while decoding MB 7 4, bytestream 173',
    '[mpeg4 @ 0x1] [error] Error at MB: 129',
    '[mjpeg @ 0x1] [error] error y=14 x=3',
  ];
  test('sees signs of a source that is not whole, which frames may still follow', () => {
    for (const line of cut) {
      const log = new FfmpegLog();
      log.read(FRAME);
      log.read(line);

      assert.equal([log.isCut, log.isBroken], [true, false], line);
    }
  });

  test('forgives damage before the first frame', () => {
    const log = new FfmpegLog();

    [...broken, ...cut].forEach((line) => log.read(line));
    log.read(FRAME);

    assert.equal([log.isCut, log.isBroken], [false, false]);
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
