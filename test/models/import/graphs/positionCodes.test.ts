import { positionCodes } from '../../../../models/import/graphs/positionCodes.ts';
import * as assert from '../../../support/assert.ts';
import { suite } from '../../../support/suite.ts';

const CHANNELS = [0, 1, 63, 64, 65, 127, 128, 129, 191, 192, 255];
/** Of the reference, 20 x 20 places and 256 channels. */
const GOLDEN: readonly (readonly [row: number, column: number, codes: readonly number[]])[] = [
  [0, 0, [0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1]],
  [1, 0, [0.324699, 0.282471, 3.8e-5, 0.945817, 0.959276, 1, 0, 0, 0, 1, 1]],
  [0, 1, [0, 0, 0, 1, 1, 1, 0.324699, 0.282471, 3.8e-5, 0.945817, 1]],
  [
    7,
    13,
    [
      ...[0.735724, 0.90738, 0.000267, -0.677282, -0.420311, 1],
      ...[-0.915773, -0.549033, 0.000496, -0.401695, 1],
    ],
  ],
];

suite('positionCodes', (test) => {
  test('gives the codes of the reference', async () => {
    const { shape, read } = positionCodes('positions', 20, 256);
    const codes = await read();

    assert.equal(shape, [400, 256]);
    assert.is(codes.length, 400 * 256);
    for (const [row, column, expected] of GOLDEN) {
      const at = (row * 20 + column) * 256;
      const found = CHANNELS.map((channel) => codes[at + channel]!);
      assert.close(found, expected, { abs: 1e-6 });
    }
  });
});
