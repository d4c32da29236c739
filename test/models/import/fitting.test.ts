import { PAD_BYTE } from '../../../models/import/graphs/pixels.ts';
import { fitPicture } from '../../../operators/media/pictures/fitPicture.ts';
import * as assert from '../../support/assert.ts';
import { suite } from '../../support/suite.ts';
import { SMALL, picture, readGolden } from './reference.ts';

suite('pictures fitted here, beside the reference', (test) => {
  for (const name of SMALL) {
    test(`are those of ${name}, to a grey level: whole, padded, made smaller and larger`, async () => {
      const { imageSize, pictures } = await readGolden(name);
      for (const [index, golden] of pictures.entries()) {
        const { width, height, canvas } = golden;
        const raw = { width, height, channels: 3, data: picture(index, golden) } as const;
        const image = { size: imageSize, pad: PAD_BYTE };
        const fitted = await fitPicture(raw, { image, display: 0 });
        const { length, values } = canvas;

        assert.is(fitted.image.length, length);
        const at = values.map((_, i) => fitted.image[Math.floor((i * length) / values.length)]!);
        assert.close(
          at,
          values.map((value) => value * 255),
          { abs: 1 },
        );
      }
    });
  }
});
