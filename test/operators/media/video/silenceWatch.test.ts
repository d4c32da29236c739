import { watchSilence } from '../../../../operators/media/video/silenceWatch.ts';
import * as assert from '../../../support/assert.ts';
import { suite } from '../../../support/suite.ts';

suite('watchSilence', (test) => {
  test('waits for as long as nobody takes what there is, and tells once', async () => {
    const held = [true, true, false];
    const seen: unknown[] = [];
    await new Promise<void>((resolve) => {
      watchSilence({
        seconds: 0.01,
        isHeldUp: () => {
          const isHeldUp = held.shift() ?? false;
          seen.push(isHeldUp);
          return isHeldUp;
        },
        onSilent: () => (seen.push('silent'), resolve()),
      });
    });

    assert.equal(seen.slice(0, 3), [true, true, false]);
    assert.equal(seen.filter((what) => what === 'silent').length, 1);
    assert.is(seen.at(-1), 'silent');
  });

  test('says nothing once it is stopped', async () => {
    let isSilent = false;
    const watch = watchSilence({
      seconds: 0.001,
      isHeldUp: () => false,
      onSilent: () => (isSilent = true),
    });
    watch.stop();
    await new Promise((resolve) => setTimeout(resolve, 5));

    assert.is(isSilent, false);
  });
});
