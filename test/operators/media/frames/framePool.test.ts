import { FrameSlots, SlotWriter } from '../../../../operators/media/frames/framePool.ts';
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

suite('SlotWriter', (test) => {
  for (let seed = 1; seed <= 20; seed++) {
    test(`cuts the same pictures from any chunks, released in any order (seed ${seed})`, () => {
      const random = randomBelow(seed);
      const slots = new FrameSlots(3, SLOT_BYTES);
      const writer = new SlotWriter(slots.shared);
      const bytes = counting(40 * SLOT_BYTES);
      const open: { slot: number; copy: number[] }[] = [];
      const seen: number[] = [];

      let at = 0;
      while (at < bytes.length) {
        const chunk = bytes.subarray(at, at + 1 + random(3 * SLOT_BYTES));
        const taken = writer.write(chunk, (slot) => {
          const copy = [...slots.bytes(slot)];
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
          assert.equal([...slots.bytes(slot)], copy, 'an open picture keeps its bytes');
          slots.release(slot);
        }
      }

      assert.equal(seen, [...bytes]);
    });
  }

  test('takes nothing while all slots are full', () => {
    const slots = new FrameSlots(2, SLOT_BYTES);
    const writer = new SlotWriter(slots.shared);
    const pictures: number[] = [];

    const taken = writer.write(counting(3 * SLOT_BYTES), (slot) => pictures.push(slot));
    const more = writer.write(counting(1), (slot) => pictures.push(slot));

    assert.equal([taken, more], [2 * SLOT_BYTES, 0]);
    assert.equal(pictures, [0, 1]);
  });

  test('goes on in the slot that was released, not in the oldest', () => {
    const slots = new FrameSlots(3, SLOT_BYTES);
    const writer = new SlotWriter(slots.shared);
    const pictures: number[] = [];
    writer.write(counting(3 * SLOT_BYTES), (slot) => pictures.push(slot));

    slots.release(1);
    const taken = writer.write(counting(2 * SLOT_BYTES), (slot) => pictures.push(slot));

    assert.is(taken, SLOT_BYTES);
    assert.equal(pictures, [0, 1, 2, 1]);
  });

  test('goes on where a picture is released while it is handed out', () => {
    const slots = new FrameSlots(2, SLOT_BYTES);
    const writer = new SlotWriter(slots.shared);
    let numPictures = 0;

    const taken = writer.write(counting(50 * SLOT_BYTES + 3), (slot) => {
      numPictures += 1;
      slots.release(slot);
    });

    assert.is(taken, 50 * SLOT_BYTES + 3);
    assert.is(numPictures, 50);
  });

  test('does not wait where a slot is free', () => {
    const slots = new FrameSlots(2, SLOT_BYTES);
    const writer = new SlotWriter(slots.shared);
    writer.write(counting(SLOT_BYTES + 2), () => undefined);

    writer.waitForSlot(); // would block this thread for good

    assert.is(
      writer.write(counting(SLOT_BYTES), () => undefined),
      SLOT_BYTES - 2,
    );
  });
});

suite('FrameSlots', (test) => {
  test('tells of each release', () => {
    const slots = new FrameSlots(2, SLOT_BYTES);
    const released: number[] = [];
    slots.onRelease = (slot) => released.push(slot);

    slots.release(1);
    slots.release(0);

    assert.equal(released, [1, 0]);
  });

  test('notes when the decoder was let go on, and only then', () => {
    const slots = new FrameSlots(2, SLOT_BYTES);
    const writer = new SlotWriter(slots.shared);
    writer.write(counting(SLOT_BYTES), () => undefined);
    slots.release(0);
    assert.is(slots.unblockedAtMs, 0, 'one slot was free all the time');

    writer.write(counting(2 * SLOT_BYTES), () => undefined);
    slots.release(1);

    assert.ok(slots.unblockedAtMs > 0);
  });
});
