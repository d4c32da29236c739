import { scoreText } from '../../../server/viewer/scoreText.ts';
import * as assert from '../../support/assert.ts';
import { suite } from '../../support/suite.ts';

suite('scoreText', (test) => {
  test('never rounds up, so that a limit lets through what reads as much', () => {
    const cases = [0, 0.0099, 0.29, 0.3999, 0.4, 0.4001, 0.57, 0.9999, 1];

    assert.equal(cases.map(scoreText), [
      ...['0.00', '0.00', '0.29', '0.39', '0.40', '0.40', '0.57', '0.99', '1.00'],
    ]);
    for (let percent = 0; percent <= 100; percent++) {
      assert.is(Number(scoreText(percent / 100)), percent / 100);
    }
  });
});
