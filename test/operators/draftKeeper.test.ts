import type { Frame, FrameInfo, TokenSequence } from '../../models/types.ts';
import { DraftKeeper } from '../../operators/draftKeeper.ts';
import * as assert from '../support/assert.ts';
import { suite } from '../support/suite.ts';

const SIZE = 64;
const TOKENS = Int32Array.of(1, 2, 3, 4, 100);
const SEQUENCE = { tokens: TOKENS } as unknown as TokenSequence;

/** What the keeper looks at: facts and a picture of one grey. */
function frame(changes: Partial<FrameInfo> = {}, grey = 100): Frame {
  const image = new Uint8Array(SIZE * SIZE * 3).fill(grey);
  return { source: 'a', pts: 1, width: 640, height: 480, image, ...changes } as unknown as Frame;
}

/** A keeper that has seen one frame. */
function seen(refreshes = false): DraftKeeper {
  const keeper = new DraftKeeper(refreshes);
  keeper.open(frame()).keep(frame(), SEQUENCE);
  return keeper;
}

const numDrafted = (keeper: DraftKeeper, next: Frame): number => keeper.open(next).draft.length;

suite('DraftKeeper', (test) => {
  test('has no draft for the first frame', () => {
    assert.is(numDrafted(new DraftKeeper(false), frame()), 0);
  });

  test('gives what was read last, while the scene goes on', () => {
    assert.is(seen().open(frame({ pts: 1.04 }, 110)).draft, TOKENS);
  });

  const ENDS: readonly (readonly [string, Frame])[] = [
    ['a scene cut', frame({ pts: 2 }, 140)],
    ['a change of width', frame({ pts: 2, width: 320 })],
    ['a change of height', frame({ pts: 2, height: 240 })],
    ['a step back in time', frame({ pts: 0.5 })],
    ['another source', frame({ pts: 2, source: 'b' })],
  ];
  for (const [what, next] of ENDS) {
    test(`gives nothing after ${what}`, () => {
      assert.is(numDrafted(seen(), next), 0);
    });
  }

  test('reads every thirty-first frame from nothing where it refreshes, and never otherwise', () => {
    const counts = (keeper: DraftKeeper): number[] =>
      Array.from({ length: 64 }, (_, i) => {
        const next = frame({ pts: 2 + i });
        const { draft, keep } = keeper.open(next);
        keep(next, SEQUENCE);
        return draft.length;
      });

    const refreshed = counts(seen(true)).flatMap((length, i) => (length === 0 ? [i] : []));

    assert.equal(refreshed, [30, 61]);
    assert.ok(counts(seen(false)).every((length) => length === TOKENS.length));
  });
});
