import { resolveDetectorOptions } from '../../models/detectorOptions.ts';
import * as assert from '../support/assert.ts';
import { suite } from '../support/suite.ts';

suite('resolveDetectorOptions', (test) => {
  test('takes the bundled model, the best device and four threads at the most', () => {
    const { model, device, threads } = resolveDetectorOptions();

    assert.is(model, 'starter');
    assert.is(device, 'auto');
    assert.ok(threads >= 1 && threads <= 4, String(threads));
  });

  test('keeps what is given', () => {
    const given = { model: '/m', device: 'cpu', threads: 9 } as const;

    assert.equal(resolveDetectorOptions(given), given);
  });

  test('refuses wrong values', async () => {
    await assert.rejects(() => resolveDetectorOptions({ device: 'cud' as 'cuda' }), {
      name: 'TypeError',
      message: /got `cud` \(string\); did you mean `cuda`\?$/,
    });
    await assert.rejects(() => resolveDetectorOptions({ threads: 0 }), { name: 'RangeError' });
  });
});
