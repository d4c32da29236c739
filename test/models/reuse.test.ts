import { lastValueFrom, map, toArray } from 'rxjs';
import { openLocalDetector } from '../../models/index.ts';
import type { Detector, Features, Reuse, TokenSequence } from '../../models/index.ts';
import { fromVideo } from '../../operators/index.ts';
import { DEMO_CLIP } from '../../pipeline/openSource.ts';
import * as assert from '../support/assert.ts';
import { MODEL_TEST_MS, suite } from '../support/suite.ts';

const NUM_FRAMES = 12;
const NUM_DRAFTS = 200;

/** A small seeded generator: the drafts need to be many and the same every time, not good. */
function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.floor((state / 2 ** 31) * below);
  };
}

/** Moves some coordinates of a draft by a bin or two, or makes it something else altogether. */
function disturbed(tokens: Int32Array, random: (below: number) => number): Int32Array {
  const objects = Array.from({ length: tokens.length / 5 }, (_, i) => [
    ...tokens.subarray(5 * i, 5 * i + 5),
  ]);
  const garbage = (): number[] => Array.from({ length: 5 }, () => random(1500));
  switch (random(6)) {
    case 0: // stale
      return tokens.map((token, i) =>
        i % 5 < 4 && random(3) === 0 ? token + random(5) - 2 : token,
      );
    case 1: // in another order
      return Int32Array.from(objects.sort(() => random(3) - 1).flat());
    case 2: // an object is gone
      return Int32Array.from(objects.filter(() => random(4) > 0).flat());
    case 3: // garbage
      return Int32Array.from(objects.flatMap(garbage));
    case 4: // too long
      return Int32Array.from([...objects, ...objects, garbage()].flat());
    default: // cut in the middle of an object
      return tokens.subarray(0, random(tokens.length + 1));
  }
}

suite('reuse of the previous frame’s tokens', (test) => {
  let detector: Detector;
  let frames: Features[];
  let greedy: TokenSequence[];
  const read = (
    features: Features,
    draft: Int32Array,
    reuse: Reuse,
    stickiness = 0.3,
  ): Promise<TokenSequence> => detector.decode(features, { draft, reuse, stickiness });

  test.before(async () => {
    detector = await openLocalDetector({ device: 'cpu' });
    const images$ = fromVideo(DEMO_CLIP, { maxFrames: NUM_FRAMES }).pipe(
      map((frame) => {
        const image = frame.image.slice();
        frame.close();
        return image;
      }),
      toArray(),
    );
    frames = [];
    greedy = [];
    for (const image of await lastValueFrom(images$)) {
      const features = await detector.encode(image);
      frames.push(features);
      greedy.push(await detector.decode(features, { reuse: 'off' }));
    }
  });
  test.after(() => detector.close());

  for (const reuse of ['exact', 'refine'] as const) {
    test(
      `${reuse} reads frame after frame what is read from nothing, in fewer calls`,
      async () => {
        let draft: Int32Array = new Int32Array();
        let calls = 0;
        for (const [i, features] of frames.entries()) {
          const found = await read(features, draft, reuse);
          assert.equal(found.tokens, greedy[i]?.tokens);
          assert.equal(found.scores.length, greedy[i]?.scores.length);
          assert.close(found.scores, greedy[i]?.scores ?? [], { abs: 1e-3 });
          assert.is(found.stop, greedy[i]?.stop);
          assert.is(found.counts.accepted + found.counts.decoded, found.tokens.length);
          draft = found.tokens;
          calls += found.counts.passes;
        }
        assert.ok(calls < greedy.reduce((sum, { counts }) => sum + counts.passes, 0));
      },
      { timeoutMs: MODEL_TEST_MS },
    );

    test(
      `${reuse} reads the same whatever the draft is`,
      async () => {
        const random = seeded(7);
        for (let i = 0; i < NUM_DRAFTS; i++) {
          const at = random(NUM_FRAMES);
          const features = frames[at] as Features;
          const draft = disturbed(greedy[at]?.tokens ?? new Int32Array(), random);

          const found = await read(features, draft, reuse);

          assert.equal(found.tokens, greedy[at]?.tokens, `draft ${i}: ${draft.join()}`);
        }
      },
      { timeoutMs: MODEL_TEST_MS },
    );
  }

  test('a right draft is accepted whole, and every object is reused', async () => {
    const [features, sequence] = [frames[0] as Features, greedy[0] as TokenSequence];

    const found = await read(features, sequence.tokens, 'refine');

    const { counts, reused } = found;
    assert.is(counts.accepted, sequence.tokens.length);
    assert.is(counts.drafted, sequence.tokens.length);
    assert.ok([...reused].every((flag) => flag === 1));
    assert.ok(counts.passes < sequence.counts.passes / 4);
  });

  test('sticky with stickiness 1 is the plain rule', async () => {
    const draft = greedy[0]?.tokens ?? new Int32Array();

    const found = await read(frames[1] as Features, draft, 'sticky', 1);

    assert.equal(found.tokens, greedy[1]?.tokens);
  });

  test('sticky keeps its own output: what it read is read again from it', async () => {
    const draft = greedy[0]?.tokens ?? new Int32Array();
    const first = await read(frames[1] as Features, draft, 'sticky');

    const second = await read(frames[1] as Features, first.tokens, 'sticky');

    assert.equal(second.tokens, first.tokens);
    assert.is(second.counts.accepted, first.tokens.length);
  });

  test('sticky keeps more of the draft than the plain rule, in fewer calls', async () => {
    const draft = greedy[0]?.tokens ?? new Int32Array();

    const plain = await read(frames[1] as Features, draft, 'refine');
    const sticky = await read(frames[1] as Features, draft, 'sticky');

    assert.ok(sticky.counts.accepted > plain.counts.accepted);
    assert.ok(sticky.counts.passes < plain.counts.passes);
  });

  test('drawing at random takes no draft, so that the distribution is kept', async () => {
    const draft = greedy[0]?.tokens ?? new Int32Array();

    const withDraft = await detector.decode(frames[0] as Features, { draft, topP: 0.4, seed: 3 });
    const without = await detector.decode(frames[0] as Features, { topP: 0.4, seed: 3 });

    assert.is(withDraft.counts.drafted, 0);
    assert.equal(withDraft.tokens, without.tokens);
  });
});
