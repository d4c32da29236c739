import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openLocalDetector } from '../../../models/index.ts';
import type {
  DecodeOptions,
  Detector,
  Features,
  ObjectTokens,
  StopReason,
  StopRule,
  TokenSequence,
} from '../../../models/index.ts';
import * as assert from '../../support/assert.ts';
import { MODEL_TEST_MS, suite } from '../../support/suite.ts';
import { PICTURES, BUNDLED, letterboxed, readGolden } from '../../support/models/bundled.ts';
import { copyFolder } from '../../support/models/tinyModel.ts';

const ENDLESS: DecodeOptions = { eosOffset: 1e9, noiseThreshold: 1 };
/** Nothing ends the reading but the end token. */
const PLAIN: DecodeOptions = { eosOffset: 0, noiseThreshold: 1 };

function isPrefix(short: TokenSequence, long: TokenSequence): void {
  assert.is(short.tokens.length, 5 * short.scores.length, 'whole objects');
  assert.equal(short.tokens, long.tokens.slice(0, short.tokens.length));
  assert.equal(short.scores, long.scores.slice(0, short.scores.length));
}

suite('openLocalDetector with the bundled model', (test) => {
  const withModel = (title: string, work: () => Promise<void>): void =>
    test(title, work, { timeoutMs: MODEL_TEST_MS });
  let detector: Detector;
  const features = new Map<string, Features>();
  const featuresOf = (picture: string): Features => features.get(picture)!;

  test.before(async () => {
    detector = await openLocalDetector({ device: 'cpu' });
    for (const picture of PICTURES) {
      features.set(picture, await detector.encode(await letterboxed(picture)));
    }
  });
  test.after(() => detector.close());

  withModel(
    'sees the very bytes, and is the very model, that the golden tokens were made with',
    async () => {
      for (const picture of PICTURES) {
        const golden = await readGolden(picture);
        const sha256 = (bytes: Uint8Array): string =>
          createHash('sha256').update(bytes).digest('hex');

        assert.is(sha256(await letterboxed(picture)), golden.imageSha256, picture);
        for (const [name, expected] of Object.entries(golden.modelSha256)) {
          const found = sha256(await readFile(join(BUNDLED, name)));
          assert.is(found, expected, `${name}; after a change run fixtures/build/makeGolden.py`);
        }
      }
    },
  );

  for (const picture of PICTURES) {
    withModel(`reads the reference’s tokens out of ${picture}, whatever the settings`, async () => {
      const { runs } = await readGolden(picture);
      assert.ok(runs.length >= 6);

      for (const { options, tokens, scores, stop } of runs) {
        const found = await detector.decode(featuresOf(picture), options);

        const title = JSON.stringify(options);
        assert.equal([...found.tokens], tokens, title);
        assert.close(found.scores, scores, { abs: 1e-3 });
        assert.is(found.stop, stop, title);
      }
    });
  }

  withModel('uses the model’s own decode settings where none are given', async () => {
    const own = await detector.decode(featuresOf('campus'));
    const spelt = await detector.decode(featuresOf('campus'), detector.model.decode);

    assert.equal(own.tokens, spelt.tokens);
    assert.is(own.stop, spelt.stop);
  });

  withModel('stops with a prefix of what it would have read, for each rule', async () => {
    for (const picture of PICTURES) {
      const full = await detector.decode(featuresOf(picture), { ...ENDLESS, maxObjects: 40 });
      assert.is(full.scores.length, 40);
      const cases: [DecodeOptions, StopReason][] = [
        [{ ...ENDLESS, maxObjects: 1 }, 'maxObjects'],
        [{ ...ENDLESS, maxObjects: 7 }, 'maxObjects'],
        [{ ...PLAIN, maxObjects: 40 }, 'eos'],
        [{ ...PLAIN, eosOffset: 2, maxObjects: 40 }, 'eos'],
        [{ eosOffset: 1e9, noiseThreshold: 0.5, noisePatience: 2, maxObjects: 40 }, 'noise'],
        [{ eosOffset: 1e9, noiseThreshold: 0.1, noisePatience: 1, maxObjects: 40 }, 'noise'],
      ];

      for (const [options, stop] of cases) {
        const stopped = await detector.decode(featuresOf(picture), options);
        isPrefix(stopped, full);
        assert.is(stopped.stop, stop, JSON.stringify(options));
        assert.is(stopped.final, true);
      }
    }
  });

  withModel('stops with a prefix when the time is up, and says that it is not final', async () => {
    const full = await detector.decode(featuresOf('campus'), ENDLESS);
    const cut = await detector.decode(featuresOf('campus'), {
      ...ENDLESS,
      budgetMs: full.tokensMs / 4,
    });

    isPrefix(cut, full);
    assert.is(cut.stop, 'budget');
    assert.is(cut.final, false);
    assert.ok(cut.scores.length < 100);
  });

  withModel('counts four calls an object and one more, however it stops', async () => {
    for (const options of [PLAIN, { ...ENDLESS, maxObjects: 3 }, ENDLESS]) {
      const decodeOptions = { ...options, reuse: 'off' } as const;
      const { counts, scores, tokens } = await detector.decode(featuresOf('campus'), decodeOptions);

      assert.is(counts.passes, 4 * scores.length + 1);
      assert.is(counts.decoded, 5 * scores.length);
      assert.is(tokens.length, 5 * scores.length);
      assert.is(counts.drafted, 0);
      assert.is(counts.accepted, 0);
    }
  });

  withModel('takes fewer calls with what the encoder proposes, for the same', async () => {
    for (const options of [PLAIN, { ...ENDLESS, maxObjects: 12 }]) {
      const plain = await detector.decode(featuresOf('campus'), { ...options, reuse: 'off' });
      const guessed = await detector.decode(featuresOf('campus'), options);

      assert.equal(guessed.tokens, plain.tokens);
      assert.ok(2 * guessed.counts.passes < plain.counts.passes, `${guessed.counts.passes} calls`);
    }
  });

  withModel('gives the same twice', async () => {
    for (const options of [{}, { topP: 0.9, temperature: 1.5, seed: 5 }]) {
      const first = await detector.decode(featuresOf('campus'), options);
      const second = await detector.decode(featuresOf('campus'), options);

      assert.equal(second.tokens, first.tokens);
      assert.equal(second.scores, first.scores);
    }
  });

  withModel('draws other tokens for another seed', async () => {
    const sample = async (seed: number): Promise<string> => {
      const options = { ...ENDLESS, maxObjects: 5, topP: 0.95, temperature: 2, seed };
      return (await detector.decode(featuresOf('campus'), options)).tokens.join();
    };

    assert.is.not(await sample(1), await sample(2));
  });

  withModel('does not mix up encodes and decodes that are asked for at once', async () => {
    const images = await Promise.all(PICTURES.map(letterboxed));
    const golden = await Promise.all(PICTURES.map(readGolden));

    const encoded = images.map((image) => detector.encode(image));
    const decoded = encoded.map(async (made) => detector.decode(await made, PLAIN));
    const again = PICTURES.map((picture) => detector.decode(featuresOf(picture), PLAIN));

    for (const all of [decoded, again]) {
      for (const [i, found] of (await Promise.all(all)).entries()) {
        assert.equal([...found.tokens], golden[i]!.runs[0]!.tokens, PICTURES[i]);
      }
    }
  });

  withModel('hands out each object in order before it settles', async () => {
    const seen: ObjectTokens[] = [];
    let settled = false;
    const found = await detector
      .decode(featuresOf('campus'), PLAIN, {
        onObject: (object) => {
          assert.not(settled);
          seen.push(object);
        },
      })
      .finally(() => {
        settled = true;
      });

    assert.equal(
      seen.map(({ index }) => index),
      [...found.scores.keys()],
    );
    assert.equal(
      seen.flatMap(({ tokens }) => [...tokens]),
      [...found.tokens],
    );
    assert.close(
      seen.map(({ score }) => score),
      found.scores,
      { abs: 1e-6 },
    );
  });

  withModel('ends between two tokens when it is aborted', async () => {
    const full = await detector.decode(featuresOf('campus'), ENDLESS);
    const controller = new AbortController();

    const cut = await detector.decode(
      featuresOf('campus'),
      { ...ENDLESS, reuse: 'off' },
      {
        signal: controller.signal,
        onObject: ({ index }) => index === 1 && controller.abort(),
      },
    );

    isPrefix(cut, full);
    assert.is(cut.stop, 'abort');
    assert.is(cut.final, false);
    assert.is(cut.scores.length, 2);
    assert.is(cut.counts.passes, 9);
  });

  withModel('drops the object it was in the middle of when it is aborted', async () => {
    const full = await detector.decode(featuresOf('campus'), ENDLESS);
    let numCalls = 0;
    const tenth: StopRule = {
      reason: 'abort',
      start: () => ({ beforeCall: () => (numCalls += 1) > 10 }),
    };
    await using other = await openLocalDetector({ device: 'cpu', rules: [tenth] });
    using own = await other.encode(await letterboxed('campus'));

    const cut = await other.decode(own, { ...ENDLESS, reuse: 'off' });

    isPrefix(cut, full);
    assert.is(cut.counts.passes, 10); // two objects take nine
    assert.is(cut.scores.length, 2);
    assert.is(cut.final, false);
  });

  withModel('makes no call at all for a signal that is aborted already', async () => {
    const cut = await detector.decode(featuresOf('campus'), ENDLESS, {
      signal: AbortSignal.abort(),
    });

    assert.is(cut.stop, 'abort');
    assert.is(cut.counts.passes, 0);
    assert.is(cut.tokens.length, 0);
  });

  withModel('takes pictures in shared memory and in views of larger memory', async () => {
    const image = await letterboxed('campus');
    const shared = new Uint8Array(new SharedArrayBuffer(image.length));
    shared.set(image);
    const view = new Uint8Array(image.length + 11).subarray(5, 5 + image.length);
    view.set(image);
    const { runs } = await readGolden('campus');

    for (const other of [shared, view]) {
      using made = await detector.encode(other);
      const found = await detector.decode(made, PLAIN);
      assert.equal([...found.tokens], runs[0]!.tokens);
    }
  });

  withModel('reads features of the shapes on the card', async () => {
    const read = await featuresOf('campus').read();

    assert.equal(
      Object.entries(read).map(([name, { type, dims }]) => `${name} ${type} ${dims.join()}`),
      [
        'memory.box float32 1,4,96',
        'memory.unit float32 1,4,96',
        'memory.prob float32 1,96,80',
        'memory.rank float32 1,96',
        'memory.splat float32 1,4,96,500',
        'proposals float32 1,96,4',
      ],
    );
    for (const { dims, data } of Object.values(read)) {
      assert.is(
        (data as Float32Array).length,
        dims.reduce((a, b) => a * b, 1),
      );
    }
  });

  // A folder with `classInput: "class"` feeds the class that was read, in a call of its own, where the
  // nano is fed the noise id beside xmax. Its graph makes no difference between the two, so that the
  // whole sequence must be the same; for a model whose graph does, only the first object would be.
  withModel('reads the same with the class step fused and in calls of one token', async () => {
    await using folder = await copyFolder(BUNDLED, {
      describe: (file) => ({
        ...file,
        sequence: { box: 'ymin xmin ymax xmax', classInput: 'class' },
      }),
    });
    await using apart = await openLocalDetector({ model: folder.path, device: 'cpu' });

    for (const picture of PICTURES) {
      using own = await apart.encode(await letterboxed(picture));
      for (const options of [PLAIN, { ...ENDLESS, maxObjects: 20 }]) {
        const fused = await detector.decode(featuresOf(picture), options);
        const found = await apart.decode(own, options);

        assert.equal(found.tokens, fused.tokens);
        assert.close(found.scores, fused.scores, { abs: 1e-4 });
        assert.is(found.stop, fused.stop);
        const numEnds = found.stop === 'eos' ? 1 : 0;
        assert.is(found.counts.passes, 5 * found.scores.length + numEnds);
      }
    }
  });
});
