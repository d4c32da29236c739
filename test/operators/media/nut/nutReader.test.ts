import { readdirSync, readFileSync } from 'node:fs';
import { NutReader } from '../../../../operators/media/nut/nutReader.ts';
import * as assert from '../../../support/assert.ts';
import { suite } from '../../../support/suite.ts';

const FOLDER = new URL('../../../fixtures/nut/', import.meta.url);
/** Pictures of 4 x 2 pixels. */
const PICTURE_BYTES = 24;
/** At 30000/1001 a second, with a pause of 18 hours. */
const TIMES = [0, 1, 2, 3, 4, 2_000_004, 2_000_006, 2_000_007].map((n) => (n * 1001) / 30_000);

/** Reads a stream in pieces of so many bytes, and takes so many at a time. */
function read(bytes: Uint8Array, pieceBytes: number, roomBytes = Infinity): [number[], number[]] {
  const times: number[] = [];
  const sizes: number[] = [];
  let numBytes = 0;
  const reader = new NutReader({
    take(part) {
      const taken = Math.min(part.length, roomBytes);
      numBytes += taken;
      return taken;
    },
    onPicture(pts) {
      times.push(pts);
      sizes.push(numBytes);
      numBytes = 0;
    },
  });
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    const piece = bytes.subarray(at, at + pieceBytes);
    for (let taken = 0; taken < piece.length;) {
      taken += reader.write(piece.subarray(taken));
    }
  }
  return [times, sizes];
}

suite('NutReader', (test) => {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith('.nut'));
  for (const file of files) {
    const bytes = readFileSync(new URL(file, FOLDER));
    for (const pieceBytes of [1, 7, 100, bytes.length]) {
      test(`reads times to the last digit and whole pictures, ${file} in pieces of ${pieceBytes}`, () => {
        const [times, sizes] = read(bytes, pieceBytes);

        assert.equal(times, TIMES);
        assert.equal(
          sizes,
          TIMES.map(() => PICTURE_BYTES),
        );
      });
    }
  }

  test('goes on where there was no room', () => {
    const bytes = readFileSync(new URL(files[0] ?? '', FOLDER));

    const [times, sizes] = read(bytes, bytes.length, 5);

    assert.equal([times, sizes], [TIMES, TIMES.map(() => PICTURE_BYTES)]);
  });

  const others = [
    ['text', Buffer.from('There is no such thing as a picture here')],
    ['zeros', Buffer.alloc(2 ** 21)],
    [
      'a header without an end',
      Buffer.from(`nut/multimedia container\0NMzV${'\xff'.repeat(2 ** 21)}`, 'latin1'),
    ],
  ] as const;
  for (const [what, bytes] of others) {
    test(`says that ${what} is no NUT stream`, () => {
      assert.throws(() => read(bytes, 65_536), /no NUT stream/);
    });
  }
});
