import { hangTimeoutSeconds } from '../../../../models/detector/worker/hangTimeout.ts';
import * as assert from '../../../support/assert.ts';
import { suite } from '../../../support/suite.ts';

suite('hangTimeoutSeconds', (test) => {
  test('is twenty seconds for a quick worker', () => {
    assert.is(hangTimeoutSeconds(0), 20);
    assert.is(hangTimeoutSeconds(2_000), 20);
  });

  test('is ten first frames for a slow one', () => {
    assert.is(hangTimeoutSeconds(30_000), 300);
  });
});
