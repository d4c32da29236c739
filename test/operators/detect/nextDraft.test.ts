import type { StopReason } from '../../../models/core/types.ts';
import { NO_DRAFT, nextDraft, objectIdsOf } from '../../../operators/detect/nextDraft.ts';
import type { Draft, NextDraftConfig } from '../../../operators/detect/nextDraft.ts';
import * as assert from '../../support/assert.ts';
import { suite } from '../../support/suite.ts';
import { seeded, sequenceOf, tokensOf } from '../../support/detect/sequences.ts';
import type { ReadObject } from '../../support/detect/sequences.ts';

const NUM_CASES = 600;
const CUTS: readonly StopReason[] = ['budget', 'abort', 'filter'];
const ENDS: readonly StopReason[] = ['eos', 'noise', 'maxObjects'];
const GUESS = { isGuess: true, sorts: false };
const INEXACT = { isGuess: false, sorts: false };

/** A draft of objects, by the number of each and where it is. */
function draftOf(objects: readonly (readonly [objectId: number, at: number])[]): Draft {
  return {
    tokens: Int32Array.from(objects.flatMap(([, at]) => tokensOf(at))),
    objectIds: Int32Array.from(objects, ([objectId]) => objectId),
    ages: new Int32Array(objects.length),
  };
}

/** Reads some objects with a draft, and makes the next one. */
function next(
  objects: readonly ReadObject[],
  config: NextDraftConfig,
  { before = NO_DRAFT, stop = 'eos' }: { before?: Draft; stop?: StopReason } = {},
): Draft {
  const sequence = sequenceOf(objects, stop);
  return nextDraft(sequence, before, objectIdsOf(sequence, before, 10), config);
}

/** Compares all but the ages. */
function assertSame(
  { tokens, objectIds }: Draft,
  objects: readonly (readonly [objectId: number, at: number])[],
): void {
  const expected = draftOf(objects);
  assert.equal([tokens, objectIds], [expected.tokens, expected.objectIds]);
}

suite('objectIdsOf', (test) => {
  const before = draftOf([
    [4, 0],
    [7, 20],
  ]);
  const objectIds = (...continues: number[]): number[] => [
    ...objectIdsOf({ continues: Int32Array.from(continues) }, before, 7),
  ];

  test('gives an object that goes on its number, and a new one the next', () => {
    assert.equal(objectIds(1, -1, 0, -1), [7, 8, 4, 9]);
  });

  test('gives every object a new number where nothing goes on', () => {
    assert.equal(objectIds(-1, -1), [8, 9]);
    assert.equal(objectIds(), []);
  });
});

suite('nextDraft', (test) => {
  test('is what was read, noise and order kept, where it is but a guess', () => {
    const objects = [
      { at: 0, score: 0.2, noise: 0.7 },
      { at: 20, score: 0.5 },
      { at: 40, score: 0.1, noise: 0.8 },
      { at: 60, score: 0.9 },
      { at: 80, score: 0.1, noise: 0.8 },
    ];

    for (const sorts of [false, true]) {
      assert.equal(
        next(objects, { isGuess: true, sorts }),
        draftOf([
          [11, 0],
          [12, 20],
          [13, 40],
          [14, 60],
          [15, 80],
        ]),
      );
    }
  });

  test('leaves noise out but at the end, where it is more than a guess', () => {
    const objects = [
      { at: 0, score: 0.05, noise: 0.93 },
      { at: 20, score: 0.5 },
      { at: 40, score: 0.02, noise: 0.97 },
      { at: 60, score: 0.9 },
      { at: 80, score: 0.02, noise: 0.97 },
      { at: 90, score: 0.05, noise: 0.93 },
    ];

    assert.equal(
      next(objects, INEXACT),
      draftOf([
        [12, 20],
        [14, 60],
        [15, 80],
        [16, 90],
      ]),
    );
  });

  test('takes an object for noise that is almost certainly noise, and no other', () => {
    const among = (score: number, noise: number): number[] => [
      ...next([{ at: 0, score, noise }, { at: 20 }], INEXACT).objectIds,
    ];

    assert.equal(among(0.05, 0.92), [12]);
    assert.equal(among(0.1, 0.88), [11, 12]);
    assert.equal(among(0.5, 0.25), [11, 12]);
  });

  test('keeps noise where there is nothing else', () => {
    const objects = [
      { at: 0, score: 0.02, noise: 0.95 },
      { at: 20, score: 0.04, noise: 0.93 },
    ];

    for (const sorts of [false, true]) {
      assert.equal([...next(objects, { isGuess: false, sorts }).objectIds], [11, 12]);
    }
  });

  test('is empty where nothing was read and nothing was drafted', () => {
    for (const stop of [...ENDS, ...CUTS]) {
      assert.equal(next([], INEXACT, { stop }), NO_DRAFT);
    }
  });

  test('sorts by score where asked to, equals as they were and the noise at the end behind', () => {
    const objects = [
      { at: 0, score: 0.5 },
      { at: 20, score: 0.9 },
      { at: 40, score: 0.95, noise: 0.99 },
      { at: 60, score: 0.5 },
      { at: 80, score: 0.7 },
      { at: 90, score: 0.8, noise: 0.95 },
    ];

    assert.equal(
      next(objects, { isGuess: false, sorts: true }),
      draftOf([
        [12, 20],
        [15, 80],
        [11, 0],
        [14, 60],
        [16, 90],
      ]),
    );
    assert.equal([...next(objects, INEXACT).objectIds], [11, 12, 14, 15, 16]);
  });

  const before = draftOf([
    [1, 0],
    [2, 20],
    [3, 40],
    [4, 60],
  ]);
  const read = [
    { at: 42, continues: 2, score: 0.5 },
    { at: 90, score: 0.6 },
  ];
  for (const [config, name] of [
    [GUESS, 'a guess'],
    [INEXACT, 'more than a guess'],
  ] as const) {
    for (const stop of CUTS) {
      test(`keeps what was not read any more behind, after ${stop}, as ${name}`, () => {
        assertSame(next(read, config, { before, stop }), [
          [3, 42],
          [11, 90],
          [1, 0],
          [2, 20],
          [4, 60],
        ]);
      });
    }

    for (const stop of ENDS) {
      test(`forgets what was not read, after ${stop}, as ${name}`, () => {
        assertSame(next(read, config, { before, stop }), [
          [3, 42],
          [11, 90],
        ]);
      });
    }
  }

  test('sorts only what was read: the unread stays behind it', () => {
    const sorts = { isGuess: false, sorts: true };

    assert.equal([...next(read, sorts, { before, stop: 'budget' }).objectIds], [11, 3, 1, 2, 4]);
  });

  test('does not bring back what turned out to be noise', () => {
    const noise = { at: 21, continues: 1, score: 0.05, noise: 0.95 };

    assert.equal(
      [...next([noise, ...read], INEXACT, { before, stop: 'budget' }).objectIds],
      [3, 11, 1, 4],
    );
  });

  test('keeps the whole draft after a frame that was cut before its first object', () => {
    const { tokens, objectIds } = next([], INEXACT, { before, stop: 'budget' });

    assert.equal([tokens, objectIds], [before.tokens, before.objectIds]);
  });

  test('forgets an object that nobody looked at for more than ten frames', () => {
    let draft = draftOf([[1, 0]]);
    const numFrames = Array.from({ length: 20 }, () => {
      draft = next([], INEXACT, { before: draft, stop: 'filter' });
      return draft.objectIds.length;
    }).filter((length) => length > 0).length;

    assert.is(numFrames, 10);
  });

  test('never has a draft of more objects than a frame can hold', () => {
    let draft = NO_DRAFT;
    let last = 0;
    for (let i = 0; i < 1_000; i++) {
      const sequence = sequenceOf([{ at: i }], 'filter');
      const objectIds = objectIdsOf(sequence, draft, last);
      last = Math.max(last, ...objectIds);
      draft = nextDraft(sequence, draft, objectIds, { isGuess: true, sorts: false });
    }

    assert.ok(draft.objectIds.length <= 100, `${draft.objectIds.length} objects`);
  });

  test(`loses nothing and makes nothing up, in ${NUM_CASES} random frames`, () => {
    const random = seeded(7);
    for (let i = 0; i < NUM_CASES; i++) {
      check(randomCase(random), `case ${i}`);
    }
  });
});

interface Case {
  readonly before: Draft;
  readonly objects: readonly Required<ReadObject>[];
  readonly stop: StopReason;
  readonly config: NextDraftConfig;
  readonly lastObjectId: number;
}

/** A frame of up to 8 objects, some of which go on from a draft of up to 8, in any order. */
function randomCase(random: (below: number) => number): Case {
  const lastObjectId = 20 + random(20);
  const numDrafted = random(9);
  const objectIds = shuffled(lastObjectId, random).slice(0, numDrafted);
  const before = draftOf(objectIds.map((objectId, i) => [objectId + 1, i]));
  const indices = shuffled(8, random).map((index) => (index < numDrafted ? index : -1));
  const objects = indices.slice(0, random(9)).map((continues, i) => ({
    at: 100 + i, // no drafted one has these tokens
    score: random(5) / 4,
    noise: random(5) / 4,
    continues,
  }));
  const stop = [...CUTS, ...ENDS][random(6)] ?? 'eos';
  return {
    before,
    objects,
    stop,
    config: { isGuess: random(2) === 0, sorts: random(2) === 0 },
    lastObjectId,
  };
}

/** The numbers from 0 to below `count`, in a random order. */
function shuffled(count: number, random: (below: number) => number): number[] {
  const left = Array.from({ length: count }, (_, i) => i);
  return Array.from({ length: count }, () => left.splice(random(left.length), 1)[0] ?? -1);
}

function check({ before, objects, stop, config, lastObjectId }: Case, name: string): void {
  const sequence = sequenceOf(objects, stop);
  const readIds = objectIdsOf(sequence, before, lastObjectId);
  const draft = nextDraft(sequence, before, readIds, config);

  assert.is(readIds.length, objects.length, name);
  objects.forEach(({ continues }, i) => {
    const objectId = readIds[i] ?? 0;
    assert.is(
      continues < 0 ? objectId > lastObjectId : objectId === before.objectIds[continues],
      true,
      name,
    );
  });

  const objectIds = [...draft.objectIds];
  assert.is(draft.tokens.length, 5 * objectIds.length, name);
  assert.is(new Set(objectIds).size, objectIds.length, `${name}: a number twice`);
  // each object is one that was read or, behind these, one that was not
  const places = objectIds.map((objectId, i) => {
    const readAt = readIds.indexOf(objectId);
    const draftedAt = before.objectIds.indexOf(objectId);
    const tokens = [...draft.tokens.subarray(5 * i, 5 * i + 5)];
    assert.equal(tokens, tokensOf(readAt >= 0 ? 100 + readAt : draftedAt), name);
    return readAt >= 0 ? readAt : objects.length + draftedAt;
  });
  const isRead = (place: number): boolean => place < objects.length;
  const read = places.filter(isRead);
  const unread = places.filter((place) => !isRead(place));
  assert.equal(places, [...read, ...unread], name);

  const isNoise = (place: number): boolean => (objects[place]?.noise ?? 0) > 0.9;
  const real = objects.map((_, place) => place).filter((place) => !isNoise(place));
  const numEndNoise = objects.length - 1 - (real.at(-1) ?? -1);
  const isCut = CUTS.includes(stop);
  // with more behind it, it would tell the model wrong that nothing follows
  const endNoise = isCut ? [] : [...objects.keys()].slice(objects.length - numEndNoise);
  if (config.isGuess) {
    assert.equal(read, [...objects.keys()], name);
  } else if (config.sorts) {
    const scores = read.map((place) => objects[place]?.score ?? 0);
    const sorted = scores.slice(0, real.length).toSorted((a, b) => b - a);
    assert.equal(scores.slice(0, real.length), sorted, name);
    assert.equal(
      read.slice(0, real.length).toSorted((a, b) => a - b),
      real,
      name,
    );
    assert.equal(read.slice(real.length), endNoise, name);
  } else {
    assert.equal(read, [...real, ...endNoise], name);
  }

  const seen = new Set(objects.map(({ continues }) => continues));
  const left = [...before.objectIds.keys()].filter((index) => !seen.has(index));
  const expected = isCut ? left.map((index) => objects.length + index) : [];
  assert.equal(unread, expected, name);
}
