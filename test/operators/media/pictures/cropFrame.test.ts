import { cropFrame, regionAround } from '../../../../operators/media/pictures/cropFrame.ts';
import * as assert from '../../../support/assert.ts';
import { suite } from '../../../support/suite.ts';

/** Seen half as large, in the upper half of a square of 64. */
const FRAME = { width: 128, height: 64, letterbox: { scaleX: 0.5, scaleY: 0.5 } };

suite('regionAround', (test) => {
  test('grows a box by a share of its size on each side, in whole pixels of the model', () => {
    const box = { xmin: 40, ymin: 20, xmax: 61, ymax: 40 };

    assert.equal(regionAround(box, 0, FRAME), { left: 20, width: 11, top: 10, height: 10 });
    assert.equal(regionAround(box, 0.5, FRAME), { left: 14, width: 22, top: 5, height: 20 });
  });

  test('ends where the picture does, before the padding', () => {
    const all = { left: 0, width: 64, top: 0, height: 32 };

    assert.equal(regionAround({ xmin: 0, ymin: 0, xmax: 128, ymax: 64 }, 1, FRAME), all);
    assert.equal(regionAround({ xmin: 50, ymin: 20, xmax: 120, ymax: 60 }, 9, FRAME), all);
  });

  test('has one pixel at the least', () => {
    const corner = { xmin: 128, ymin: 64, xmax: 128, ymax: 64 };
    const origin = { xmin: 0, ymin: 0, xmax: 0, ymax: 0 };

    assert.equal(regionAround(corner, 0.5, FRAME), { left: 63, width: 1, top: 31, height: 1 });
    assert.equal(regionAround(origin, 0.5, FRAME), { left: 0, width: 1, top: 0, height: 1 });
  });
});

suite('cropFrame', (test) => {
  test('shows the region and no more, fitted and padded anew', async () => {
    const spec = { size: 8, pad: 7 };
    // each pixel says where it is
    const image = Uint8Array.from({ length: 8 * 8 * 3 }, (_, i) => {
      const [y, x] = [Math.floor(i / 24), Math.floor(i / 3) % 8];
      return 10 * y + x + 100;
    });

    using crop = await cropFrame(image, { left: 0, top: 2, width: 8, height: 4 }, spec, 'a');

    assert.equal([crop.width, crop.height, crop.source], [8, 4, 'a']);
    assert.equal(crop.letterbox, { scaleX: 1, scaleY: 1 });
    assert.equal(crop.image.slice(0, 96), image.slice(48, 144));
    assert.equal(crop.image.slice(96), new Uint8Array(96).fill(7));
  });

  test('enlarges what is small', async () => {
    const spec = { size: 8, pad: 7 };
    const image = new Uint8Array(8 * 8 * 3).fill(50);
    image.fill(200, (3 * 8 + 5) * 3, (3 * 8 + 6) * 3);

    using crop = await cropFrame(image, { left: 5, top: 3, width: 1, height: 1 }, spec, 'a');

    assert.equal(crop.letterbox, { scaleX: 8, scaleY: 8 });
    assert.equal(crop.image, new Uint8Array(192).fill(200));
  });
});
