import type { Detection, DisplayImage } from '../../../models/core/types.ts';
import { drawDetections } from '../../../operators/draw/drawDetections.ts';
import { colourOf, escaped } from '../../../operators/draw/svg.ts';
import { colorOf } from '../../../server/viewer/palette.ts';
import * as assert from '../../support/assert.ts';
import { frameDetections } from '../../support/frames.ts';
import { suite } from '../../support/suite.ts';
import { meanColor } from '../../support/media/clips.ts';

const GREY = 100;
/** The frame is twice as large as its picture. */
const FRAME = { width: 640, height: 400 };
const PICTURE = { width: 320, height: 200 };

function person(overrides: Partial<Detection> = {}): Detection {
  const box = { xmin: 200, ymin: 120, xmax: 320, ymax: 360 };
  return { label: 'person', classId: 0, score: 0.5, trackId: 3, box, ...overrides };
}

/** A grey picture; its rows are longer than they have to be. */
function grey({ width, height } = PICTURE): DisplayImage {
  const stride = (width + 10) * 3;
  return { width, height, stride, data: new Uint8Array(stride * height).fill(GREY) };
}

function rgbOf(detection: Detection): number[] {
  return colourOf(detection)
    .match(/[\da-f]{2}/g)!
    .map((hex) => parseInt(hex, 16));
}

async function draw(detections: readonly Detection[], more: object = {}): Promise<Uint8Array> {
  return drawDetections(grey(), frameDetections({ ...FRAME, detections, ...more }));
}

/** Mean colour of a small square. */
function around(pixels: Uint8Array, x: number, y: number, side = 2): number[] {
  const region = { x: x - side / 2, y: y - side / 2, width: side, height: side };
  return meanColor(pixels, PICTURE.width * 3, region);
}

suite('drawDetections', (test) => {
  test('leaves a frame without detections as it is', async () => {
    const pixels = await draw([]);

    assert.is(pixels.length, PICTURE.width * PICTURE.height * 3);
    assert.ok(pixels.every((value) => value === GREY));
  });

  test('draws a box in the colour of its track, on the scale of the picture', async () => {
    const found = person();

    const pixels = await draw([found]);

    const edges = [
      [100, 120],
      [160, 120],
      [130, 60],
      [130, 180],
    ] as const;
    for (const [x, y] of edges) {
      assert.close(around(pixels, x, y), rgbOf(found), { abs: 12 });
    }
    for (const [x, y] of [
      [130, 120],
      [90, 120],
      [170, 120],
      [130, 190],
    ] as const) {
      assert.equal(around(pixels, x, y), [GREY, GREY, GREY]);
    }
  });

  test('writes on a ground above the box, or inside where there is no room above', async () => {
    const found = person();
    const high = person({ box: { xmin: 200, ymin: 0, xmax: 320, ymax: 360 } });

    const above = await draw([found]);
    const inside = await draw([high]);

    assert.close(around(above, 101, 54), rgbOf(found), { abs: 3 });
    assert.close(around(inside, 102, 9), rgbOf(high), { abs: 3 });
  });

  test('keeps what is written inside the picture', async () => {
    const right = person({ box: { xmin: 600, ymin: 120, xmax: 640, ymax: 360 } });

    const pixels = await draw([right]);

    assert.close(around(pixels, 318, 50), rgbOf(right), { abs: 3 });
    assert.close(around(pixels, 221, 50), rgbOf(right), { abs: 3 });
  });

  test('draws outlines filled, and keypoints that are visible', async () => {
    const polygons = [[220, 140, 300, 140, 300, 340, 220, 340]];
    const keypoints = [
      { name: 'nose', x: 400, y: 100, visible: true },
      { name: 'left eye', x: 500, y: 100, visible: false },
    ];
    const found = person({ polygons, keypoints });

    const pixels = await draw([found]);

    const filled = rgbOf(found).map((value) => GREY + 0.3 * (value - GREY));
    assert.close(around(pixels, 130, 120), filled, { abs: 3 });
    assert.close(around(pixels, 200, 50), rgbOf(found), { abs: 3 });
    assert.equal(around(pixels, 250, 50), [GREY, GREY, GREY]);
  });

  test('writes the caption along the lower side, in smaller letters where it is long', async () => {
    const short = await draw([], { caption: 'a man & a <dog>' });
    const long = await draw([], { caption: 'a man & a <dog> '.repeat(5) });

    const dark = Array(3).fill(0.4 * GREY);
    assert.close(around(short, 310, 190), dark, { abs: 3 });
    assert.close(around(long, 319, 199), dark, { abs: 3 });
    assert.equal(around(long, 319, 180), [GREY, GREY, GREY]);
    assert.not.equal(around(short, 80, 190, 16), dark);
  });

  test('fits a picture of another size, with black around it', async () => {
    const wide = grey({ width: 320, height: 100 });
    const result = frameDetections({ width: 640, height: 200 });

    const pixels = await drawDetections(wide, result, PICTURE);

    assert.is(pixels.length, PICTURE.width * PICTURE.height * 3);
    assert.equal(around(pixels, 160, 20), [0, 0, 0]);
    assert.equal(around(pixels, 160, 100), [GREY, GREY, GREY]);
  });

  test('draws whatever a label says', async () => {
    const plain = await draw([person({ label: 'a' })]);
    const odd = await draw([person({ label: '</text>&' })]);

    assert.not.equal(plain, odd);
    assert.is(escaped('a<b>&"'), 'a&#60;b&#62;&#38;"');
  });
});

suite('colourOf', (test) => {
  test('gives a track one colour, and neighbours different ones', () => {
    const colours = [1, 2, 3, 4].map((trackId) => colourOf({ trackId, classId: 0 }));

    assert.is(new Set(colours).size, 4);
    assert.is(colourOf({ trackId: 2, classId: 7 }), colours[1]);
    assert.ok(colours.every((colour) => /^#[\da-f]{6}$/.test(colour)));
  });

  test('gives a class one colour where there is no track', () => {
    assert.is(colourOf({ classId: 4 }), colourOf({ classId: 4 }));
    assert.not.equal(colourOf({ classId: 4 }), colourOf({ classId: 5 }));
  });

  test('is the colour of the viewer', () => {
    for (const trackId of [1, 2, 3, 40]) {
      const found = person({ trackId });

      const [, ...numbers] = /oklch\((.+) (.+) (.+)\)/.exec(colorOf(found))!;
      const [lightness = 0, chroma = 0, hue = 0] = numbers.map(Number);
      const angle = (hue * Math.PI) / 180;
      const expected = [lightness, chroma * Math.cos(angle), chroma * Math.sin(angle)];
      assert.close(toOklab(rgbOf(found)), expected, { abs: 0.04 }); // sRGB lacks some, which are cut
    }
  });
});

/** Source: https://bottosson.github.io/posts/oklab */
function toOklab(rgb: readonly number[]): number[] {
  const [r = 0, g = 0, b = 0] = rgb.map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}
