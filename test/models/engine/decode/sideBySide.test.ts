import { openLocalDetector } from '../../../../models/index.ts';
import type {
  DecodeHooks,
  DecodeOptions,
  Detector,
  TokenSequence,
} from '../../../../models/index.ts';
import * as assert from '../../../support/assert.ts';
import { MODEL_TEST_MS, suite } from '../../../support/suite.ts';
import { SCENES, picturesOf } from '../../../support/models/clipFrames.ts';

const NUM_FRAMES = 8; // of each source
const SOURCES = ['panning', 'cutting'] as const;
type Source = (typeof SOURCES)[number];

/** What is read of a source, frame by frame. */
interface Played {
  readonly found: readonly TokenSequence[];
}

const bare = ({ tokens, continues, reused, stop, counts }: TokenSequence): unknown => ({
  tokens,
  continues,
  reused,
  stop,
  counts,
});

suite('frames of several sources side by side', (test) => {
  const withModel = (title: string, work: () => Promise<void>): void =>
    test(title, work, { timeoutMs: MODEL_TEST_MS });
  let single: Detector;
  let double: Detector;
  const pictures = new Map<Source, Uint8Array[]>();
  const alone = new Map<string, Played>();

  /** Plays a source: the tokens of each frame are the draft of its next. */
  async function play(
    detector: Detector,
    source: Source,
    options: DecodeOptions = {},
    hooksOf: (frame: number) => DecodeHooks = () => ({}),
  ): Promise<Played> {
    const found: TokenSequence[] = [];
    let draft: Int32Array = new Int32Array();
    for (const [i, picture] of (pictures.get(source) ?? []).entries()) {
      using features = await detector.encode(picture);
      const read = await detector.decode(features, { draft, ...options }, hooksOf(i));
      draft = read.tokens;
      found.push(read);
    }
    return { found };
  }

  function same(played: Played, expected: Played | undefined, title: string): void {
    assert.is(played.found.length, NUM_FRAMES);
    for (const [i, read] of played.found.entries()) {
      assert.equal(bare(read), bare(expected!.found[i]!), `${title}, frame ${i}`);
      assert.close(read.scores, expected!.found[i]!.scores, { abs: 1e-3 });
    }
  }

  test.before(async () => {
    single = await openLocalDetector({ device: 'cpu', threads: 1 });
    double = await openLocalDetector({ device: 'cpu', threads: 1, batch: 2 });
    for (const source of SOURCES) {
      pictures.set(source, await picturesOf(SCENES[source], NUM_FRAMES));
    }
    for (const source of SOURCES) {
      for (const reuse of ['refine', 'sticky'] as const) {
        alone.set(`${source} ${reuse}`, await play(single, source, { reuse }));
      }
    }
  });
  test.after(async () => {
    await single.close();
    await double.close();
  });

  for (const reuse of ['refine', 'sticky'] as const) {
    withModel(`reads each as it reads it alone, in turns and in one batch, ${reuse}`, async () => {
      for (const detector of [single, double]) {
        const both = await Promise.all(SOURCES.map((source) => play(detector, source, { reuse })));

        for (const [i, played] of both.entries()) {
          const source = SOURCES[i]!;
          same(played, alone.get(`${source} ${reuse}`), source);
        }
      }
    });
  }

  withModel('goes on with the others where one is aborted in the middle', async () => {
    const hooksOf = (frame: number): DecodeHooks => {
      const controller = new AbortController();
      const isCut = frame % 2 === 1;
      return {
        signal: controller.signal,
        onObject: ({ index }) => isCut && index === 1 && controller.abort(),
      };
    };

    const [cut, other] = await Promise.all([
      play(double, 'panning', { reuse: 'off' }, hooksOf),
      play(double, 'cutting', { reuse: 'refine' }),
    ]);

    same(other, alone.get('cutting refine'), 'cutting');
    assert.equal(
      cut.found.map(({ stop, scores }) => (stop === 'abort' ? scores.length : 'whole')),
      ['whole', 2, 'whole', 2, 'whole', 2, 'whole', 2],
    );
  });

  withModel('goes on with the others where the callback of one throws', async () => {
    const [picture] = pictures.get('panning') ?? [];
    using features = await double.encode(picture!);
    const failing = async (): Promise<number> => {
      let numThrown = 0;
      for (let i = 0; i < 6; i++) {
        const reading = double.decode(
          features,
          {},
          {
            onObject: ({ index }) => {
              if (index === i % 3) {
                throw new Error('callback');
              }
            },
          },
        );
        await assert.rejects(reading, { message: /^callback$/ });
        numThrown += 1;
      }
      return numThrown;
    };

    const [numThrown, other] = await Promise.all([failing(), play(double, 'cutting')]);

    assert.is(numThrown, 6);
    same(other, alone.get('cutting refine'), 'cutting');
    const [again] = (await play(double, 'panning')).found;
    assert.equal(again?.tokens, alone.get('panning refine')?.found[0]?.tokens);
  });

  withModel('serves more sources than it reads side by side', async () => {
    const sources = ['panning', 'cutting', 'panning', 'cutting', 'panning'] as const;

    const all = await Promise.all(sources.map((source) => play(double, source)));

    for (const [i, played] of all.entries()) {
      same(played, alone.get(`${sources[i]!} refine`), `${sources[i]!} ${i}`);
    }
  });

  withModel('tells of each where it looked, as it does alone', async () => {
    const options = { attention: true, reuse: 'refine', maxObjects: 4 } as const;
    const expected: Played[] = [];
    for (const source of SOURCES) {
      expected.push(await play(single, source, options));
    }

    const both = await Promise.all(SOURCES.map((source) => play(double, source, options)));

    for (const [i, played] of both.entries()) {
      same(played, expected[i], SOURCES[i]!);
      for (const [f, { attention, tokens }] of played.found.entries()) {
        assert.is(attention?.length, tokens.length);
        for (const [t, { shares }] of (attention ?? []).entries()) {
          assert.close(shares, expected[i]!.found[f]!.attention![t]!.shares, { abs: 1e-3 });
          assert.close([shares.reduce((a, b) => a + b, 0)], [1], { abs: 1e-3 });
        }
      }
    }
  });
});
