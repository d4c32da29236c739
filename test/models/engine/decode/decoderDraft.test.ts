import type {
  DecodeOptions,
  ObjectTokens,
  Reuse,
  TokenSequence,
} from '../../../../models/index.ts';
import { budget } from '../../../../models/index.ts';
import * as assert from '../../../support/assert.ts';
import { suite } from '../../../support/suite.ts';
import { decoderOn, fakeGraph, readingOf, spelling } from '../../../support/models/fakeGraph.ts';
import type { FakeGraph, Scene } from '../../../support/models/fakeGraph.ts';
import { draftOf, objectAt, showing } from '../../../support/models/scenes.ts';
import type { Tokens } from '../../../support/models/scenes.ts';

const A = objectAt(0);
const B = objectAt(6);
const C = objectAt(12);
const D = objectAt(18);
const KEEPING: readonly Reuse[] = ['exact', 'refine', 'sticky', 'tolerant'];

type Extra = Parameters<typeof readingOf>[1];

/** Reads a scene. */
async function read(
  scene: Scene | readonly Tokens[],
  options: DecodeOptions,
  extra: Extra = {},
): Promise<{ found: TokenSequence; fake: FakeGraph }> {
  const fake = fakeGraph([typeof scene === 'function' ? scene : showing(scene)]);
  const found = await decoderOn(fake.session).decode(fake.memoryOf(0), readingOf(options, extra));
  assert.is(found.counts.passes, fake.numRuns, 'passes are the calls really made');
  assert.is(found.counts.accepted + found.counts.decoded, found.tokens.length);
  return { found, fake };
}

suite('Decoder with a draft', (test) => {
  for (const reuse of KEEPING) {
    test(`${reuse} accepts a right draft whole`, async () => {
      const draft = draftOf(A, B, C);

      const { found, fake } = await read([A, B, C], { draft, reuse });

      assert.equal(found.tokens, draft);
      assert.equal(found.continues, Int32Array.of(0, 1, 2));
      assert.equal(found.reused, Uint8Array.of(1, 1, 1));
      assert.equal(found.counts, {
        drafted: 15,
        accepted: 15,
        decoded: 0,
        // of the 17 tokens fed, 15 are drafted or certain; the window of the exact modes is 12
        passes: reuse === 'exact' ? 3 : reuse === 'refine' ? 2 : 1,
      });
      assert.equal(fake.calls[0]?.tokens.slice(0, 6), [1, ...A.slice(0, 4), 3]);
    });

    test(`${reuse} reads on where the first token of the draft is wrong`, async () => {
      const { found, fake } = await read([D, A], { draft: draftOf(A), reuse });

      assert.equal(found.tokens, draftOf(D, A));
      assert.equal(found.continues, Int32Array.of(-1, 0));
      assert.equal(found.reused, Uint8Array.of(0, 1));
      assert.equal(fake.calls[1]?.past, [1]); // what was guessed behind the prompt is forgotten
    });

    test(`${reuse} ends where the end stands in the middle of the draft`, async () => {
      const { found } = await read([A], { draft: draftOf(A, B, C), reuse });

      assert.equal(found.tokens, draftOf(A));
      assert.is(found.stop, 'eos');
      assert.is(found.counts.passes, 1);
      assert.is(found.counts.accepted, 5);
      assert.is(found.counts.drafted, 15);
    });

    test(`${reuse} reads an object that came in, between others and at the end`, async () => {
      const { found } = await read([A, D, B, C], { draft: draftOf(A, B), reuse });

      assert.equal(found.tokens, draftOf(A, D, B, C));
      assert.equal(found.continues, Int32Array.of(0, -1, 1, -1));
    });

    test(`${reuse} leaves out an object that is gone`, async () => {
      const { found } = await read([A, C, D], { draft: draftOf(A, B, C, D), reuse });

      assert.equal(found.tokens, draftOf(A, C, D));
      assert.equal(found.continues, Int32Array.of(0, 2, 3));
    });

    test(`${reuse} does not read beyond the most objects, however long the draft is`, async () => {
      const options = { draft: draftOf(A, B, C, D), reuse, maxObjects: 2 };

      const { found } = await read([A, B, C, D], options);

      assert.equal(found.tokens, draftOf(A, B));
      assert.is(found.stop, 'maxObjects');
      assert.is(found.counts.drafted, 20); // all of it: which objects go on must not hang on the limit
    });

    test(`${reuse} holds a hundred objects beside a draft of a hundred others`, async () => {
      const shown = Array.from({ length: 101 }, (_, i): Tokens => [8 + 3 * i, 8, 9 + 3 * i, 40, 4]);
      const others = shown.map(([y, , b]): Tokens => [y, 300, b, 400, 5]);

      const { found } = await read(shown, { draft: draftOf(...others), reuse });

      assert.equal(found.tokens, draftOf(...shown.slice(0, 100)));
      assert.is(found.stop, 'maxObjects');
    });
  }

  test('finds the draft again in two more calls where two objects changed places', async () => {
    for (const reuse of ['refine', 'sticky', 'tolerant'] as const) {
      const { found } = await read([B, A], { draft: draftOf(A, B), reuse });

      assert.equal(found.tokens, draftOf(B, A));
      assert.equal(found.continues, Int32Array.of(1, 0));
      // the draft; from B on; ten tokens are within the window of twelve
      assert.is(found.counts.passes, 2, reuse);
    }
  });

  test('goes on with the rest of the draft behind an object that is gone', async () => {
    const { found } = await read([A, C, D], { draft: draftOf(A, B, C, D), reuse: 'sticky' });

    assert.is(found.counts.passes, 2); // the draft, and C and D anew
  });

  test('goes on with the rest of the draft behind an object that came in', async () => {
    const scene = [A, D, B, C];

    const { found } = await read(scene, { draft: draftOf(A, B, C), reuse: 'sticky' });

    const plain = await read(scene, { reuse: 'off' });
    assert.is(plain.found.counts.passes, 17);
    assert.ok(found.counts.passes <= 6, String(found.counts.passes));
  });

  test('needs one call more for a coordinate that moved by two bins', async () => {
    const moved: Tokens = [A[0] + 2, A[1], A[2], A[3], A[4]];

    const { found } = await read([moved, B], { draft: draftOf(A, B), reuse: 'refine' });

    assert.equal(found.tokens, draftOf(moved, B));
    assert.equal(found.continues, Int32Array.of(0, 1));
    assert.equal(found.reused, Uint8Array.of(0, 1));
    assert.is(found.counts.accepted, 9);
    assert.is(found.counts.passes, 2);
  });

  test('guesses once under exact, and anew after each wrong guess under refine', async () => {
    const moved = (object: Tokens): Tokens => [object[0] + 1, ...object.slice(1)] as never;
    const scene = [moved(A), moved(B)];
    const draft = draftOf(A, B);

    const exact = await read(scene, { draft, reuse: 'exact' });
    const refine = await read(scene, { draft, reuse: 'refine' });

    assert.equal(exact.found.tokens, refine.found.tokens);
    assert.is(exact.found.counts.passes, 9);
    assert.ok(refine.found.counts.passes <= 3, String(refine.found.counts.passes));
  });

  test('cuts a draft at the first object that no frame of the model can hold', async () => {
    for (const token of [-1, 0, 7, 408, 1e6]) {
      const draft = draftOf(A, [B[0], token, B[2], B[3], B[4]], C);

      const { found } = await read([A, B, C], { draft, reuse: 'sticky' });

      assert.equal(found.tokens, draftOf(A, B, C));
      assert.is(found.counts.drafted, 5, String(token));
    }
  });

  test('counts an object of another class as continued, not as reused', async () => {
    const other: Tokens = [A[0], A[1], A[2], A[3], 5];

    const { found } = await read([other], { draft: draftOf(A), reuse: 'refine' });

    assert.equal(found.tokens, draftOf(other));
    assert.equal(found.continues, Int32Array.of(0));
    assert.equal(found.reused, Uint8Array.of(0));
    assert.is(found.counts.accepted, 4);
  });

  test('stops at noise in the middle of a draft', async () => {
    const noisy = [2, 7, 12].map((place): Tokens => [...objectAt(place).slice(0, 4), 3] as never);
    const scene = [A, ...noisy, B];
    const draft = draftOf(A, ...noisy.map((o) => [...o.slice(0, 4), 4]), B);

    for (const reuse of KEEPING) {
      const options = { draft, reuse, noiseThreshold: 0.5, noisePatience: 2 };
      const { found } = await read(scene, options);

      assert.is(found.stop, 'noise');
      assert.equal(found.tokens, draft.slice(0, 15));
      assert.equal([...found.noises].map(Math.round), [0, 1, 1]);
    }
  });

  test('leaves out what it has read already, where the rule prefers the draft', async () => {
    const beside = A.map((token, i) => (i < 4 ? token + 1 : token)) as never as Tokens;
    const otherwise: Tokens = [A[0], A[1], A[2], A[3], A[4] === 4 ? 5 : 4];
    const scene = spelling([A, beside, otherwise, B, A].flat());

    for (const reuse of KEEPING) {
      const seen: number[] = [];
      const onObject = ({ index }: ObjectTokens): void => void seen.push(index);
      const { found } = await read(scene, { draft: draftOf(C), reuse }, { onObject });

      const once = [A, otherwise, B];
      const isOnce = reuse === 'sticky' || reuse === 'tolerant';
      assert.equal(found.tokens, draftOf(...(isOnce ? once : [A, beside, otherwise, B, A])), reuse);
      assert.is(found.stop, 'eos');
      assert.equal([found.scores.length, found.continues.length], [seen.length, seen.length]);
      assert.equal(seen, [...seen.keys()]);
    }
  });

  test('comes to an end where the model goes round in circles', async () => {
    const circles = spelling(Array.from({ length: 100 }, () => [A, B]).flat(2));

    for (const reuse of ['sticky', 'tolerant'] as const) {
      const options = { draft: draftOf(C), reuse, noiseThreshold: 0.5, noisePatience: 3 };
      const { found } = await read(circles, options);
      const endless = await read(circles, { ...options, noiseThreshold: 1 });

      assert.is(found.stop, 'noise');
      assert.equal(found.tokens, draftOf(A, B));
      assert.is(found.counts.passes, 1 + 4 * (2 + 3)); // three in a row that are known
      assert.is(endless.found.stop, 'maxObjects');
      assert.equal(endless.found.tokens, draftOf(A, B));
    }
  });

  test('stops in the middle of a draft when the time is up, with whole objects', async () => {
    const moved = ([y, x, b, r, c]: Tokens): Tokens => [y, x, b + 2, r, c];
    let now = 0;
    const scene = showing([A, B, C].map(moved));
    const timed: Scene = (prefix) => ((now += 1), scene(prefix));
    const rows = 13; // of the first call: the prompt and twelve guesses

    const { found } = await read(
      timed,
      { draft: draftOf(A, B, C), reuse: 'exact' },
      { rules: [budget(rows + 2, () => now)] },
    );

    assert.is(found.stop, 'budget');
    assert.is(found.final, false);
    assert.equal(found.tokens, draftOf(moved(A)));
  });

  test('hands out each object with the drafted one that it goes on from', async () => {
    const seen: ObjectTokens[] = [];
    const draft = draftOf(A, B);

    await read([B, C], { draft, reuse: 'refine' }, { onObject: (o) => void seen.push(o) });

    assert.equal(
      seen.map(({ index, tokens, reused, continues }) => [index, [...tokens], reused, continues]),
      [
        [0, [...B], true, 1],
        [1, [...C], false, -1],
      ],
    );
  });
});

suite('Decoder with a demand', (test) => {
  const [circles, squares] = [[0, 2, 4].map((p) => objectAt(p)), [1, 3].map((p) => objectAt(p))];
  const [c1, c2, c3] = circles as [Tokens, Tokens, Tokens];
  const [s1, s2] = squares as [Tokens, Tokens];
  const scene = [c1, s1, c2, s2, c3];
  const numRead = async (demand: DecodeOptions['demand'], draft?: Int32Array): Promise<string> => {
    const options = { demand: demand ?? [], ...(draft && { draft }) };
    const { found } = await read(scene, options);
    assert.equal(found.tokens, draftOf(...scene.slice(0, found.scores.length)));
    assert.is(found.final, true);
    return `${found.scores.length} ${found.stop}`;
  };

  test('stops once every wish is met', async () => {
    assert.is(await numRead([{ limit: 2 }]), '2 filter');
    assert.is(await numRead([{ classes: ['square'], limit: 1 }]), '2 filter');
    assert.is(await numRead([{ classes: ['square'], limit: 2 }]), '4 filter');
    assert.is(await numRead([{ classes: ['square', 'circle'], limit: 3 }]), '3 filter');
    assert.is(await numRead([{ limit: 1 }, { classes: ['circle'], limit: 2 }]), '3 filter');
  });

  test('reads the whole frame for somebody who names no limit', async () => {
    assert.is(await numRead([]), '5 eos');
    assert.is(await numRead([{ classes: ['circle'] }]), '5 eos');
    assert.is(await numRead([{ limit: 1 }, { classes: ['circle'] }]), '5 eos');
  });

  test('counts no object below the least score', async () => {
    assert.is(await numRead([{ minScore: 0.9, limit: 2 }]), '2 filter');
    assert.is(await numRead([{ minScore: 0.9999, limit: 2 }]), '5 eos');
  });

  test('never stops for a class that is not there', async () => {
    assert.is(await numRead([{ classes: ['triangle'], limit: 1 }]), '5 eos');
  });

  test('stops the same in the middle of a draft', async () => {
    const draft = draftOf(...scene);

    assert.is(await numRead([{ classes: ['square'], limit: 1 }], draft), '2 filter');
  });
});

suite('Decoder with attention', (test) => {
  const look = async (scene: readonly Tokens[], options: DecodeOptions): Promise<TokenSequence> => {
    const fake = fakeGraph([showing(scene)], undefined, { attention: true });
    return await decoderOn(fake.session).decode(fake.memoryOf(0), readingOf(options));
  };

  test('collects where it looked for each token, five an object, whatever was guessed', async () => {
    for (const draft of [draftOf(), draftOf(A, B), draftOf(B, C), draftOf(D)]) {
      for (const reuse of KEEPING) {
        const { attention } = await look([A, B], { draft, reuse, attention: true });

        assert.equal(
          attention?.map(({ shares }) => [...shares]),
          // position and token of the row that each of the ten was read from
          [1, ...A.slice(0, 4), 3, ...B.slice(0, 4)].map((token, position) => [position, token]),
        );
        assert.ok(attention?.every(({ height, width }) => height === 1 && width === 2));
      }
    }
  });

  test('drops what belongs to an object that was not finished', async () => {
    const { attention, tokens } = await look([A, B], { maxObjects: 1, attention: true });

    assert.is(attention?.length, tokens.length);
  });

  test('has no maps where nothing was found, and no field where nobody asked', async () => {
    assert.equal((await look([], { attention: true })).attention, []);
    assert.is('attention' in (await look([A], {})), false);
  });
});
