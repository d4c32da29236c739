import { budget } from '../../../../models/index.ts';
import type { DecodeOptions, Reuse, StopRule, TokenSequence } from '../../../../models/index.ts';
import * as assert from '../../../support/assert.ts';
import { suite } from '../../../support/suite.ts';
import { WIDE, decoderOn, fakeGraph, readingOf } from '../../../support/models/fakeGraph.ts';
import type { FakeGraph } from '../../../support/models/fakeGraph.ts';
import { readPlainly } from '../../../support/models/readPlainly.ts';
import type { PlainReading } from '../../../support/models/readPlainly.ts';
import {
  DRAFT_KINDS,
  disturbed,
  draftOf,
  objectAt,
  seeded,
  showing,
} from '../../../support/models/scenes.ts';
import type { Tokens } from '../../../support/models/scenes.ts';

const KEEPING: readonly Reuse[] = ['exact', 'refine', 'sticky', 'tolerant'];
const NUM_SCENES = 24;
const MAX_CASES_MS = 30_000;

/** A frame, and what the plain rule reads out of it. */
interface Case {
  readonly fake: FakeGraph;
  readonly draft: Int32Array;
  readonly title: string;
}

/** Wavering scenes with every kind of draft. */
function* cases(seed: number, numScenes = NUM_SCENES): Generator<Case> {
  const random = seeded(seed);
  for (let i = 0; i < numScenes; i++) {
    const places = Array.from({ length: 1 + random(9) }, () => random(25));
    const objects = [...new Set(places)].map((place) => objectAt(place, random(3)));
    const noisy = objects.map((object): Tokens =>
      random(6) === 0 ? ([...object.slice(0, 4), 3] as never) : object,
    );
    const scene = showing(noisy, { oneIn: 1 + random(12), seed: i });
    for (const kind of DRAFT_KINDS) {
      const fake = fakeGraph([scene]);
      const draft = disturbed(draftOf(...objects), kind, random);
      yield { fake, draft, title: `scene ${i}, ${kind}` };
    }
  }
}

/** What the rule reads token by token. */
function plainly({ fake }: Case, options: DecodeOptions): Promise<PlainReading> {
  return readPlainly(fake.session, WIDE, fake.memoryOf(0), readingOf(options).options);
}

async function read(
  { fake, title }: Case,
  options: DecodeOptions,
  rules: readonly StopRule[] = [],
): Promise<TokenSequence> {
  const numBefore = fake.numRuns;
  const found = await decoderOn(fake.session).decode(
    fake.memoryOf(0),
    readingOf(options, { rules }),
  );
  assert.is(found.counts.passes, fake.numRuns - numBefore, `${title}: calls`);
  assert.is(found.counts.accepted + found.counts.decoded, found.tokens.length, title);
  return found;
}

function same(found: TokenSequence, plain: PlainReading, title: string): void {
  assert.equal([...found.tokens], plain.tokens, title);
  assert.equal([...found.continues], plain.continues, title);
  assert.close(found.scores, plain.scores, { abs: 1e-3 });
  assert.is(found.stop, plain.stop, title);
}

/** Asserts whole objects that begin the other sequence. */
function isPrefix(short: TokenSequence, long: TokenSequence, title: string): void {
  assert.is(short.tokens.length, 5 * short.scores.length, title);
  assert.equal(short.tokens, long.tokens.slice(0, short.tokens.length), title);
  assert.equal(short.continues, long.continues.slice(0, short.continues.length), title);
  assert.equal(short.noises, long.noises.slice(0, short.noises.length), title);
}

suite('Decoder on many scenes and drafts', (test) => {
  for (const reuse of KEEPING) {
    test(
      `${reuse} reads what its rule reads token by token from nothing`,
      async () => {
        let numCalls = 0;
        let numPlain = 0;
        for (const each of cases(11)) {
          const options = { draft: each.draft, reuse, noiseThreshold: 0.5, noisePatience: 2 };
          const found = await read(each, options);
          same(found, await plainly(each, options), each.title);
          numCalls += found.counts.passes;
          numPlain += 4 * found.scores.length + 1;
        }
        assert.ok(numCalls < 0.95 * numPlain, `${numCalls} calls, plainly ${numPlain}`);
      },
      { timeoutMs: MAX_CASES_MS },
    );
  }

  test(
    'exact and refine read what is read without a draft',
    async () => {
      for (const each of cases(12)) {
        const off = await read(each, { reuse: 'off' });
        for (const reuse of ['exact', 'refine'] as const) {
          const found = await read(each, { draft: each.draft, reuse });
          assert.equal(found.tokens, off.tokens, each.title);
          assert.equal(found.scores, off.scores, each.title);
          assert.ok(found.counts.passes <= off.counts.passes, `${each.title}: more calls`);
        }
      }
    },
    { timeoutMs: MAX_CASES_MS },
  );

  test(
    'sticky of stickiness 1, and tolerant of it without tolerance, are the plain rule',
    async () => {
      for (const each of cases(13)) {
        const off = await read(each, { reuse: 'off' });
        for (const reuse of ['sticky', 'tolerant'] as const) {
          const options = { draft: each.draft, reuse, stickiness: 1, tolerance: 0 };
          assert.equal((await read(each, options)).tokens, off.tokens, each.title);
        }
      }
    },
    { timeoutMs: MAX_CASES_MS },
  );

  test(
    'what sticky read is read again from it, in one call for every 32 tokens',
    async () => {
      for (const each of cases(14)) {
        const first = await read(each, { draft: each.draft, reuse: 'sticky', noiseThreshold: 1 });
        const again = await read(each, { draft: first.tokens, reuse: 'sticky', noiseThreshold: 1 });

        assert.equal(again.tokens, first.tokens, each.title);
        assert.is(again.counts.accepted, first.tokens.length, each.title);
        assert.ok(again.counts.passes <= 1 + first.tokens.length / 32, each.title);
      }
    },
    { timeoutMs: MAX_CASES_MS },
  );

  test(
    'a stopped sequence is a prefix of the unstopped one, for every rule and any two of them',
    async () => {
      const random = seeded(15);
      const fired = new Set<string>();
      for (const each of cases(15, 25)) {
        for (const reuse of ['off', ...KEEPING] as const) {
          const draft = { draft: each.draft, reuse, eosOffset: random(2) * 2 };
          const full = await read(each, { ...draft, noiseThreshold: 1, maxObjects: 20 });
          let numAsked = 0;
          const stops: DecodeOptions[] = [
            { maxObjects: 1 + random(6) },
            { noiseThreshold: 0.5, noisePatience: 1 + random(2) },
            { demand: [{ limit: 1 + random(3) }, { classes: ['square'], limit: 1 }] },
          ];
          const one = random(3);
          const options = { maxObjects: 20, ...draft, ...stops[one], ...stops[random(3)] };
          const calls = 1 + random(12);
          const timed = budget(calls, () => numAsked++); // it asks once to begin with
          const rules = random(2) === 0 ? [timed] : [];

          const stopped = await read(each, options, rules);

          fired.add(stopped.stop);
          isPrefix(stopped, full, `${each.title}, ${reuse}, ${JSON.stringify(options)}`);
          assert.is(stopped.final, stopped.stop !== 'budget');
          assert.ok(rules.length === 0 || stopped.counts.passes <= calls);
        }
      }
      assert.equal([...fired].sort(), ['budget', 'eos', 'filter', 'maxObjects', 'noise']);
    },
    { timeoutMs: MAX_CASES_MS },
  );
});

suite('Decoder after a wrong guess', (test) => {
  test('feeds exactly the rows of what was read, as from nothing', async () => {
    for (const each of cases(16, 20)) {
      for (const reuse of KEEPING) {
        each.fake.calls.length = 0;
        const found = await read(each, { draft: each.draft, reuse });

        // the tokens that stand in the cache: under `tolerant` the draft's, else what was read
        const sequence = [1];
        for (let i = 0; i < found.tokens.length; i += 5) {
          sequence.push(...found.tokens.subarray(i, i + 4), 3);
        }
        for (const { past, position } of each.fake.calls) {
          assert.is(past.length, position);
          if (reuse !== 'tolerant') {
            assert.equal(past.slice(0, sequence.length), sequence.slice(0, position), each.title);
          }
        }
      }
    }
  });
});
