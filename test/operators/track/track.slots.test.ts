import { Subject } from 'rxjs';
import type { Detection, FrameDetections } from '../../../models/core/types.ts';
import { track } from '../../../operators/track/track.ts';
import type { TrackConfig } from '../../../operators/track/track.ts';
import * as assert from '../../support/assert.ts';
import { frameDetections } from '../../support/frames.ts';
import { suite } from '../../support/suite.ts';
import { seeded } from '../../support/detect/sequences.ts';

const NUM_RESULTS = 300;
const SOURCES = ['a', 'b', 'c'] as const;

/** A detection 100 pixels wide and high whose left edge is at `x`, of some slot or none. */
const at = (x: number, slot?: number, classId = 0): Detection => ({
  label: `class ${classId}`,
  classId,
  score: 1,
  box: { xmin: x, ymin: 0, xmax: x + 100, ymax: 100 },
  ...(slot === undefined ? {} : { slot }),
});
const result = (...detections: Detection[]): FrameDetections => frameDetections({ detections });

/** What comes out for some results in a row. */
function trackedOf(results: readonly FrameDetections[], config?: TrackConfig): FrameDetections[] {
  const out: FrameDetections[] = [];
  const source = new Subject<FrameDetections>();
  source.pipe(track(config)).subscribe((value) => out.push(value));
  results.forEach((value) => source.next(value));
  return out;
}

function idsOf(
  results: readonly FrameDetections[],
  config?: TrackConfig,
): (number | undefined)[][] {
  return trackedOf(results, config).map(({ detections }) =>
    detections.map(({ trackId }) => trackId),
  );
}

suite('track, by slots', (test) => {
  test('keeps the number of an object that jumps, where its slot goes on', () => {
    assert.equal(idsOf([result(at(0, 1)), result(at(900, 1)), result(at(0, 1))]), [[1], [1], [1]]);
    assert.equal(idsOf([result(at(0)), result(at(900))]), [[1], [2]]);
  });

  test('goes by the slot where another box agrees better', () => {
    const before = result(at(0, 1), at(500, 2));

    assert.equal(idsOf([before, result(at(500, 1), at(0, 2))]), [
      [1, 2],
      [1, 2],
    ]);
    assert.equal(idsOf([before, result(at(0, 2))]), [[1, 2], [2]]);
  });

  test('leaves an object to its slot, whichever detection comes first', () => {
    const before = result(at(0, 1));

    // the first agrees in full, but the track goes on elsewhere
    assert.equal(idsOf([before, result(at(0, 7), at(40, 1))]), [[1], [2, 1]]);
    assert.equal(idsOf([before, result(at(40, 1), at(0, 7))]), [[1], [1, 2]]);
  });

  test('keeps the number when the class flips, with a slot only', () => {
    assert.equal(idsOf([result(at(0, 1, 2)), result(at(0, 1, 5)), result(at(0, 1, 2))]), [
      [1],
      [1],
      [1],
    ]);
    assert.equal(idsOf([result(at(0, undefined, 2)), result(at(0, undefined, 5))]), [[1], [2]]);
    assert.equal(idsOf([result(at(0, 1, 2)), result(at(0, 2, 5))]), [[1], [2]]);
  });

  test('compares with the class seen last, where the slot is new', () => {
    const flipped = [result(at(0, 1, 2)), result(at(0, 1, 5))];

    assert.equal(idsOf([...flipped, result(at(0, 9, 5))]).at(-1), [1]);
    assert.equal(idsOf([...flipped, result(at(0, 9, 2))]).at(-1), [2]);
  });

  test('goes by the boxes where the slot is new', () => {
    assert.equal(idsOf([result(at(0, 1)), result(at(20, 2)), result(at(40, 3))]), [[1], [1], [1]]);
    assert.equal(idsOf([result(at(0, 1)), result(at(60, 2))]), [[1], [2]]);
  });

  test('goes by the slot seen last, not by one from before', () => {
    // track 1 went on as slot 2; what bears slot 1 now is somebody else
    assert.equal(idsOf([result(at(0, 1)), result(at(20, 2)), result(at(900, 1))]), [[1], [1], [2]]);
  });

  test('mixes detections with a slot and without', () => {
    assert.equal(idsOf([result(at(0, 1), at(500)), result(at(510), at(900, 1))]), [
      [1, 2],
      [2, 1],
    ]);
    assert.equal(idsOf([result(at(0)), result(at(10, 4)), result(at(20))]), [[1], [1], [1]]);
    assert.equal(idsOf([result(at(0)), result(at(900))]), [[1], [2]]); // no slot is not a slot
  });

  test('takes the slot off and leaves the rest as it is', () => {
    const given = Object.freeze({ ...at(0, 3), reused: true });

    const [out] = trackedOf([result(given)]);

    const { slot: _, ...rest } = given;
    assert.equal(out?.detections, [{ ...rest, trackId: 1 }]);
    assert.is(Object.hasOwn(out?.detections[0] ?? { slot: 0 }, 'slot'), false);
    assert.is(given.slot, 3);
  });

  test('knows an object again after maxMissedFrames results without it, not after one more', () => {
    const gap = (missed: number, back: Detection): FrameDetections[] => [
      result(at(0, 1), at(500, 2)),
      ...Array.from({ length: missed }, () => result(at(500, 2))),
      result(at(500, 2), back),
    ];

    for (const maxMissedFrames of [0, 1, 3]) {
      // back with a new slot where it was; with its old slot somewhere else
      for (const back of [at(20, 3), at(900, 1)]) {
        const lastIds = (missed: number): unknown =>
          idsOf(gap(missed, back), { maxMissedFrames }).at(-1);
        assert.equal(lastIds(0), [2, 1]);
        assert.equal(lastIds(maxMissedFrames), [2, 1]);
        assert.equal(lastIds(maxMissedFrames + 1), [2, 3]);
      }
    }
    assert.equal(idsOf(gap(10, at(20, 3))).at(-1), [2, 1]);
    assert.equal(idsOf(gap(11, at(20, 3))).at(-1), [2, 3]);
  });

  test('keeps the sources apart where their slots are the same', () => {
    const of = (source: string, x: number): FrameDetections => ({ ...result(at(x, 1)), source });

    assert.equal(idsOf([of('a', 0), of('b', 0), of('a', 900), of('b', 500)]), [[1], [2], [1], [2]]);
  });

  test(`gives no number twice, in ${NUM_RESULTS} random results of three sources`, () => {
    const random = seeded(5);
    const results = Array.from({ length: NUM_RESULTS }, () => randomResult(random));

    // Where each number was seen, and by which slot last.
    const sourceOf = new Map<number, string>();
    const lastSeen = new Map<string, { readonly index: number; readonly id: number }>();
    let numBySlot = 0;
    idsOf(results, { maxMissedFrames: 0 }).forEach((ids, i) => {
      const { source = '', detections = [] } = results[i] ?? {};
      const ofSource = results.slice(0, i).filter((one) => one.source === source);
      assert.is(new Set(ids).size, detections.length, `result ${i}: a number twice`);
      detections.forEach(({ slot }, k) => {
        const id = ids[k] ?? 0;
        assert.is(sourceOf.get(id) ?? source, source, `result ${i}: a number of another source`);
        sourceOf.set(id, source);
        const before = lastSeen.get(`${source} ${slot}`);
        if (slot !== undefined && before?.index === ofSource.length - 1) {
          assert.is(id, before.id, `result ${i}: slot ${slot} went on`);
          numBySlot += 1;
        }
      });
      detections.forEach(({ slot }, k) =>
        lastSeen.set(`${source} ${slot}`, { index: ofSource.length, id: ids[k] ?? 0 }),
      );
    });

    assert.equal([...sourceOf.keys()].toSorted((a, b) => a - b)[0], 1);
    assert.is(Math.max(...sourceOf.keys()), sourceOf.size); // none left out
    assert.ok(numBySlot > 100 && sourceOf.size > 100);
  });
});

/** Up to 5 detections of one of the sources, some of a slot that may go on, some of none. */
function randomResult(random: (below: number) => number): FrameDetections {
  const slots = [1, 2, 3, 4, 5].filter(() => random(2) === 0);
  const detections = slots.map((slot) =>
    at(random(2_000), random(3) > 0 ? slot : undefined, random(2)),
  );
  return { ...result(...detections), source: SOURCES[random(3)] ?? 'a' };
}
