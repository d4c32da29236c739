import { spawnSync } from 'node:child_process';
import {
  filterGraph,
  fittedSize,
  letterboxOf,
  rasterOf,
} from '../../../operators/video/filterGraph.ts';
import * as assert from '../../support/assert.ts';
import { suite } from '../../support/suite.ts';

/** Sizes of a fixed seed, between 1 and 2,000 a side, extreme ones among them. */
const SIZES = Array.from({ length: 26 }, (_, at) => {
  const random = (salt: number): number =>
    1 + ((Math.imul(at * 7 + salt, 2654435761) >>> 9) % 2_000);
  return { width: random(1), height: random(4) };
}).concat([
  { width: 1, height: 1 },
  { width: 1_999, height: 1 },
  { width: 3, height: 1_000 },
  { width: 416, height: 415 },
]);

suite('fittedSize', (test) => {
  const cases = [
    { of: [1920, 1080], size: 416, enlarge: true, to: [416, 234] },
    { of: [1080, 1920], size: 416, enlarge: true, to: [234, 416] },
    { of: [100, 50], size: 416, enlarge: true, to: [416, 208] },
    { of: [100, 50], size: 416, enlarge: false, to: [100, 50] },
    { of: [416, 416], size: 416, enlarge: false, to: [416, 416] },
    { of: [2000, 1], size: 416, enlarge: true, to: [416, 1] },
    { of: [333, 191], size: 96, enlarge: false, to: [96, 55] },
  ] as const;
  for (const { of, size, enlarge, to } of cases) {
    test(`fits ${of.join(' x ')} into ${size}, ${enlarge ? '' : 'not '}enlarged`, () => {
      assert.equal(Object.values(fittedSize(of[0], of[1], size, enlarge)), to);
    });
  }

  for (const display of [0, 300]) {
    const title = `agrees with FFmpeg's own arithmetic at 30 sizes, ${display === 0 ? 'of the model' : 'for people'}`;
    test(
      title,
      () => {
        const request = { image: { size: 416, pad: 114 }, display, stride: 1 };
        // the graph's own scale filter, one of each size in one graph; it tells sizes when it is set up
        const scales = filterGraph(request, 'out').match(/scale=w='[^']+':h='[^']+'/g) ?? [];
        const scale = scales[display === 0 ? 0 : 1]?.replace('scale=', '=') ?? '';
        const chains = SIZES.map(
          ({ width, height }, at) =>
            `color=s=${width}x${height}:d=0.04,format=rgb24,scale@s${at}${scale},nullsink`,
        );

        const { stderr } = spawnSync(
          'ffmpeg',
          [
            ...['-hide_banner', '-nostdin', '-v', 'verbose', '-f', 'lavfi', '-i', 'color=d=0.04'],
            ...['-filter_complex', `${chains.join(';')};[0:v]null[o]`, '-map', '[o]'],
            ...['-f', 'null', '-'],
          ],
          { encoding: 'utf8' },
        );

        for (const [at, { width, height }] of SIZES.entries()) {
          const told = new RegExp(
            `\\[scale@s${at} @.* w:${width} h:${height} .*-> w:(\\d+) h:(\\d+)`,
          );
          const made = told.exec(stderr)?.slice(1).map(Number);
          const size = display === 0 ? 416 : display;
          const expected = Object.values(fittedSize(width, height, size, display === 0));
          assert.equal(made, expected, `${width} x ${height}`);
        }
      },
      { timeoutMs: 60_000 },
    );
  }
});

suite('letterboxOf', (test) => {
  test('tells the scale of each axis, which rounding makes differ', () => {
    assert.equal(letterboxOf(333, 191, 416), { scaleX: 416 / 333, scaleY: 239 / 191 });
    assert.equal(letterboxOf(416, 416, 416), { scaleX: 1, scaleY: 1 });
  });
});

suite('filterGraph', (test) => {
  const image = { size: 64, pad: 9 };

  test('makes a raster of the model picture alone', () => {
    assert.equal(rasterOf({ image, display: 0, stride: 1 }), {
      width: 64,
      height: 64,
      bytes: 64 * 64 * 3,
    });
  });

  test('makes a raster of both pictures, as wide as the wider', () => {
    const { width, height, bytes } = rasterOf({ image, display: 100, stride: 1 });

    assert.equal([width, height, bytes], [100, 164, 100 * 164 * 3]);
  });

  test('thins before it notes the time, and pads with the grey that is wanted', () => {
    const graph = filterGraph({ image, display: 0, stride: 3 }, 'out');

    assert.match(graph, /^\[0:V:0\]select='not\(mod\(n,3\)\)',showinfo/);
    assert.match(graph, /color=0x090909\[out\]$/);
  });
});
