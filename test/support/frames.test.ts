import * as assert from './assert.ts';
import { frameCounter } from './frames.ts';
import { suite } from './suite.ts';

suite('frameCounter', (test) => {
  test('counts opened and closed frames, a double close once', () => {
    const frames = frameCounter();

    const first = frames.open();
    frames.open();
    first.close();
    first[Symbol.dispose]();

    assert.equal([frames.opened, frames.closed, first.closed], [2, 1, true]);
  });

  test('numbers the frames and honors overrides', () => {
    const frames = frameCounter();

    frames.open();
    const second = frames.open({ source: 'camera' });

    assert.equal([second.index, second.pts, second.source], [1, 0.04, 'camera']);
  });

  test('refuses the pixels of a closed frame', async () => {
    const frame = frameCounter().open();

    assert.is(frame.image.length, 48);
    frame.close();

    await assert.rejects(() => frame.image, { message: /^Frame 0 is closed$/ });
  });
});
