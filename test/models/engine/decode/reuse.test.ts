import { iou } from '../../../../models/core/iou.ts';
import { Decoder } from '../../../../models/engine/decode/decoder.ts';
import type { DecodeOptions, Reuse, TokenSequence } from '../../../../models/index.ts';
import type { Tensors } from '../../../../models/engine/session.ts';
import * as assert from '../../../support/assert.ts';
import { END_TO_END_MS, suite } from '../../../support/suite.ts';
import { SCENES, openBench } from '../../../support/models/clipFrames.ts';
import type { Bench } from '../../../support/models/clipFrames.ts';
import { readingOf, stepsOn } from '../../../support/models/fakeGraph.ts';
import { readPlainly } from '../../../support/models/readPlainly.ts';
import type { PlainReading } from '../../../support/models/readPlainly.ts';
import { DRAFT_KINDS, disturbed, seeded } from '../../../support/models/scenes.ts';

const NUM_FRAMES = 16; // of each clip; the cutting one then has three cuts
const NUM_DRAFTS = 108; // four of each kind on each clip
/** More than rows computed together differ from single ones; `numerics.test.ts` measures that. */
const TIE = 1e-4;

const KEEPING: readonly Exclude<Reuse, 'off'>[] = ['exact', 'refine', 'sticky', 'tolerant'];
type Scene = keyof typeof SCENES;
const NAMES = Object.keys(SCENES) as Scene[];

interface Frame {
  readonly memory: Tensors;
  /** Read from nothing, token by token. */
  readonly greedy: PlainReading;
}

/** The first objects of a frame, as a limit lets them be read. */
function begun(whole: PlainReading, maxObjects: number): PlainReading {
  const tokens = whole.tokens.slice(0, 5 * maxObjects);
  return { ...whole, tokens, scores: whole.scores.slice(0, maxObjects), stop: 'maxObjects' };
}

/** The highest IoU of two objects of the same class. @param tokens five an object */
function highestOverlap(tokens: Int32Array): number {
  const objects = Array.from({ length: tokens.length / 5 }, (_, i) => {
    const [ymin = 0, xmin = 0, ymax = 0, xmax = 0, label] = tokens.subarray(5 * i);
    return { label, box: { xmin, ymin, xmax, ymax } };
  });
  const overlaps = objects.flatMap((one, i) =>
    objects
      .slice(0, i)
      .filter(({ label }) => label === one.label)
      .map(({ box }) => iou(box, one.box)),
  );
  return Math.max(0, ...overlaps);
}

suite('reuse of the previous frame’s tokens, on real clips', (test) => {
  const withModel = (title: string, work: () => Promise<void>): void =>
    test(title, work, { timeoutMs: END_TO_END_MS });
  let bench: Bench;
  let decoder: Decoder;
  const clips = new Map<Scene, Frame[]>();

  const plainly = (memory: Tensors, options: DecodeOptions): Promise<PlainReading> =>
    readPlainly(bench.session, bench.model, memory, readingOf(options, {}, bench.model).options);
  const read = (memory: Tensors, options: DecodeOptions): Promise<TokenSequence> =>
    decoder.decode(memory, readingOf(options, {}, bench.model));
  /** Asserts that both are the same, but where the two best logits were a tie. @returns whether they are */
  const isSame = (found: TokenSequence, plain: PlainReading, title: string): boolean => {
    const same = [...found.tokens].join() === plain.tokens.join() && found.stop === plain.stop;
    if (!same) {
      assert.ok(plain.leastMargin < TIE, `${title}: differs, least margin ${plain.leastMargin}`);
      return false;
    }
    assert.close(found.scores, plain.scores, { abs: 1e-3 });
    return true;
  };

  test.before(async () => {
    bench = await openBench();
    decoder = new Decoder(stepsOn(bench.session, bench.model), bench.model);
    for (const name of NAMES) {
      const frames: Frame[] = [];
      for (const memory of await bench.memoriesOf(SCENES[name], NUM_FRAMES)) {
        frames.push({ memory, greedy: await plainly(memory, { reuse: 'off' }) });
      }
      assert.is(frames.length, NUM_FRAMES, name);
      clips.set(name, frames);
    }
  });
  test.after(() => bench.release());

  withModel('from nothing it reads what the plain loop reads', async () => {
    for (const frames of clips.values()) {
      for (const [i, { memory, greedy }] of frames.entries()) {
        assert.ok(isSame(await read(memory, { reuse: 'off' }), greedy, `frame ${i}`));
      }
    }
  });

  for (const reuse of KEEPING) {
    for (const name of NAMES) {
      withModel(`${reuse} reads every frame of the ${name} clip as its rule does`, async () => {
        let draft: Int32Array = new Int32Array();
        let [numCalls, numPlain, numTies] = [0, 0, 0];
        for (const [i, { memory, greedy }] of (clips.get(name) ?? []).entries()) {
          const options = { draft, reuse };
          const plain =
            reuse === 'exact' || reuse === 'refine' ? greedy : await plainly(memory, options);

          const found = await read(memory, options);

          const same = isSame(found, plain, `frame ${i}`);
          assert.is(found.counts.accepted + found.counts.decoded, found.tokens.length);
          numTies += same ? 0 : 1;
          numPlain += 4 * plain.numRead + (plain.stop === 'eos' ? 1 : 0);
          numCalls += found.counts.passes;
          draft = found.tokens;
        }
        assert.is(numTies, 0, 'frames that differ by a tie');
        assert.ok(numCalls <= numPlain, `${numCalls} calls, token by token ${numPlain}`);
      });
    }

    withModel(`${reuse} reads as its rule does whatever the draft is`, async () => {
      const random = seeded(7);
      const seen = new Set<string>();
      let numTies = 0;
      for (let i = 0; i < NUM_DRAFTS; i++) {
        const frames = clips.get(NAMES[i % NAMES.length]!) ?? [];
        const { memory, greedy } = frames[random(NUM_FRAMES)]!;
        const kind = DRAFT_KINDS[Math.floor(i / NAMES.length) % DRAFT_KINDS.length]!;
        const draft = disturbed(Int32Array.from(greedy.tokens), kind, random, bench.model);
        const maxObjects = Math.min(6, greedy.scores.length); // which also ends it inside the draft
        const options = { draft, reuse, maxObjects };
        const plain =
          reuse === 'exact' || reuse === 'refine'
            ? begun(greedy, maxObjects)
            : await plainly(memory, options);

        const found = await read(memory, options);

        seen.add(kind);
        numTies += isSame(found, plain, `${kind} draft ${draft.join()}`) ? 0 : 1;
      }
      assert.is(seen.size, DRAFT_KINDS.length);
      assert.is(numTies, 0, 'frames that differ by a tie');
    });
  }

  withModel('a right draft is accepted whole, and every object is reused', async () => {
    for (const [name, frames] of clips) {
      const { memory, greedy } = frames[0]!;

      const { counts, reused, tokens } = await read(memory, {
        draft: Int32Array.from(greedy.tokens),
        reuse: 'refine',
      });

      assert.is(counts.accepted, tokens.length, name);
      assert.is(counts.drafted, tokens.length);
      assert.ok([...reused].every((flag) => flag === 1));
      assert.ok(counts.passes <= Math.ceil(tokens.length / 12) + 1, String(counts.passes));
    }
  });

  withModel('reads no object twice, also where frames are far apart', async () => {
    for (const reuse of KEEPING) {
      for (const step of [1, 3]) {
        let draft: Int32Array = new Int32Array();
        for (const [i, { memory }] of (clips.get('steady') ?? []).entries()) {
          if (i % step === 0) {
            draft = (await read(memory, { draft, reuse })).tokens;
            const most = highestOverlap(draft);
            assert.ok(most < 0.7, `${reuse}, frame ${i}: two of one class with an IoU of ${most}`);
          }
        }
      }
    }
  });

  withModel('saves calls on the steady clip, the tolerant modes most', async () => {
    const numCalls: number[] = [];
    for (const reuse of ['off', 'refine', 'sticky', 'tolerant'] as const) {
      let [draft, sum]: [Int32Array, number] = [new Int32Array(), 0];
      for (const { memory } of clips.get('steady') ?? []) {
        const found = await read(memory, { draft, reuse });
        draft = found.tokens;
        sum += found.counts.passes;
      }
      numCalls.push(sum);
    }
    const [off = 0, refine = 0, sticky = 0, tolerant = 0] = numCalls;
    const title = `${numCalls.join()} calls`;
    assert.ok(refine < off / 2 && sticky < refine && tolerant < refine, title);
  });

  withModel(
    'draws at random what it draws without a draft, so that the distribution is kept',
    async () => {
      const [before, now] = clips.get('steady')!;
      const draft = Int32Array.from(before!.greedy.tokens);
      let [numDrafted, numOff] = [0, 0];
      for (const seed of [1, 2, 3]) {
        const drawing = { topP: 0.9, temperature: 1.2, seed, maxObjects: 10 };
        const off = await read(now!.memory, { ...drawing, reuse: 'off' });
        for (const reuse of KEEPING) {
          const found = await read(now!.memory, { ...drawing, draft, reuse });
          assert.equal(found.tokens, off.tokens, `${reuse}, seed ${seed}`);
          numDrafted += found.counts.passes / KEEPING.length;
        }
        numOff += off.counts.passes;
      }
      assert.ok(numDrafted < numOff, `${numDrafted} calls, without drafts ${numOff}`);
    },
  );
});
