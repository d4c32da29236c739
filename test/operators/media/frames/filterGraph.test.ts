import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';
import {
  filterGraph,
  fittedSize,
  letterboxOf,
  rasterOf,
  sizeOf,
} from '../../../../operators/media/frames/filterGraph.ts';
import * as assert from '../../../support/assert.ts';
import { findProgram } from '../../../support/programs.ts';
import { suite } from '../../../support/suite.ts';
import { playing } from '../../../support/media/playing.ts';

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
      { timeoutMs: 60_000, needs: ['ffmpeg'] },
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

  test('makes a raster of the model picture and the size, wide enough for a digit', () => {
    const { width, height, bytes } = rasterOf({ image, display: 0 });

    assert.equal([width, height, bytes], [256, 68, 256 * 68 * 3]);
  });

  test('makes a raster of both pictures, as wide as the wider', () => {
    const { width, height, bytes } = rasterOf({ image, display: 300 });

    assert.equal([width, height, bytes], [300, 368, 300 * 368 * 3]);
  });

  test('pads with the grey that is wanted, and thins nothing', () => {
    const graph = filterGraph({ image, display: 0 }, 'out');

    assert.match(graph, /pad=256:64:0:0:color=0x090909\[out0\]/);
    assert.not.match(graph, /select/);
  });
});

suite('sizeOf', (declare) => {
  const test = playing(declare);
  const sizes = ['2x2', '16x16', '254x258', '256x256', '258x512', '1920x1080', '4096x130'];
  for (const size of sizes) {
    test(
      `reads the size ${size} from the raster that FFmpeg makes`,
      async () => {
        const image = { size: 32, pad: 0 };
        const graph = filterGraph({ image, display: 40 }, 'out');
        const { stdout } = await run(findProgram('ffmpeg') ?? '', [
          ...['-v', 'error', '-f', 'lavfi', '-i', `color=black:s=${size}`, '-frames:v', '1'],
          ...[
            '-filter_complex',
            graph,
            '-map',
            '[out]',
            '-pix_fmt',
            'rgb24',
            '-f',
            'rawvideo',
            '-',
          ],
        ]);

        const { width, height } = sizeOf(stdout, rasterOf({ image, display: 40 }));

        assert.is(`${width}x${height}`, size);
      },
      { needs: ['ffmpeg'] },
    );
  }
});

/** @returns what a program writes, as bytes */
function run(program: string, args: readonly string[]): Promise<{ stdout: Buffer }> {
  return promisify(execFile)(program, args, { encoding: 'buffer', maxBuffer: 2 ** 26 });
}
