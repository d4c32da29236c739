import { DETECTOR_OPTIONS } from '../../../models/core/detectorOptions.ts';
import { resolveOptions } from '../../../models/core/resolveOptions.ts';
import { MACHINE_DEFAULTS } from '../../../models/detector/detectorOptions.ts';
import type { DetectorOptions } from '../../../models/index.ts';
import * as assert from '../../support/assert.ts';
import { suite } from '../../support/suite.ts';

function resolve(given?: DetectorOptions): Required<DetectorOptions> {
  return resolveOptions('openDetector', DETECTOR_OPTIONS, given, MACHINE_DEFAULTS);
}

suite('DetectorOptions', (test) => {
  test('takes the bundled model, the best device and four threads at the most', () => {
    const { model, device, threads, batch } = resolve();

    assert.is(model, 'nano');
    assert.is(device, 'auto');
    assert.is(batch, 1);
    assert.ok(threads >= 1 && threads <= 4, String(threads));
  });

  test('keeps what is given', () => {
    const given = { model: '/m', device: 'cpu', threads: 9, batch: 32 } as const;

    assert.equal(resolve(given), given);
  });

  test('refuses wrong values', async () => {
    await assert.rejects(() => resolve({ device: 'cud' as 'cuda' }), {
      name: 'TypeError',
      message: /got `cud` \(string\); did you mean `cuda`\?$/,
    });
    for (const options of [{ threads: 0 }, { batch: 0 }, { batch: 33 }, { batch: 1.5 }]) {
      await assert.rejects(() => resolve(options), { name: 'RangeError' });
    }
  });
});
