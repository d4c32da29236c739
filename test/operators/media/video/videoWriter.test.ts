import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromVideo } from '../../../../operators/sources/fromVideo.ts';
import { chooseEncoder, openVideoWriter } from '../../../../operators/media/video/videoWriter.ts';
import * as assert from '../../../support/assert.ts';
import { MODEL_TEST_MS, suite } from '../../../support/suite.ts';
import { temporaryFolder } from '../../../support/temporaryFolder.ts';
import { DECODERS, meanColor, needsOf, watch } from '../../../support/media/clips.ts';

const SIZE = { width: 96, height: 64 };
/** A device that is always full; Linux has it. */
const FULL = '/dev/full';
const COLOURS = [
  [200, 40, 40],
  [40, 160, 60],
  [60, 70, 200],
  [210, 200, 50],
] as const;

/** A picture of one colour. */
function plain(index: number, { width, height } = SIZE): Uint8Array {
  const colour = COLOURS[index % COLOURS.length]!;
  return Uint8Array.from({ length: width * height * 3 }, (_, i) => colour[i % 3]!);
}

/** Writes pictures with the given times to a new file. */
async function write(
  file: string,
  encoder: 'native' | 'wasm',
  times: readonly number[],
  size = SIZE,
): Promise<void> {
  const writer = openVideoWriter(file, { ...size, framesPerSecond: 10, encoder });
  for (const [index, seconds] of times.entries()) {
    await writer.write(plain(index, size), seconds);
  }
  await writer.finish();
}

/** Reads a video back. */
async function read(file: string) {
  const { values, error } = await watch(fromVideo(file, { display: 128 }), (frame) => {
    const { pts, width, height, display } = frame;
    const middle = { x: 32, y: 16, width: 32, height: 32 };
    return { pts, width, height, colour: meanColor(display!.data, display!.stride, middle) };
  });
  assert.is(error, undefined);
  return values;
}

suite('openVideoWriter', (test) => {
  for (const encoder of DECODERS) {
    const limit = { timeoutMs: MODEL_TEST_MS, needs: needsOf(encoder) };
    test(
      `writes every picture with its time, at any rate, in its colours (${encoder})`,
      async () => {
        await using folder = await temporaryFolder();
        const file = join(folder.path, 'uneven.mp4');
        const times = [0, 0.033367, 0.1, 0.7, 0.71, 2.5];

        await write(file, encoder, times);

        const frames = await read(file);
        assert.close(
          frames.map(({ pts }) => pts),
          times,
          { abs: 0.0005 },
        );
        for (const [index, { colour, width, height }] of frames.entries()) {
          assert.equal([width, height], [SIZE.width, SIZE.height]);
          assert.close(colour, [...COLOURS[index % COLOURS.length]!], { abs: 4 });
        }
      },
      limit,
    );

    test(
      `keeps holes of hours, without pictures that nobody needs (${encoder})`,
      async () => {
        await using folder = await temporaryFolder();
        const file = join(folder.path, 'holes.mp4');
        const [hour, late] = [3600, 15 * 3600];

        await write(file, encoder, [0, 0.1, 0.2, 2 * hour, 2 * hour + 0.1, late, late + 0.1]);

        const frames = await read(file);
        const again = 8 * hour + 0.1; // longer than a file can have it
        assert.close(
          frames.map(({ pts }) => pts),
          [0, 0.1, 0.2, 2 * hour, 2 * hour + 0.1, again, again + 6 * hour, late, late + 0.1],
          { abs: 0.0005 },
        );
        for (const [index, colour] of [0, 1, 2, 3, 4, 4, 4, 5, 6].entries()) {
          assert.close(frames[index]!.colour, [...COLOURS[colour % COLOURS.length]!], { abs: 4 });
        }
      },
      limit,
    );

    test(
      `writes the narrowest pictures that there are (${encoder})`,
      async () => {
        await using folder = await temporaryFolder();
        for (const [width, height] of [
          [1, 1],
          [2, 2],
          [1, 40],
          [41, 1],
        ] as const) {
          const file = join(folder.path, `${width}.mp4`);

          await write(file, encoder, [0, 0.1], { width, height });

          const { values } = await watch(fromVideo(file), ({ pts, ...size }) => {
            return [pts, size.width, size.height];
          });
          const even = [width, height].map((side) => Math.max(2, side - (side % 2)));
          assert.equal(values, [
            [0, ...even],
            [0.1, ...even],
          ]);
        }
      },
      limit,
    );

    test(
      `has its index at the beginning, for browsers, and nothing of what was there before (${encoder})`,
      async () => {
        await using folder = await temporaryFolder();
        const file = join(folder.path, 'index.mp4');
        writeFileSync(file, 'what it held '.repeat(10_000));

        await write(file, encoder, [0, 0.1, 0.2]);

        const bytes = readFileSync(file, 'latin1');
        assert.ok(bytes.indexOf('moov') > 0 && bytes.indexOf('moov') < bytes.indexOf('mdat'));
        assert.ok(bytes.includes('avc1') && !bytes.includes('what it held'));
      },
      limit,
    );

    test(
      `shows the first picture from the beginning, and goes on where times go back (${encoder})`,
      async () => {
        await using folder = await temporaryFolder();
        const file = join(folder.path, 'back.mp4');

        await write(file, encoder, [0.4, 0.5, 0.2, 0.6]);

        const times = (await read(file)).map(({ pts }) => pts);
        assert.close(times, [0, 0.5, 0.5, 0.6], { abs: 0.001 });
        assert.ok(times[1]! < times[2]!);
      },
      limit,
    );

    test(
      `leaves out the last line and column of odd sizes (${encoder})`,
      async () => {
        await using folder = await temporaryFolder();
        const file = join(folder.path, 'odd.mp4');

        await write(file, encoder, [0, 0.1], { width: 97, height: 65 });

        assert.equal(
          (await read(file)).map(({ width, height }) => [width, height]),
          [
            [96, 64],
            [96, 64],
          ],
        );
      },
      limit,
    );

    if (existsSync(FULL)) {
      test(
        `says that the disk is full (${encoder})`,
        async () => {
          const writer = openVideoWriter(FULL, { ...SIZE, encoder });
          const all = async (): Promise<void> => {
            await writer.write(plain(0), 0);
            await writer.finish();
          };

          const { message } = await assert.rejects(all(), { code: 'ERR_OUTPUT' });

          assert.match(message, /^Cannot write the video `\/dev\/full`: .*No space left on device/);
        },
        limit,
      );
    } else {
      test.skip(`says that the disk is full (${encoder})`, `there is no ${FULL}`);
    }

    test(
      `says at the next picture that the encoder has ended (${encoder})`,
      async () => {
        await using folder = await temporaryFolder();
        const nowhere = join(folder.path, 'no/such/folder.mp4');
        const writer = openVideoWriter(nowhere, { ...SIZE, encoder });
        const forEver = async (): Promise<void> => {
          for (let index = 0; ; index++) {
            await writer.write(plain(index), index);
          }
        };

        const { message } = await assert.rejects(forEver(), { code: 'ERR_OUTPUT' });

        assert.match(message, /No such file or directory/i);
        await assert.rejects(writer.finish(), { code: 'ERR_OUTPUT' });
      },
      limit,
    );

    test(
      `ends at once when it is stopped, and has no end to wait for (${encoder})`,
      async () => {
        await using folder = await temporaryFolder();
        const file = join(folder.path, 'stopped.mp4');
        const writer = openVideoWriter(file, { ...SIZE, encoder });
        await writer.write(plain(0), 0);

        writer.stop();
        writer.stop();

        await assert.rejects(writer.finish(), { code: 'ERR_OUTPUT' });
      },
      limit,
    );
  }

  test('holds that all pictures have one size', async () => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, 'sizes.mp4');
    const writer = openVideoWriter(file, { ...SIZE, encoder: 'wasm' });

    await assert.rejects(writer.write(new Uint8Array(3), 0), { message: /have one size/ });

    writer.stop();
  });
});

suite('chooseEncoder', (test) => {
  const path = process.env['PATH'];
  test.afterEach(() => void (process.env['PATH'] = path));

  test('takes the built-in encoder where there is no program', () => {
    process.env['PATH'] = '';

    assert.is(chooseEncoder(), 'wasm');
    assert.throws(() => chooseEncoder('native'), /no `ffmpeg` program on the PATH/);
  });

  test(
    'takes the program where it has x264, unless the other is asked for',
    () => {
      assert.is(chooseEncoder(), 'native');
      assert.is(chooseEncoder('wasm'), 'wasm');
    },
    { needs: ['ffmpeg'] },
  );

  if (process.platform === 'win32') {
    test.skip('does without a program that has no x264', 'needs a shell script');
  } else {
    test('does without a program that has no x264', async () => {
      await using folder = await temporaryFolder();
      const program = join(folder.path, 'ffmpeg');
      writeFileSync(program, '#!/bin/sh\necho "ffmpeg version 7.1"\necho " V....D libopenh264"\n');
      chmodSync(program, 0o755);
      process.env['PATH'] = folder.path;

      assert.is(chooseEncoder(), 'wasm');
      assert.throws(() => chooseEncoder('native'), /no encoder for H\.264 \(libx264\).*\(wasm\)/);
    });
  }
});
