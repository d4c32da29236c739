import type { FrameMessage } from '../../../server/index.ts';
import { createPairing } from '../../../server/viewer/pairing.ts';
import * as assert from '../../support/assert.ts';
import { frameDetections } from '../../support/frames.ts';
import { suite } from '../../support/suite.ts';

suite('createPairing', (test) => {
  test('gives the frame that waits for its picture as soon as there will be none', () => {
    const pairing = createPairing();
    const [first, second] = [1, 2].map(
      (frame) => frameDetections({ frame }) as unknown as FrameMessage,
    ) as [FrameMessage, FrameMessage];

    assert.is(pairing.losePictures(), undefined);
    pairing.clear();
    assert.is(pairing.addFrame(first, 0), undefined, 'it waits');
    assert.equal(pairing.losePictures(), { frame: first });
    assert.is(pairing.losePictures(), undefined);
    assert.equal(pairing.addFrame(second, 40), { frame: second });
    assert.is(pairing.overdue(5000), undefined);
  });
});
