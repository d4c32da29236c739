import type { Demand, Frame } from '../../../models/core/types.ts';
import { MotionFilter } from '../../../operators/detect/motionFilter.ts';
import * as assert from '../../support/assert.ts';
import { frameCounter, frameDetections } from '../../support/frames.ts';
import { suite } from '../../support/suite.ts';

const SIZE = 128;
type Rgb = readonly [number, number, number];

/** A picture of stripes, with a rectangle where one is asked for. */
function scene(thing?: { x: number; y: number; side: number; colour: Rgb }): Uint8Array {
  const image = new Uint8Array(SIZE * SIZE * 3);
  for (let i = 0; i < SIZE * SIZE; i++) {
    const [x, y] = [i % SIZE, Math.floor(i / SIZE)];
    const isThing =
      thing !== undefined &&
      x >= thing.x &&
      y >= thing.y &&
      x < thing.x + thing.side &&
      y < thing.y + thing.side;
    image.set(isThing ? thing.colour : [60 + (x % 64), 90, 120 + (y % 32)], 3 * i);
  }
  return image;
}

/** Noise of a normal distribution, the same for a seed. */
function noisy(image: Uint8Array, deviation: number, seed: number): Uint8Array {
  let state = seed;
  const uniform = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  const normal = (): number =>
    Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  return image.map((value) => Math.min(255, Math.max(0, Math.round(value + deviation * normal()))));
}

/** A frame of some pixels; the next of its counter where nothing else is said. */
function showing(image: Uint8Array, frame: Frame = frameCounter().open()): Frame {
  return Object.create(frame, { image: { value: image } }) as Frame;
}

/** Looks at the first picture, and tells which of the others a filter takes for still. */
function still(filter: MotionFilter, [first, ...others]: readonly Uint8Array[]): boolean[] {
  const frames = frameCounter();
  filter.compare(showing(first!, frames.open())).keep(frameDetections());
  return others.map((image) => {
    const filterd = filter.compare(showing(image, frames.open()));
    if (filterd.repeated === undefined) {
      filterd.keep(frameDetections());
    }
    return filterd.repeated !== undefined;
  });
}

suite('MotionFilter', (test) => {
  test('takes the same picture for still, and the first one not', () => {
    const filter = new MotionFilter();

    assert.is(filter.compare(showing(scene())).repeated, undefined);
    assert.equal(still(filter, [scene(), scene(), scene()]), [true, true]);
  });

  for (const deviation of [2, 8, 16]) {
    test(`bears the noise of a sensor, ${deviation} of 255`, () => {
      const pictures = Array.from({ length: 40 }, (_, i) => noisy(scene(), deviation, i + 1));

      assert.ok(still(new MotionFilter(), pictures).every(Boolean));
    });
  }

  test('sees a small thing come, move on, and go, wherever it is and in noise as well', () => {
    for (const [x, y] of [
      [0, 0],
      [20, 4],
      [33, 29],
      [115, 119],
    ] as const) {
      const thing = { x, y, side: 8, colour: [220, 220, 220] as const };
      const pictures = [
        scene(),
        scene(thing),
        scene(thing),
        scene({ ...thing, x: x + 1, y: y + 1 }),
        scene({ ...thing, x: x < 64 ? x + 4 : x - 4 }),
        scene(),
        scene(),
      ].map((picture, i) => noisy(picture, 3, 7 * i + 1));

      const [comes, stays, , moves, goes, away] = still(new MotionFilter(), pictures);

      assert.equal([comes, stays, moves, goes, away], [false, true, false, false, true]);
    }
  });

  test('sees a large change where much of the picture changes little', () => {
    const brighter = scene().map((value, i) => value + (i % (3 * SIZE) < 1.5 * SIZE ? 9 : 0));

    assert.equal(still(new MotionFilter(), [scene(), brighter]), [false]);
  });

  test('sees a thing that differs from what is behind it in one colour only', () => {
    const colours: readonly Rgb[] = [
      [180, 90, 130],
      [80, 140, 130],
      [80, 90, 250],
    ];
    for (const colour of colours) {
      const thing = { x: 16, y: 0, side: 10, colour };

      assert.equal(still(new MotionFilter(), [scene(), scene(thing)]), [false]);
    }
  });

  test('sees what creeps, since it remembers the last look and not the last frame', () => {
    const steps = Array.from({ length: 17 }, (_, i) =>
      scene({ x: 20 + i / 4, y: 20, side: 12, colour: [250, 250, 250] }),
    );
    const fading = Array.from({ length: 12 }, (_, i) => scene().map((value) => value + i));

    assert.ok(still(new MotionFilter(), steps).includes(false));
    assert.equal(
      still(new MotionFilter(), fading).map((isStill, i) => (isStill ? 0 : i + 1)),
      [0, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0],
    );
  });

  test('looks again when the time is up, counted from the last look', () => {
    const filter = new MotionFilter({ maxStillSeconds: 0.1 });

    // 0.04 seconds a frame
    assert.equal(
      still(
        filter,
        Array.from({ length: 8 }, () => scene()),
      ),
      [true, true, false, true, true, false, true],
    );
  });

  test('looks again at another source or size, at a step back, and when it sees the same frame', () => {
    const at = { index: 5, pts: 0.2 };
    for (const change of [{ source: 'b' }, { width: 8 }, { height: 8 }, { pts: 0.1 }, {}]) {
      const filter = new MotionFilter();
      filter.compare(showing(scene(), frameCounter().open(at))).keep(frameDetections());

      const next = frameCounter().open({ ...at, ...change });
      assert.is(filter.compare(showing(scene(), next)).repeated, undefined);
    }
  });

  test('looks again where something else is wanted', () => {
    const frames = frameCounter();
    const filter = new MotionFilter();
    const one: Demand[] = [{ classes: ['person'], limit: 1 }];
    filter.compare(showing(scene(), frames.open()), one).keep(frameDetections());
    const isStill = (wishes?: Demand[]): boolean =>
      filter.compare(showing(scene(), frames.open()), wishes).repeated !== undefined;

    assert.is(isStill([{ classes: ['person'], limit: 1 }]), true);
    assert.is(isStill([{ classes: ['person', 'car'], limit: 1 }]), false);
    assert.is(isStill([]), false);
    assert.is(isStill(), false);
  });

  test('does not repeat what was cut short', () => {
    const frames = frameCounter();
    const filter = new MotionFilter();
    const cut = frameDetections({ final: false, stop: 'budget' });
    filter.compare(showing(scene(), frames.open())).keep(cut);

    assert.is(filter.compare(showing(scene(), frames.open())).repeated, undefined);
  });

  test('repeats the objects with the facts of the frame, marked, without times and tokens', () => {
    const frames = frameCounter();
    const filter = new MotionFilter();
    const box = { xmin: 0, ymin: 0, xmax: 1, ymax: 1 };
    const keypoints = [{ name: 'nose', x: 0.5, y: 0.5, visible: true }];
    const shapes = { polygons: [[0, 0, 1, 0, 1, 1]], keypoints };
    const detections = [{ label: 'person', classId: 0, score: 0.9, box, slot: 3, ...shapes }];
    const ofTasks = { caption: 'a person', mood: 'calm' }; // the second of a task of the user’s own
    const result = frameDetections({
      stop: 'filter',
      skipped: { busy: 2 },
      file: 'a.png',
      detections,
      ...ofTasks,
      tokens: { drafted: 5, accepted: 5, decoded: 1, passes: 1 },
    });
    filter.compare(showing(scene(), frames.open())).keep(result);

    const next = frames.open({ capturedAt: 7, decodeMs: 3, file: 'b.png' });
    const { timing, ...facts } = filter.compare(showing(scene(), next)).repeated!;

    const expected = {
      ...ofTasks,
      type: 'frame',
      source: 'clip',
      frame: 1,
      pts: 0.04,
      capturedAt: 7,
      width: 4,
      height: 4,
      file: 'b.png',
      final: true,
      stop: 'filter',
      still: true,
      detections,
      tokens: { drafted: 0, accepted: 0, decoded: 0, passes: 0 },
    };
    assert.equal(facts, expected);
    assert.equal({ ...timing, queueMs: 0 }, { decodeMs: 3, queueMs: 0, encodeMs: 0, tokensMs: 0 });
  });

  const wrong: readonly (readonly [object, string, RegExp])[] = [
    [{ treshold: 1 }, 'TypeError', /`treshold` of motion; did you mean `threshold`/],
    [{ threshold: 0 }, 'RangeError', /`threshold`/],
    [{ threshold: 256 }, 'RangeError', /`threshold`/],
    [{ maxStillSeconds: 0 }, 'RangeError', /`maxStillSeconds`/],
  ];
  for (const [config, name, message] of wrong) {
    test(`throws for ${JSON.stringify(config)}`, async () => {
      await assert.rejects(() => new MotionFilter(config), { name, message });
    });
  }
});
