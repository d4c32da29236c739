import { pathToFileURL } from 'node:url';
import { ffmpegInput, isUrl, needsSeeking, pathOf } from '../../../operators/video/sources.ts';
import * as assert from '../../support/assert.ts';
import { suite } from '../../support/suite.ts';
import { readFileSync } from 'node:fs';
import { clip } from '../clips.ts';

/** Boxes of an ISO base media file: kinds and sizes, the contents zero. */
function boxes(...list: readonly (readonly [string, number])[]): Uint8Array {
  return Buffer.concat(
    list.map(([kind, size]) => {
      const box = Buffer.alloc(Math.max(8, size));
      box.writeUInt32BE(size);
      box.write(kind, 4, 'latin1');
      return box;
    }),
  );
}

suite('needsSeeking', (test) => {
  const cases: readonly (readonly [string, Uint8Array, boolean])[] = [
    ['the index first', boxes(['ftyp', 24], ['moov', 500], ['mdat', 9000]), false],
    ['the media data first', boxes(['ftyp', 24], ['mdat', 9000]), true],
    ['a gap before the media data', boxes(['ftyp', 24], ['free', 8], ['mdat', 900]), true],
    ['a gap before the index', boxes(['ftyp', 24], ['free', 64], ['moov', 90]), false],
    ['QuickTime with its data first', boxes(['wide', 8], ['mdat', 900]), true],
    ['data of 64-bit size', boxes(['ftyp', 24], ['mdat', 1]), true],
    ['data up to the end of the file', boxes(['ftyp', 24], ['mdat', 0]), true],
    ['a fragmented file', boxes(['styp', 24], ['moof', 100], ['mdat', 50]), false],
    ['a gap that is longer than what was read', boxes(['ftyp', 24], ['free', 100_000]), false],
    ['a box of no size', boxes(['ftyp', 24], ['free', 0]), false],
    ['too few bytes', Uint8Array.of(0, 0, 0), false],
    ['nothing', new Uint8Array(), false],
  ];
  for (const [what, head, expected] of cases) {
    test(`says ${String(expected)} for ${what}`, () => {
      assert.is(needsSeeking(head), expected);
    });
  }

  const files = { 'h264.mp4': false, 'index-at-end.mp4': true, 'h264.mov': true, 'h264.ts': false };
  for (const [name, expected] of Object.entries(files)) {
    test(`says ${String(expected)} for ${name}, also as a part of a larger buffer`, () => {
      const head = readFileSync(clip(name)).subarray(0, 4_096);
      const shifted = Buffer.concat([Buffer.alloc(5), head]).subarray(5);

      assert.is(needsSeeking(head), expected);
      assert.is(needsSeeking(shifted), expected);
    });
  }
});

suite('pathOf, isUrl, ffmpegInput', (test) => {
  test('turn file addresses into paths, every sign of them', () => {
    const path = '/tmp/50% of #1?: "a b".mp4';

    assert.is(pathOf(pathToFileURL(path)), path);
    assert.is(pathOf(pathToFileURL(path).href), path);
    assert.is(pathOf('rtsp://host/a%20b'), 'rtsp://host/a%20b');
    assert.is(pathOf('file:name.mp4'), 'file:name.mp4', 'a file may be called so');
  });

  test('tell addresses from paths', () => {
    assert.equal(
      ['rtsp://h/s', 'HTTP://h', 'srt+x://h', 'C:\\clip.mp4', 'a:b.mp4', '/x//y', '-'].map(isUrl),
      [true, true, true, false, false, false, false],
    );
  });

  test('hand a path with a colon over as a file', () => {
    assert.is(ffmpegInput('concat:a.mp4'), 'file:concat:a.mp4');
    assert.is(ffmpegInput('rtsp://h/s'), 'rtsp://h/s');
  });
});
