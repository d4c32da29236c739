import type { FrameFromPixelsConfig } from '../../../../operators/index.ts';
import { frameFromPixels } from '../../../../operators/index.ts';
import * as assert from '../../../support/assert.ts';
import { suite } from '../../../support/suite.ts';
import { meanColor } from '../../../support/media/clips.ts';

const SIZE = 64;
const base: FrameFromPixelsConfig = {
  ...{ width: 40, height: 20, index: 3, pts: 0.5, source: 'canvas', capturedAt: 1_700_000_000_000 },
  image: { size: SIZE, pad: 77 },
};
const RED = [200, 20, 40];
const GREY = [128, 128, 128];

/** 40 x 20, red on the left half, grey on the right. */
function pixels(extra: readonly number[] = []): Uint8ClampedArray {
  const row = Array.from({ length: 40 }, (_, x) => [...(x < 20 ? RED : GREY), ...extra]).flat();
  return Uint8ClampedArray.from(Array.from({ length: 20 }, () => row).flat());
}

function colorAt(image: Uint8Array, x: number, y: number): number[] {
  return meanColor(image, SIZE * 3, { x, y, width: 8, height: 8 });
}

suite('frameFromPixels', (test) => {
  test('fits RGB to the model: scaled to the top left, padded below', async () => {
    using frame = await frameFromPixels(pixels(), base);
    const { source, index, pts, capturedAt, width, height, letterbox } = frame;
    assert.equal(
      { source, index, pts, capturedAt, width, height, letterbox },
      {
        ...{ source: 'canvas', index: 3, pts: 0.5, capturedAt: 1_700_000_000_000 },
        ...{ width: 40, height: 20, letterbox: { scaleX: 1.6, scaleY: 1.6 } },
      },
    );
    assert.is(frame.image.length, SIZE * SIZE * 3);
    assert.equal(colorAt(frame.image, 8, 8), RED);
    assert.equal(colorAt(frame.image, 48, 8), GREY);
    assert.equal(colorAt(frame.image, 8, 48), [77, 77, 77]);
    assert.is(frame.display, undefined);
  });

  test('leaves alpha out, of clear pixels too', async () => {
    using opaque = await frameFromPixels(pixels(), base);
    using clear = await frameFromPixels(pixels([0]), { ...base, channels: 4 });
    assert.equal(clear.image, opaque.image);
  });

  test('takes grey', async () => {
    const grey = new Uint8Array(40 * 20).fill(90);
    using frame = await frameFromPixels(grey, { ...base, channels: 1 });
    assert.equal(colorAt(frame.image, 8, 8), [90, 90, 90]);
  });

  test('copies: the array may be used again, and a frame lives until it is closed', async () => {
    const data = pixels();
    const frame = await frameFromPixels(data, { ...base, display: 20 });
    data.fill(0);
    assert.equal(colorAt(frame.image, 8, 8), RED);
    assert.equal([frame.display?.width, frame.display?.height], [20, 10]);
    frame.close();
    await assert.rejects(() => frame.image, { code: 'ERR_FRAME_CLOSED' });
  });

  test('refuses pixels of another size, and what it does not know', async () => {
    await assert.rejects(frameFromPixels(pixels(), { ...base, channels: 4 }), {
      name: 'RangeError',
      message: /^Expected 3200 bytes for 40x20 pixels of 4 channels, got 2400$/,
    });
    for (const bad of [{ width: 0 }, { index: -1 }, { pts: Number.NaN }, { size: 3 }]) {
      await assert.rejects(frameFromPixels(pixels(), { ...base, ...bad }), {
        message: /Expected|Unknown/,
      });
    }
  });
});
