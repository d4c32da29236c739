import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { writeClip } from '../../../../pipeline/cli/eval/pan.ts';
import { windowsOf } from '../../../../pipeline/cli/eval/windows.ts';
import * as assert from '../../../support/assert.ts';
import { suite } from '../../../support/suite.ts';

const WIDTH = 120;
const HEIGHT = 80;

suite('writeClip', (test) => {
  const folder = mkdtempSync(join(tmpdir(), 'pan-'));
  test.after(() => rmSync(folder, { recursive: true }));

  /** Each pixel says where it is: red across, green down, blue in the middle of the range. */
  const pixels = Uint8Array.from({ length: WIDTH * HEIGHT * 3 }, (_, i) => {
    const pixel = Math.floor(i / 3);
    return [50 + (pixel % WIDTH), 50 + Math.floor(pixel / WIDTH), 128][i % 3]!;
  });
  const path = join(folder, 'picture.png');
  const picture = { id: 7, path, width: WIDTH, height: HEIGHT, labelled: [] };
  const raw = { width: WIDTH, height: HEIGHT, channels: 3 } as const;
  test.before(async () => {
    await sharp(pixels, { raw }).toFile(path);
    mkdirSync(join(folder, 'a'));
    mkdirSync(join(folder, 'b'));
  });

  const bytesOf = (file: string): Promise<Buffer> => sharp(file).raw().toBuffer();

  test('writes windows of the picture with noise of standard deviation 2', async () => {
    const { files, lastWindow } = await writeClip(picture, 4, join(folder, 'a'));

    const windows = windowsOf(picture, 4, 7 * 64);
    assert.equal([files.length, lastWindow], [4, windows[3]]);
    for (const [index, { left, top, width, height }] of windows.entries()) {
      const found = await bytesOf(files[index]!);
      assert.is(found.length, width * height * 3);
      const noise = Array.from(found, (value, i) => {
        const [x, y] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width)];
        return value - pixels[((top + y) * WIDTH + left + x) * 3 + (i % 3)]!;
      });
      const mean = noise.reduce((sum, value) => sum + value, 0) / noise.length;
      const square = noise.reduce((sum, value) => sum + value ** 2, 0) / noise.length;
      assert.close([mean, Math.sqrt(square)], [0, 2], { abs: 0.05 });
    }
  });

  test('gives each frame noise of its own, and the last the same in every clip', async () => {
    const long = await writeClip(picture, 4, join(folder, 'a'));
    const short = await writeClip(picture, 2, join(folder, 'b'));
    const blue = async (file: string): Promise<number[]> => {
      return [...(await bytesOf(file))].filter((_, i) => i % 3 === 2);
    };

    assert.equal(await bytesOf(short.files[1]!), await bytesOf(long.files[3]!));
    assert.equal(await bytesOf(short.files[0]!), await bytesOf(long.files[2]!));
    assert.not.equal(await blue(long.files[2]!), await blue(long.files[3]!));
    const other = await writeClip({ ...picture, id: 8 }, 2, join(folder, 'b'));
    assert.not.equal(await blue(other.files[1]!), await blue(long.files[3]!));
  });

  test('stays between black and white, and takes grey pictures', async () => {
    const black = join(folder, 'black.png');
    const create = { width: WIDTH, height: HEIGHT, channels: 3, background: '#000' } as const;
    await sharp({ create }).toColourspace('b-w').png().toFile(black);

    const { files } = await writeClip({ ...picture, path: black }, 2, join(folder, 'a'));

    const bytes = await bytesOf(files[0]!);
    assert.is(bytes.length, 108 * 72 * 3);
    assert.ok(bytes.every((value) => value <= 4));
  });

  test('names a picture that is none, and one of another size', async () => {
    const text = join(folder, 'text.png');
    writeFileSync(text, 'no picture');

    await assert.rejects(writeClip({ ...picture, path: text }, 2, join(folder, 'a')), {
      code: 'ERR_VIDEO_OPEN',
      message: /Cannot read picture `.*text\.png`/,
    });
    await assert.rejects(writeClip({ ...picture, width: 60 }, 2, join(folder, 'a')), {
      code: 'ERR_ANNOTATIONS',
      message: /picture\.png` is 120 x 80, its annotations are for 60 x 80/,
    });
  });
});
