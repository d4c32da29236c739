import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { fromImages } from '../../../../operators/sources/fromImages.ts';
import { fromVideo } from '../../../../operators/sources/fromVideo.ts';
import { inspectPicture } from '../../../../operators/media/pictures/inspectPicture.ts';
import { readPixels } from '../../../../operators/media/pictures/readPicture.ts';
import * as assert from '../../../support/assert.ts';
import { suite } from '../../../support/suite.ts';
import { temporaryFolder } from '../../../support/temporaryFolder.ts';
import { MAKERS, chunk } from '../../../support/media/animations.ts';
import { watch } from '../../../support/media/clips.ts';

/** A PNG that claims a size, with next to nothing in it. */
function claiming(width: number, height: number): Buffer {
  const header = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0]);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  const head = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
  const pixels = chunk('IDAT', deflateSync(Buffer.alloc(1_000)));
  return Buffer.concat([head, chunk('IHDR', header), pixels, chunk('IEND', Buffer.alloc(0))]);
}

const DRAWING =
  '<svg xmlns="http://www.w3.org/2000/svg" width="9000" height="9000"><filter id="f"><feGaussianBlur stdDeviation="500"/></filter><rect width="9000" height="9000" filter="url(#f)"/></svg>';

suite('inspectPicture', (test) => {
  const refused: readonly (readonly [string, string | Buffer, RegExp])[] = [
    [
      'a drawing',
      DRAWING,
      /it is a drawing \(SVG\), not jpg, jpeg, png, webp, gif, avif, tif, tiff$/,
    ],
    ['a text', 'This is a letter.', /it is of another kind than jpg/],
    ['too many pixels', claiming(50_000, 50_000), /it is 50000 x 50000, more than 100 million/],
    ['a side of them', claiming(1_000_000, 101), /more than 100 million pixels; make it smaller$/],
  ];
  for (const [what, bytes, message] of refused) {
    test(`refuses ${what} before anything is decoded, at every door`, async () => {
      await using folder = await temporaryFolder();
      const path = join(folder.path, 'picture.png');
      writeFileSync(path, bytes);
      const expected = { code: 'ERR_VIDEO_OPEN', message };

      await assert.rejects(() => inspectPicture(path), expected);
      await assert.rejects(() => readPixels(path), expected);
      const { error } = await watch(fromImages(path), () => undefined);
      assert.match(error?.message ?? '', message);
    });
  }

  test('takes less of what a decoder holds whole', async () => {
    await using folder = await temporaryFolder();
    const plain = sharp({
      create: { width: 5_000, height: 3_000, channels: 3, background: 'red' },
    });
    const avif = join(folder.path, 'flat.avif');
    const gif = join(folder.path, 'claims.gif');
    await plain.clone().avif({ effort: 0, quality: 1 }).toFile(avif);
    const size = Buffer.from([0x50, 0xc3, 0xe9, 0x03]); // 50,000 x 1,001
    const [screen, place, pixels] = ['000000', '2c00000000', '0002024401003b'].map((hex) =>
      Buffer.from(hex, 'hex'),
    ) as [Buffer, Buffer, Buffer];
    const parts = [Buffer.from('GIF89a'), size, screen, place, size, pixels];
    writeFileSync(gif, Buffer.concat(parts));

    await assert.rejects(() => inspectPicture(avif), { message: /5000 x 3000, more than 14 mil/ });
    await assert.rejects(() => inspectPicture(gif), { message: /50000 x 1001, more than 50 mil/ });
    const png = join(folder.path, 'flat.png');
    await plain.clone().png({ compressionLevel: 1 }).toFile(png);
    assert.is((await inspectPicture(png)).width, 5_000);
  });

  test('refuses a drawing as a video, too', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'drawing.anything');
    writeFileSync(path, DRAWING);

    const { error } = await watch(fromVideo(path), () => undefined);

    assert.match(error?.message ?? '', /cannot be read as video: it is a drawing \(SVG\)$/);
  });

  test('tells the size of a picture when upright, and how many it holds', async () => {
    await using folder = await temporaryFolder();
    const at = (name: string): string => join(folder.path, name);
    const plain = sharp({ create: { width: 40, height: 20, channels: 3, background: 'red' } });
    await plain.clone().withMetadata({ orientation: 6 }).toFile(at('turned.jpg'));
    writeFileSync(at('moving.gif'), await MAKERS.gif());
    writeFileSync(at('moving.png'), await MAKERS.png());

    const still = { width: 20, height: 40, numPages: 1, delays: undefined, isVideo: false };
    assert.equal(await inspectPicture(at('turned.jpg')), still);
    const delays = [0.1, 0.2, 0.1, 0.04, 0.1];
    const gif = { width: 40, height: 20, numPages: 5, delays, isVideo: false };
    assert.equal(await inspectPicture(at('moving.gif')), gif);
    assert.is((await inspectPicture(at('moving.png'))).isVideo, true);
  });

  test('takes smaller copies of a picture in a TIFF for no pictures of their own', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'pyramid.tiff');
    const noise = { type: 'gaussian' as const, mean: 128, sigma: 40 };
    await sharp({ create: { width: 600, height: 400, channels: 3, noise, background: 0 } })
      .tiff({ pyramid: true, tile: true })
      .toFile(path);

    assert.ok(((await sharp(path).metadata()).pages ?? 1) > 1);
    assert.is((await inspectPicture(path)).numPages, 1);
  });

  test('fits a large picture as if it were read whole, and tells its own size', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'large.png');
    const left = {
      create: { width: 3_000, height: 3_000, channels: 3 as const, background: 'red' },
    };
    await sharp({ create: { width: 6_000, height: 3_000, channels: 3, background: 'blue' } })
      .composite([{ input: left, left: 0, top: 0 }])
      .png({ compressionLevel: 1 })
      .toFile(path);

    const { values, error } = await watch(
      fromImages(path, { image: { size: 64, pad: 7 } }),
      ({ width, height, letterbox, image: pixels }) => {
        const at = (x: number, y: number): number[] => [
          ...pixels.slice(3 * (64 * y + x)).slice(0, 3),
        ];
        return { width, height, letterbox, pixels: [at(10, 10), at(50, 10), at(10, 40)] };
      },
    );

    assert.is(error, undefined);
    assert.equal(values, [
      {
        ...{ width: 6_000, height: 3_000, letterbox: { scaleX: 64 / 6_000, scaleY: 32 / 3_000 } },
        pixels: [
          [255, 0, 0],
          [0, 0, 255],
          [7, 7, 7],
        ],
      },
    ]);
  });
});
