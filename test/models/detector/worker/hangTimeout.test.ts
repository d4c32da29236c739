import { patienceOf } from '../../../../models/detector/worker/hangTimeout.ts';
import * as assert from '../../../support/assert.ts';
import { suite } from '../../../support/suite.ts';

suite('patienceOf', (test) => {
  test('is twenty seconds for a quick worker', () => {
    assert.is(patienceOf(0), 20);
    assert.is(patienceOf(2_000), 20);
  });

  test('is ten first frames for a slow one', () => {
    assert.is(patienceOf(30_000), 300);
  });
});
