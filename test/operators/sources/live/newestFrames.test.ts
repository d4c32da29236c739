import { map, Subject, take } from 'rxjs';
import type { Observable } from 'rxjs';
import type { Frame } from '../../../../models/core/types.ts';
import { newestFrames } from '../../../../operators/sources/live/newestFrames.ts';
import type { PlacedPicture } from '../../../../operators/sources/live/newestFrames.ts';
import { FrameMaker } from '../../../../operators/media/frames/frameMaker.ts';
import { PoolWriter } from '../../../../operators/media/frames/framePool.ts';
import * as assert from '../../../support/assert.ts';
import { suite } from '../../../support/suite.ts';

const NUM_SLOTS = 6;

/** A decoder by hand: each picture is one number, written into a slot. */
class Studio {
  readonly pictures$ = new Subject<PlacedPicture>();
  readonly drops: string[] = [];
  readonly frames: Frame[] = [];
  readonly #maker = new FrameMaker(
    'studio',
    { image: { size: 1, pad: 0 }, display: 0, stride: 1 },
    NUM_SLOTS,
  );
  readonly #writer = new PoolWriter(this.#maker.pool.shared);
  #numPictures = 0;

  /** Pictures that could not be written, since no slot was free. */
  numRefused = 0;

  frames$(maxOpenFrames: number): Observable<Frame> {
    const onDropped = (cause: string): void => void this.drops.push(cause);
    const config = { maker: this.#maker, maxOpenFrames, onDropped };
    return this.pictures$.pipe(newestFrames(config));
  }

  /** Free slots: what the frames and the waiting pictures have left. */
  get numFree(): number {
    return new Int32Array(this.#maker.pool.shared.states).filter((state) => state === 0).length;
  }

  shoot(isFile = false): void {
    const index = this.#numPictures++;
    const { slotBytes } = this.#maker.pool.shared;
    const taken = this.#writer.write(new Uint8Array(slotBytes).fill(index), (slot) => {
      const facts = { index, pts: index, capturedAt: 0, arrivedAtMs: 0, decodeMs: 0 };
      this.pictures$.next({ slot, isFile, facts });
    });
    this.numRefused += taken === 0 ? 1 : 0;
  }
}

function indices(frames: readonly Frame[]): number[] {
  return frames.map(({ index }) => index);
}

suite('newestFrames', (test) => {
  test('gives frames at once while few are open, with their own pixels', () => {
    const studio = new Studio();
    studio.frames$(3).subscribe((frame) => studio.frames.push(frame));

    studio.shoot();
    studio.shoot();

    assert.equal(indices(studio.frames), [0, 1]);
    assert.equal(
      studio.frames.map(({ image }) => image[0]),
      [0, 1],
    );
    assert.equal(studio.drops, []);
  });

  test('keeps the newest while too many are open, and gives it when one is closed', () => {
    const studio = new Studio();
    studio.frames$(2).subscribe((frame) => studio.frames.push(frame));
    for (let i = 0; i < 1_000; i++) {
      studio.shoot();
    }
    assert.equal(indices(studio.frames), [0, 1]);
    assert.is(studio.numRefused, 0, 'there is always a slot to write to');

    studio.frames[0]?.close();

    assert.equal(indices(studio.frames), [0, 1, 999]);
    assert.is(studio.frames[2]?.image[0], 999 % 256);
    assert.is(studio.frames[1]?.image[0], 1, 'open frames keep their pixels');
    assert.is(studio.drops.length, 997);
    assert.equal([...new Set(studio.drops)], ['slow']);
  });

  test('drops nothing of a file: its decoder waits', () => {
    const studio = new Studio();
    studio.frames$(2).subscribe((frame) => studio.frames.push(frame));
    for (let i = 0; i < NUM_SLOTS; i++) {
      studio.shoot(true);
    }
    studio.shoot(true);
    assert.is(studio.numRefused, 1);

    for (let next = 0; next < NUM_SLOTS; next++) {
      studio.frames[next]?.close();
    }

    assert.equal(indices(studio.frames), [0, 1, 2, 3, 4, 5]);
    assert.equal(studio.drops, []);
  });

  test('completes after the waiting picture was given', () => {
    const studio = new Studio();
    let isComplete = false;
    studio.frames$(1).subscribe({
      next: (frame) => studio.frames.push(frame),
      complete: () => (isComplete = true),
    });
    studio.shoot();
    studio.shoot();

    studio.pictures$.complete();
    assert.is(isComplete, false);
    studio.frames[0]?.close();

    assert.equal(indices(studio.frames), [0, 1]);
    assert.is(isComplete, true);
  });

  test('completes at once where nothing waits', () => {
    const studio = new Studio();
    let isComplete = false;
    studio.frames$(1).subscribe({ complete: () => (isComplete = true) });
    studio.pictures$.complete();
    assert.is(isComplete, true);
  });

  for (const [way, leave] of [
    ['an error', (studio: Studio) => studio.pictures$.error(new Error('lost'))],
    ['unsubscription', (_: Studio, unsubscribe: () => void) => unsubscribe()],
  ] as const) {
    test(`drops the waiting picture at ${way}; each slot comes back once`, () => {
      const studio = new Studio();
      const subscription = studio.frames$(1).subscribe({
        next: (frame) => studio.frames.push(frame),
        error: () => undefined,
      });
      studio.shoot();
      studio.shoot();

      leave(studio, () => subscription.unsubscribe());

      assert.equal(studio.drops, ['stopped']);
      assert.is(studio.frames[0]?.image[0], 0);
      studio.frames[0]?.close();
      assert.equal(indices(studio.frames), [0]);
      assert.is(studio.numFree, NUM_SLOTS);
    });
  }

  test('passes an error of the source', () => {
    const studio = new Studio();
    let message = '';
    studio.frames$(1).subscribe({ error: (error: Error) => (message = error.message) });
    studio.pictures$.error(new Error('lost'));
    assert.is(message, 'lost');
  });

  test('stops within a frame that unsubscribes, and keeps order where frames are closed at once', () => {
    const studio = new Studio();
    const seen: number[] = [];
    studio
      .frames$(1)
      .pipe(
        map((frame) => {
          frame.close();
          return frame.index;
        }),
        take(3),
      )
      .subscribe((index) => {
        seen.push(index);
        if (index === 0) {
          studio.shoot(); // while the first is being handed out
        }
      });
    for (let i = 0; i < 5; i++) {
      studio.shoot();
    }

    assert.equal(seen, [0, 1, 2]);
  });
});
