import { from, lastValueFrom, toArray } from 'rxjs';
import { readModelFolder } from '../../../models/format/modelFolder.ts';
import type { ModelInfo } from '../../../models/core/types.ts';
import type { ReadFrame } from '../../../operators/detect/decode.ts';
import { objects } from '../../../operators/detect/objects.ts';
import type { ObjectsConfig } from '../../../operators/detect/detectOptions.ts';
import * as assert from '../../support/assert.ts';
import { suite } from '../../support/suite.ts';
import { sequenceOf } from '../../support/detect/sequences.ts';

/** A frame of three people, from left to right, of these scores. */
const read = (scores: readonly number[], slots?: readonly number[]): ReadFrame => ({
  info: {
    source: 'clip',
    index: 3,
    pts: 0.12,
    capturedAt: 0,
    width: 416,
    height: 416,
    letterbox: { scaleX: 1, scaleY: 1 },
    arrivedAtMs: 0,
    decodeMs: 2,
  },
  sequence: sequenceOf(scores.map((score, i) => ({ at: 20 * i, score }))),
  ...(slots && { slots: Int32Array.from(slots) }),
  queueMs: 0,
  encodeMs: 1,
});

suite('objects', (test) => {
  let model: ModelInfo;
  test.before(async () => {
    ({ info: model } = await readModelFolder('nano'));
  });
  const resultOf = async (frame: ReadFrame, config?: ObjectsConfig) => {
    const [result] = await lastValueFrom(from([frame]).pipe(objects({ model }, config), toArray()));
    assert.ok(result !== undefined);
    return result.detections.map(({ box, slot, score }) => ({ box, slot, score }));
  };

  test('leaves each object its slot, also where others are left out', async () => {
    const all = await resultOf(read([0.5, 0.125, 0.75], [7, 8, 9]));

    assert.equal(
      all.map(({ slot, score }) => [slot, score]),
      [
        [7, 0.5],
        [9, 0.75],
      ],
    );
    assert.ok((all[0]?.box.xmin ?? 0) < (all[1]?.box.xmin ?? 0));
    const most = await resultOf(read([0.5, 0.125, 0.75], [7, 8, 9]), { minScore: 0.7 });
    assert.equal(most, all.slice(1));
  });

  test('gives no slots where none are known', async () => {
    const [result] = await lastValueFrom(from([read([0.5])]).pipe(objects({ model }), toArray()));

    assert.is(Object.hasOwn(result?.detections[0] ?? { slot: 0 }, 'slot'), false);
    assert.is(result?.detections.length, 1);
  });
});
