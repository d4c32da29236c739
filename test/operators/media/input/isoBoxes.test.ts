import { readFileSync } from 'node:fs';
import { needsSeeking } from '../../../../operators/media/input/isoBoxes.ts';
import * as assert from '../../../support/assert.ts';
import { suite } from '../../../support/suite.ts';
import { clip } from '../../../support/media/clips.ts';

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

/** A file with a box of 64-bit size. */
function large(
  kind: string,
  size: number,
  ...rest: readonly (readonly [string, number])[]
): Uint8Array {
  const box = Buffer.concat([boxes([kind, 1]), Buffer.alloc(size - 8)]);
  box.writeBigUInt64BE(BigInt(size), 8);
  return Buffer.concat([boxes(['ftyp', 24]), box, boxes(...rest)]);
}

/** A file with a long gap before its media data. */
function gapOf(size: number): Uint8Array {
  return boxes(['ftyp', 24], ['free', size], ['mdat', 900]);
}

suite('needsSeeking', (test) => {
  const cases: readonly (readonly [string, Uint8Array, boolean | undefined])[] = [
    ['the index first', boxes(['ftyp', 24], ['moov', 500], ['mdat', 9000]), false],
    ['the media data first', boxes(['ftyp', 24], ['mdat', 9000]), true],
    ['a gap before the media data', boxes(['ftyp', 24], ['free', 8], ['mdat', 900]), true],
    ['a gap before the index', boxes(['ftyp', 24], ['free', 64], ['moov', 90]), false],
    ['QuickTime with its data first', boxes(['wide', 8], ['mdat', 900]), true],
    ['data of 64-bit size', boxes(['ftyp', 24], ['mdat', 1]), true],
    ['data up to the end of the file', boxes(['ftyp', 24], ['mdat', 0]), true],
    ['a fragmented file', boxes(['styp', 24], ['moof', 100], ['mdat', 50]), false],
    ['a gap up to the end of the file', boxes(['ftyp', 24], ['free', 0]), false],
    ['a gap of 64-bit size before the media data', large('free', 100, ['mdat', 900]), true],
    ['a gap of 64-bit size before the index', large('uuid', 100, ['moov', 900]), false],
    ['another kind of file', Uint8Array.from({ length: 188 }, () => 0x47), false],
    ['a gap that is longer than what was read', gapOf(100_000).subarray(0, 64), undefined],
    ['a gap that was read', gapOf(100_000), true],
    ['a header that is cut', boxes(['ftyp', 24], ['free', 1]).subarray(0, 36), undefined],
    ['too few bytes', Uint8Array.of(0, 0, 0), undefined],
    ['nothing', new Uint8Array(), undefined],
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
