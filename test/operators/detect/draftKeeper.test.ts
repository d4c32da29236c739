import type { Frame, FrameInfo, Reuse, TokenSequence } from '../../../models/core/types.ts';
import { DraftKeeper } from '../../../operators/detect/draftKeeper.ts';
import * as assert from '../../support/assert.ts';
import { suite } from '../../support/suite.ts';
import { seeded, sequenceOf, tokensOf } from '../../support/detect/sequences.ts';

const SIZE = 64;
const NUM_FRAMES = 400;
const TWO = sequenceOf([
  { at: 0, score: 0.5 },
  { at: 20, score: 0.9 },
]);
/** The same two, read again with the draft that they left. */
const TWO_AGAIN = sequenceOf([
  { at: 0, score: 0.5, continues: 0 },
  { at: 20, score: 0.9, continues: 1 },
]);

/** What the keeper looks at: facts and a picture of one grey. */
function frame(changes: Partial<FrameInfo> = {}, grey = 100): Frame {
  const image = new Uint8Array(SIZE * SIZE * 3).fill(grey);
  return { source: 'a', pts: 1, width: 640, height: 480, image, ...changes } as unknown as Frame;
}

/** A keeper that has seen one frame of two objects. */
function seen(reuse?: Reuse): DraftKeeper {
  const keeper = new DraftKeeper(reuse === undefined ? undefined : { reuse });
  keeper.open(frame()).keep(TWO);
  return keeper;
}

/** How each of many frames in a row is read, where `sequence` is read of each. */
function reusesOf(keeper: DraftKeeper, count: number, sequence = TWO_AGAIN): Reuse[] {
  return Array.from({ length: count }, (_, i) => {
    const { reuse, keep } = keeper.open(frame({ pts: 2 + i }));
    keep(sequence);
    return reuse;
  });
}

const indicesOf = (all: readonly Reuse[], one: Reuse): number[] =>
  all.flatMap((reuse, i) => (reuse === one ? [i] : []));
const numDrafted = (keeper: DraftKeeper, next: Frame): number => keeper.open(next).draft.length / 5;

suite('DraftKeeper', (test) => {
  test('has no draft for the first frame', () => {
    assert.is(numDrafted(new DraftKeeper(), frame()), 0);
  });

  test('gives what was read last, while the scene goes on', () => {
    const keeper = seen();

    assert.equal(keeper.open(frame({ pts: 1.04 }, 110)).draft, TWO.tokens);
    keeper.open(frame({ pts: 1.08 }, 120)).keep(sequenceOf([{ at: 40 }]));
    assert.equal([...keeper.open(frame({ pts: 1.12 }, 130)).draft], tokensOf(40));
  });

  test('still has the last draft where a frame was opened and never read', () => {
    const keeper = seen();

    keeper.open(frame({ pts: 2, source: 'b' }, 200));

    assert.equal(keeper.open(frame({ pts: 3 })).draft, TWO.tokens);
  });

  const ENDS: readonly (readonly [string, Frame])[] = [
    ['a scene cut', frame({ pts: 2 }, 132)],
    ['a change of width', frame({ pts: 2, width: 320 })],
    ['a change of height', frame({ pts: 2, height: 240 })],
    ['a step back in time', frame({ pts: 0.5 })],
    ['a frame that is not later', frame({ pts: 1 })],
    ['another source', frame({ pts: 2, source: 'b' })],
  ];
  for (const [what, next] of ENDS) {
    test(`gives nothing after ${what}, and goes on from there`, () => {
      const keeper = seen();
      const { source, pts, width, height } = next;
      const later = frame({ source, width, height, pts: pts + 1 }, next.image[0]);

      const { draft, keep } = keeper.open(next);
      assert.is(draft.length, 0);
      keep(sequenceOf([{ at: 40 }]));

      assert.equal([...keeper.open(later).draft], tokensOf(40));
    });
  }

  test('gives nothing after it was told to forget, and goes on from there', () => {
    const keeper = seen('tolerant');

    keeper.forget();
    const { draft, keep } = keeper.open(frame({ pts: 2 }));
    assert.is(draft.length, 0);
    keep(TWO);

    assert.is(numDrafted(keeper, frame({ pts: 3 })), 2);
  });

  test('compares with the last frame, not with the first', () => {
    const keeper = seen(); // at 1 s, of grey 100
    keeper.open(frame({ pts: 2 }, 120)).keep(TWO);

    assert.is(numDrafted(keeper, frame({ pts: 1.5 }, 120)), 0);
    assert.is(numDrafted(keeper, frame({ pts: 3 }, 140)), 2);
  });

  test('takes a change of brightness that is no cut for the same scene', () => {
    assert.is(numDrafted(seen(), frame({ pts: 2 }, 131)), 2);
  });

  test('reads as refine does where it is not told how', () => {
    assert.is(seen().open(frame({ pts: 2 })).reuse, 'refine');
    assert.is(new DraftKeeper({}).open(frame()).reuse, 'refine');
  });

  for (const reuse of ['sticky', 'tolerant'] as const) {
    test(`reads exactly every thirty-first drafted frame anew under ${reuse}`, () => {
      const reuses = reusesOf(seen(reuse), 100);

      assert.equal(indicesOf(reuses, 'refine'), [30, 61, 92]);
      assert.is(indicesOf(reuses, reuse).length, 97);
    });

    test(`reads the frame that is due with its draft too under ${reuse}`, () => {
      const keeper = seen(reuse);
      reusesOf(keeper, 30);

      const { draft, reuse: asked } = keeper.open(frame({ pts: 99 }));

      assert.equal([asked, draft], ['refine', TWO.tokens]);
    });

    test(`counts anew behind a frame without a draft under ${reuse}`, () => {
      const keeper = seen(reuse);
      reusesOf(keeper, 20);
      keeper.forget();

      // the first one has no draft, thirty of the others may have one
      assert.equal(indicesOf(reusesOf(keeper, 40), 'refine'), [31]);
    });
  }

  for (const reuse of ['off', 'exact', 'refine'] as const) {
    test(`reads every frame the same under ${reuse}`, () => {
      assert.is(indicesOf(reusesOf(seen(reuse), 100), reuse).length, 100);
    });
  }

  test('moves and leaves out only where the draft is more than a guess', () => {
    const mixed = sequenceOf([
      { at: 0, score: 0.05, noise: 0.95 },
      { at: 20, score: 0.5 },
      { at: 40, score: 0.9 },
    ]);
    const draftUnder = (reuse: Reuse, budgetMs: number): number[] => {
      const keeper = new DraftKeeper({ reuse, budgetMs });
      keeper.open(frame()).keep(mixed);
      return [...keeper.open(frame({ pts: 2 })).draft];
    };

    for (const reuse of ['off', 'exact', 'refine'] as const) {
      assert.equal(draftUnder(reuse, 5), [...mixed.tokens], reuse);
    }
    for (const reuse of ['sticky', 'tolerant'] as const) {
      assert.equal(draftUnder(reuse, 0), [...tokensOf(20), ...tokensOf(40)], reuse);
      assert.equal(draftUnder(reuse, 5), [...tokensOf(40), ...tokensOf(20)], reuse);
    }
  });

  test('numbers the objects, the same from frame to frame', () => {
    const keeper = new DraftKeeper();

    assert.equal([...keeper.open(frame()).keep(TWO)], [1, 2]);
    const turned = sequenceOf([{ at: 21, continues: 1 }, { at: 60 }, { at: 1, continues: 0 }]);
    assert.equal([...keeper.open(frame({ pts: 2 })).keep(turned)], [2, 3, 1]);
    const fewer = sequenceOf([{ at: 61, continues: 1 }]);
    assert.equal([...keeper.open(frame({ pts: 3 })).keep(fewer)], [3]);
  });

  test('never begins its numbers anew', () => {
    const keeper = seen('tolerant'); // 1 and 2

    keeper.forget();
    assert.equal([...keeper.open(frame({ pts: 2 })).keep(TWO)], [3, 4]);
    assert.equal([...keeper.open(frame({ pts: 3 }, 200)).keep(TWO)], [5, 6]);
    assert.equal([...keeper.open(frame({ pts: 4, source: 'b' }, 200)).keep(TWO)], [7, 8]);
    assert.equal([...keeper.open(frame({ pts: 5, source: 'b' }, 200)).keep(sequenceOf([]))], []);
    assert.equal([...keeper.open(frame({ pts: 6, source: 'b' }, 200)).keep(TWO)], [9, 10]);
  });

  for (const reuse of ['refine', 'tolerant'] as const) {
    for (const budgetMs of [0, 5]) {
      test(`never gives a number twice, in ${NUM_FRAMES} random frames (${reuse}, ${budgetMs} ms)`, () => {
        const random = seeded(11);
        const keeper = new DraftKeeper({ reuse, budgetMs });
        // Number of every object by its last tokens, which no other has.
        const idsByPlace = new Map<number, number>();
        const given = new Set<number>();
        let numGoingOn = 0;

        for (let i = 0; i < NUM_FRAMES; i++) {
          if (random(20) === 0) {
            keeper.forget();
          }
          const { draft, keep } = keeper.open(frame({ pts: i }, random(30) === 0 ? 200 : 100));
          const sequence = randomSequence(draft, i, random);
          const objectIds = keep(sequence);

          assert.is(new Set(objectIds).size, objectIds.length, `frame ${i}`);
          objectIds.forEach((objectId, k) => {
            const continues = sequence.continues[k] ?? -1;
            if (continues < 0) {
              assert.is(given.has(objectId), false, `frame ${i}: ${objectId} was given before`);
            } else {
              numGoingOn += 1;
              assert.is(objectId, idsByPlace.get(draft[5 * continues] ?? 0), `frame ${i}`);
            }
            given.add(objectId);
            idsByPlace.set(sequence.tokens[5 * k] ?? 0, objectId);
          });
        }

        assert.ok(numGoingOn > 300 && given.size > 300);
      });
    }
  }
});

/** A frame in which some drafted objects go on, in some order, and some are new; at places of its own. */
function randomSequence(
  draft: Int32Array,
  frameIndex: number,
  random: (below: number) => number,
): TokenSequence {
  const left = Array.from({ length: draft.length / 5 }, (_, index) => index);
  const objects = Array.from({ length: random(7) }, (_, k) => {
    const goesOn = left.length > 0 && random(3) > 0;
    return {
      at: 10 * (frameIndex + 1) + k,
      score: random(5) / 4,
      noise: random(5) / 8,
      continues: goesOn ? (left.splice(random(left.length), 1)[0] ?? -1) : -1,
    };
  });
  const stop = (['eos', 'noise', 'budget', 'filter'] as const)[random(4)] ?? 'eos';
  return sequenceOf(objects, stop);
}
