import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import sharp from 'sharp';
import type { Sharp } from 'sharp';
import type { Frame } from '../../../models/core/types.ts';
import { fromImages } from '../../../operators/sources/fromImages.ts';
import type { FromImagesConfig } from '../../../operators/sources/sourceOptions.ts';
import * as assert from '../../support/assert.ts';
import { suite } from '../../support/suite.ts';
import { meanColor, until, watch } from '../../support/media/clips.ts';
import type { Outcome } from '../../support/media/clips.ts';

const RED = { r: 200, g: 20, b: 40 };
const SIZE = 64;
const image = { size: SIZE, pad: 77 };

/** A picture of 40 x 20, red on the left half, grey on the right. */
function picture(): Sharp {
  const left = { width: 20, height: 20, channels: 3 as const, background: RED };
  const base = { width: 40, height: 20, channels: 3 as const, background: '#808080' };
  return sharp({ create: base }).composite([{ input: { create: left }, left: 0, top: 0 }]);
}

interface Looked {
  readonly file: string | undefined;
  readonly index: number;
  readonly pts: number;
  readonly size: readonly [number, number];
  readonly letterbox: Frame['letterbox'];
  /** Mean colour of the picture's left half, of its right half, and of the padding. */
  readonly left: number[];
  readonly right: number[];
  readonly pad: number[];
}

function look(frame: Frame): Looked {
  const { file, index, pts, width, height, letterbox } = frame;
  const region = (x: number, y: number): number[] =>
    meanColor(frame.image, SIZE * 3, { x, y, width: 16, height: 16 });
  return {
    ...{ file, index, pts, size: [width, height], letterbox },
    ...{ left: region(4, 8), right: region(44, 8), pad: region(20, 44) },
  };
}

suite('fromImages', (test) => {
  let folder = '';
  const play = (
    source: string | readonly string[],
    config: FromImagesConfig = {},
  ): Promise<Outcome<Looked>> => watch(fromImages(source, { image, ...config }), look);
  const write = async (name: string, data: Sharp): Promise<string> => {
    const path = join(folder, name);
    await mkdir(join(path, '..'), { recursive: true });
    await data.toFile(path);
    return path;
  };

  test.before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'from-images-'));
    for (const name of ['10.png', '2.jpg', '1.PNG', 'B3.webp', 'a3.png']) {
      await write(join('row', name), picture());
    }
    await writeFile(join(folder, 'row', 'notes.txt'), 'no picture');
    await write(join('row', 'below', '4.png'), picture());
  });
  test.after(() => rm(folder, { recursive: true, force: true }));

  test('reads the pictures of a folder, 2 before 10, none of those below', async () => {
    const { values, error } = await play(join(folder, 'row'), { framesPerSecond: 4 });

    assert.is(error, undefined);
    assert.equal(
      values.map(({ file }) => relative(join(folder, 'row'), file ?? '')),
      ['1.PNG', '2.jpg', '10.png', 'a3.png', 'B3.webp'],
    );
    assert.equal(
      values.map(({ index, pts }) => [index, pts]),
      [0, 1, 2, 3, 4].map((index) => [index, index / 4]),
    );
  });

  test('reads a glob, a single picture, and a list in its own order', async () => {
    const row = join(folder, 'row');
    const names = async (source: string | string[]): Promise<string[]> =>
      (await play(source)).values.map(({ file }) => relative(row, file ?? ''));

    assert.equal(await names(join(row, '*.png')), ['10.png', 'a3.png']);
    assert.equal(await names(join(row, '**', '4.png')), [join('below', '4.png')]);
    assert.equal(await names(join(row, '2.jpg')), ['2.jpg']);
    assert.equal(await names([join(row, '10.png'), join(row, '2.jpg')]), ['10.png', '2.jpg']);
  });

  test('reads a folder and a file whose names look like a glob', async () => {
    const path = await write(join('a [1] {x,y} (!)', 'b*[2].png'), picture());

    const whole = await play(join(folder, 'a [1] {x,y} (!)'));
    const single = await play(path);

    assert.is(whole.error, undefined);
    assert.equal([whole.values.length, single.values.length], [1, 1]);
  });

  test('fits a picture into the square, top left, and pads with the grey that is wanted', async () => {
    const { values } = await play(join(folder, 'row', '10.png'));

    const [frame] = values;
    assert.equal(frame?.size, [40, 20]);
    assert.equal(frame?.letterbox, { scaleX: 64 / 40, scaleY: 32 / 20 });
    assert.equal(frame?.left, Object.values(RED));
    assert.equal(frame?.right, [128, 128, 128]);
    assert.equal(frame?.pad, [77, 77, 77]);
  });

  const turned: readonly (readonly [number, readonly [number, number], string])[] = [
    [1, [40, 20], 'left'],
    [2, [40, 20], 'right'],
    [3, [40, 20], 'right'],
    [6, [20, 40], 'top'],
    [8, [20, 40], 'bottom'],
  ];
  for (const [orientation, size, side] of turned) {
    test(`turns a picture upright as the camera noted, orientation ${orientation}`, async () => {
      const path = await write(
        `turned-${orientation}.jpg`,
        picture().jpeg({ quality: 100, chromaSubsampling: '4:4:4' }).withMetadata({ orientation }),
      );

      const { values } = await watch(fromImages(path, { image }), (frame) => {
        const at = { left: [4, 8], right: [44, 8], top: [8, 4], bottom: [8, 44] }[side] ?? [0, 0];
        const [x = 0, y = 0] = at;
        const region = { x, y, width: 12, height: 12 };
        return {
          size: [frame.width, frame.height],
          colour: meanColor(frame.image, SIZE * 3, region),
        };
      });

      assert.equal(values[0]?.size, size);
      assert.close(values[0]?.colour ?? [], Object.values(RED), { abs: 3 });
    });
  }

  const alpha = { r: 10, g: 200, b: 30, alpha: 1 };
  const plain = { width: 40, height: 20, background: alpha };
  const green = (): Sharp => sharp({ create: { ...plain, channels: 3 } });
  const grey = { width: 40, height: 20, channels: 3 as const, background: '#5a5a5a' };
  const kinds: readonly (readonly [string, () => Sharp, readonly number[], number])[] = [
    ['grey.png', () => sharp({ create: grey }).toColourspace('b-w').png(), [90, 90, 90], 1],
    ['grey.jpg', () => sharp({ create: grey }).toColourspace('b-w').jpeg(), [90, 90, 90], 1],
    ['alpha.png', () => sharp({ create: { ...plain, channels: 4 } }).png(), [10, 200, 30], 0],
    ['palette.png', () => green().png({ palette: true }), [10, 200, 30], 1],
    ['sixteen-bit.png', () => green().toColourspace('rgb16').png(), [10, 200, 30], 1],
    ['sixteen-bit.tiff', () => green().toColourspace('rgb16').tiff(), [10, 200, 30], 1],
    [
      'print.jpg',
      () => sharp({ create: grey }).toColourspace('cmyk').jpeg({ quality: 100 }),
      [90, 90, 90],
      20, // ink is not light
    ],
    ['picture.gif', () => green().gif(), [10, 200, 30], 1],
    ['picture.avif', () => green().avif({ lossless: true }), [10, 200, 30], 3],
  ];
  for (const [name, make, colour, abs] of kinds) {
    test(`makes RGB of ${name}`, async () => {
      const path = await write(name, make());

      const { values, error } = await play(path);

      assert.is(error, undefined);
      assert.close(values[0]?.left ?? [], colour, { abs });
      assert.close(values[0]?.right ?? [], colour, { abs });
      assert.equal(values[0]?.pad, [77, 77, 77]);
    });
  }

  test('lays transparency on black', async () => {
    const clear = { r: 250, g: 250, b: 250, alpha: 0 };
    const path = await write(
      'clear.png',
      sharp({ create: { width: 40, height: 20, channels: 4, background: clear } }).png(),
    );

    const { values } = await play(path);

    assert.equal(values[0]?.left, [0, 0, 0]);
  });

  test('gives a picture for people, never enlarged', async () => {
    const shown = async (display: number): Promise<unknown> => {
      const { values } = await watch(
        fromImages(join(folder, 'row', '10.png'), { image, display }),
        (frame) => {
          const { width, height, stride, data } = frame.display!;
          const colour = meanColor(data, stride, { x: 1, y: 1, width: 4, height: 4 });
          return { width, height, bytes: data.length, rows: data.length / stride, colour };
        },
      );
      return values[0];
    };
    const colour = Object.values(RED);

    assert.equal(await shown(20), { width: 20, height: 10, bytes: 600, rows: 10, colour });
    assert.equal(await shown(500), { width: 40, height: 20, bytes: 2400, rows: 20, colour });
    const { values } = await watch(
      fromImages(join(folder, 'row', '10.png'), { image }),
      ({ display }) => display,
    );
    assert.equal(values, [undefined]);
  });

  test('ends at a picture that cannot be read', async () => {
    const list = await spoiltList(folder);

    const { values, error } = await play(list);

    assert.equal(
      values.map(({ index }) => index),
      [0],
    );
    assert.is(error?.code, 'ERR_VIDEO_OPEN');
    assert.match(error?.message ?? '', /^Cannot read picture `.*half\.jpg`: /);
  });

  test('leaves out pictures that cannot be read where someone takes the fault', async () => {
    const list = await spoiltList(folder);
    const faults: string[] = [];

    const { values, error } = await play(list, {
      onFault: ({ code, message }) => faults.push(`${code} ${message.split('`')[1] ?? ''}`),
    });

    assert.is(error, undefined);
    assert.equal(
      values.map(({ index }) => index),
      [0, 3],
      'the index counts the pictures left out',
    );
    assert.equal(
      faults,
      [1, 2].map((at) => `ERR_VIDEO_OPEN ${list[at] ?? ''}`),
    );
  });

  test('counts frames, not pictures left out, towards maxFrames', async () => {
    const list = await spoiltList(folder);

    const { values } = await play(list, { maxFrames: 2, onFault: () => undefined });

    assert.equal(
      values.map(({ index }) => index),
      [0, 3],
    );
  });

  test('passes on what onFault and onOpen throw', async () => {
    const list = await spoiltList(folder);
    const onFault = (): never => {
      throw new RangeError('enough');
    };

    assert.is((await play(list, { onFault })).error?.message, 'enough');
    assert.is((await play(list, { onOpen: onFault })).error?.message, 'enough');
  });

  test('says that a folder, a glob, a list or a name stands for no picture', async () => {
    await mkdir(join(folder, 'bare'), { recursive: true });
    await writeFile(join(folder, 'bare', 'notes.txt'), 'no picture');

    for (const [source, fact] of [
      [join(folder, 'bare'), /^Folder `.*bare` holds no pictures or videos \(jpg, .*m2ts\)$/],
      [join(folder, '*.bmp'), /matches no pictures or videos/],
      [join(folder, 'a[1].png'), /^There is no file `.*a\[1\]\.png`, and as a pattern/],
      [join(folder, 'not here.png'), /^Cannot read picture .*: there is no such file or folder/],
      [[], /list of pictures is empty/],
      [[join(folder, 'not here.png')], /^Cannot read picture/],
    ] as const) {
      const { values, error } = await play(source);

      assert.is(values.length, 0);
      assert.is(error?.code, 'ERR_VIDEO_OPEN', String(source));
      assert.match(error?.message ?? '', fact);
    }
  });

  test('reads every n-th picture, ends after so many, and tells how many first', async () => {
    const told: number[] = [];
    const onOpen = ({ numImages }: { numImages: number }): void => void told.push(numImages);
    const row = join(folder, 'row');
    const indices = async (config: FromImagesConfig): Promise<number[]> =>
      (await play(row, { onOpen, ...config })).values.map(({ index }) => index);

    assert.equal(await indices({ stride: 2 }), [0, 2, 4]);
    assert.equal(await indices({ maxFrames: 2 }), [0, 1]);
    assert.equal(await indices({ stride: 3, maxFrames: 9 }), [0, 3]);
    assert.equal(await indices({}), [0, 1, 2, 3, 4]);
    assert.equal(told, [3, 2, 2, 5]);
  });

  test('waits while as many frames are open as may be, and goes on in any order', async () => {
    const frames: Frame[] = [];
    let isOver = false;
    const list = Array.from({ length: 6 }, () => join(folder, 'row', '10.png'));
    fromImages(list, { image, maxOpenFrames: 3 }).subscribe({
      next: (frame) => frames.push(frame),
      complete: () => (isOver = true),
    });

    await until(() => frames.length === 3);
    await sharpRests(folder);
    assert.is(frames.length, 3);

    frames[1]?.close();
    frames[1]?.close();
    await until(() => frames.length === 4);
    await sharpRests(folder);
    assert.is(frames.length, 4);
    await assert.rejects(() => frames[1]!.image, { code: 'ERR_FRAME_CLOSED' });

    frames[3]?.close();
    frames[2]?.close();
    await until(() => isOver);
    assert.is(frames.length, 6);
    frames.forEach((frame) => frame.close());
  });

  test('stops when unsubscribed, and reads nothing more', async () => {
    const list = await spoiltList(folder);
    const faults: string[] = [];
    let numFrames = 0;
    const subscription = fromImages([...list, ...list], {
      image,
      onFault: ({ message }) => faults.push(message),
    }).subscribe((frame) => {
      frame.close();
      numFrames += 1;
      subscription.unsubscribe();
    });

    await until(() => numFrames > 0);
    await sharpRests(folder);

    assert.is(numFrames, 1);
    assert.equal(faults, []);
  });

  test('throws at the call for wrong options', async () => {
    const call = (config: object) => () => fromImages('x.png', config);

    await assert.rejects(call({ maxframes: 3 }), { name: 'TypeError', message: /`?maxFrames`?\?/ });
    await assert.rejects(call({ framesPerSecond: 0 }), { name: 'RangeError' });
    await assert.rejects(call({ maxOpenFrames: 1 }), { name: 'RangeError' });
  });
});

/** A good picture, one cut short, one that is text, and a good one. */
async function spoiltList(folder: string): Promise<string[]> {
  const good = join(folder, 'row', '10.png');
  const noise = { type: 'gaussian' as const, mean: 128, sigma: 40 };
  const whole = await sharp({
    create: { width: 90, height: 90, channels: 3, noise, background: 0 },
  })
    .jpeg()
    .toBuffer();
  const half = join(folder, 'half.jpg');
  const text = join(folder, 'text.png');
  await writeFile(half, whole.subarray(0, whole.length / 2));
  await writeFile(text, 'This is a letter, not a picture.');
  return [good, half, text, good];
}

/** Long enough for several pictures: reads some, after what is under way. */
async function sharpRests(folder: string): Promise<void> {
  for (let count = 0; count < 5; count++) {
    await sharp(join(folder, 'row', '10.png'))
      .raw()
      .toBuffer();
  }
}
