import { FramePool, PoolWriter } from '../../../../operators/media/frames/framePool.ts';
import * as assert from '../../../support/assert.ts';
import { suite } from '../../../support/suite.ts';

const SLOT_BYTES = 7;

/** Bytes that count up, so that every picture differs. */
function counting(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => at % 251);
}

/** A generator of whole numbers below a limit, from a seed. */
function randomBelow(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 8) % limit;
  };
}

suite('PoolWriter', (test) => {
  for (let seed = 1; seed <= 20; seed++) {
    test(`cuts the same pictures from any chunks, released in any order (seed ${seed})`, () => {
      const random = randomBelow(seed);
      const pool = new FramePool(3, SLOT_BYTES);
      const writer = new PoolWriter(pool.shared);
      const bytes = counting(40 * SLOT_BYTES);
      const open: { slot: number; copy: number[] }[] = [];
      const seen: number[] = [];

      let at = 0;
      while (at < bytes.length) {
        const chunk = bytes.subarray(at, at + 1 + random(3 * SLOT_BYTES));
        const taken = writer.write(chunk, (slot) => {
          const copy = [...pool.bytes(slot)];
          open.push({ slot, copy });
          seen.push(...copy);
        });
        at += taken;
        assert.ok(open.length <= 3);
        if (taken < chunk.length) {
          assert.is(open.length, 3, 'it stops only while all slots are full');
        }
        if (open.length > 0 && (taken < chunk.length || random(2) === 0)) {
          const [{ slot, copy } = { slot: -1, copy: [0] }] = open.splice(random(open.length), 1);
          assert.equal([...pool.bytes(slot)], copy, 'an open picture keeps its bytes');
          pool.release(slot);
        }
      }

      assert.equal(seen, [...bytes]);
    });
  }

  test('takes nothing while all slots are full', () => {
    const pool = new FramePool(2, SLOT_BYTES);
    const writer = new PoolWriter(pool.shared);
    const pictures: number[] = [];

    const taken = writer.write(counting(3 * SLOT_BYTES), (slot) => pictures.push(slot));
    const more = writer.write(counting(1), (slot) => pictures.push(slot));

    assert.equal([taken, more], [2 * SLOT_BYTES, 0]);
    assert.equal(pictures, [0, 1]);
  });

  test('goes on in the slot that was released, not in the oldest', () => {
    const pool = new FramePool(3, SLOT_BYTES);
    const writer = new PoolWriter(pool.shared);
    const pictures: number[] = [];
    writer.write(counting(3 * SLOT_BYTES), (slot) => pictures.push(slot));

    pool.release(1);
    const taken = writer.write(counting(2 * SLOT_BYTES), (slot) => pictures.push(slot));

    assert.is(taken, SLOT_BYTES);
    assert.equal(pictures, [0, 1, 2, 1]);
  });

  test('goes on where a picture is released while it is handed out', () => {
    const pool = new FramePool(2, SLOT_BYTES);
    const writer = new PoolWriter(pool.shared);
    let numPictures = 0;

    const taken = writer.write(counting(50 * SLOT_BYTES + 3), (slot) => {
      numPictures += 1;
      pool.release(slot);
    });

    assert.is(taken, 50 * SLOT_BYTES + 3);
    assert.is(numPictures, 50);
  });

  test('does not wait where a slot is free', () => {
    const pool = new FramePool(2, SLOT_BYTES);
    const writer = new PoolWriter(pool.shared);
    writer.write(counting(SLOT_BYTES + 2), () => undefined);

    writer.waitForSlot(); // would block this thread for good

    assert.is(
      writer.write(counting(SLOT_BYTES), () => undefined),
      SLOT_BYTES - 2,
    );
  });
});

suite('FramePool', (test) => {
  test('tells of each release', () => {
    const pool = new FramePool(2, SLOT_BYTES);
    const released: number[] = [];
    pool.resumeWriter = (slot) => released.push(slot);

    pool.release(1);
    pool.release(0);

    assert.equal(released, [1, 0]);
  });

  test('notes when the decoder was let go on, and only then', () => {
    const pool = new FramePool(2, SLOT_BYTES);
    const writer = new PoolWriter(pool.shared);
    writer.write(counting(SLOT_BYTES), () => undefined);
    pool.release(0);
    assert.is(pool.unblockedAtMs, 0, 'one slot was free all the time');

    writer.write(counting(2 * SLOT_BYTES), () => undefined);
    pool.release(1);

    assert.ok(pool.unblockedAtMs > 0);
  });
});
