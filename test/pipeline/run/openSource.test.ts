import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { map, lastValueFrom, take, toArray } from 'rxjs';
import sharp from 'sharp';
import { bundledImageSpec } from '../../../models/index.ts';
import { sourceName } from '../../../models/core/sourceName.ts';
import { DEMO_CLIP, openSource } from '../../../pipeline/run/openSource.ts';
import type { OpenSourceOptions, SourceFacts } from '../../../pipeline/run/openSource.ts';
import * as assert from '../../support/assert.ts';
import { findProgram } from '../../support/programs.ts';
import { END_TO_END_MS, suite } from '../../support/suite.ts';

const NUM_FRAMES = 200;
const DECODER = findProgram('ffmpeg') === undefined ? 'wasm' : 'native';

interface Seen {
  readonly source: string;
  readonly index: number;
  readonly pts: number;
  readonly sha256: string;
}

/** Opens a source, closes its frames, and tells what came. */
async function look(
  source: string,
  options: Omit<OpenSourceOptions, 'image' | 'onOpen'>,
  numFrames = Infinity,
): Promise<{ readonly frames: readonly Seen[]; readonly facts: readonly SourceFacts[] }> {
  const facts: SourceFacts[] = [];
  const onOpen = (fact: SourceFacts): void => void facts.push(fact);
  const frames = await lastValueFrom(
    openSource(source, { ...options, image: bundledImageSpec(), onOpen }).pipe(
      map((frame): Seen => {
        const { source: name, index, pts } = frame;
        const sha256 = createHash('sha256').update(frame.image).digest('hex');
        frame.close();
        return { source: name, index, pts, sha256 };
      }),
      take(numFrames),
      toArray(),
    ),
  );
  return { frames, facts };
}

suite('openSource', (test) => {
  const folder = mkdtempSync(join(tmpdir(), 'source-'));
  test.before(async () => {
    for (const [index, name] of ['1.png', '2.png', '10.png'].entries()) {
      const background = { r: 40 * index, g: 90, b: 120 };
      await sharp({ create: { width: 32, height: 24, channels: 3, background } }).toFile(
        join(folder, name),
      );
    }
  });
  test.after(() => rmSync(folder, { recursive: true }));

  test('reads a folder as pictures, 2 before 10', async () => {
    const { frames, facts } = await look(folder, {});
    const single = await look(join(folder, '10.png'), {});

    assert.equal(facts, [{ numFrames: 3, decoder: 'images' }]);
    assert.equal(
      frames.map(({ index }) => index),
      [0, 1, 2],
    );
    assert.is(frames[2]?.sha256, single.frames[0]?.sha256);
    assert.is(frames[0]?.source, sourceName(folder));
  });

  test('reads a glob and a single picture', async () => {
    const glob = await look(join(folder, '1*.png'), {});
    const single = await look(join(folder, '2.png'), { name: 'door' });

    assert.equal(glob.facts, [{ numFrames: 2, decoder: 'images' }]);
    assert.is(glob.frames[0]?.source, '1*.png');
    assert.equal(single.facts, [{ numFrames: 1, decoder: 'images' }]);
    assert.is(single.frames[0]?.source, 'door');
  });

  const limits: readonly (readonly [string, OpenSourceOptions['stride'], number, number[]])[] = [
    ['every 60th frame', 60, 0, [0, 60, 120, 180]],
    ['the first two', 1, 2, [0, 1]],
    ['the first two of every 60th', 60, 2, [0, 60]],
    ['less than it may', 60, 9, [0, 60, 120, 180]],
  ];
  for (const [title, stride, maxFrames, indices] of limits) {
    test(
      `announces and gives ${title}`,
      async () => {
        const { frames, facts } = await look(DEMO_CLIP, { stride, maxFrames });

        assert.equal(
          frames.map(({ index }) => index),
          indices,
        );
        const framesPerSecond = 10 / (stride ?? 1);
        assert.equal(facts, [{ decoder: DECODER, numFrames: indices.length, framesPerSecond }]);
      },
      { timeoutMs: END_TO_END_MS },
    );
  }

  test(
    'plays the clip in an exact loop: frame n is frame n % 200, time goes on',
    async () => {
      const numMore = 6;

      const { frames } = await look(DEMO_CLIP, { loop: true }, NUM_FRAMES + numMore);

      assert.equal(
        frames.map(({ index }) => index),
        [...Array(NUM_FRAMES + numMore).keys()],
      );
      for (const { index, sha256, pts } of frames) {
        assert.is(sha256, frames[index % NUM_FRAMES]?.sha256, `frame ${index}`);
        assert.close([pts], [index / 10], { abs: 0.011 });
      }
    },
    { timeoutMs: END_TO_END_MS },
  );

  test(
    'honors the decoder it is told',
    async () => {
      const { facts } = await look(DEMO_CLIP, { decoder: 'wasm', maxFrames: 1 });

      assert.is(facts[0]?.decoder, 'wasm');
    },
    { timeoutMs: END_TO_END_MS },
  );

  test('tells of an unreadable picture and goes on', async () => {
    const broken = join(folder, '3.png');
    await sharp(join(folder, '1.png')).toFile(broken);
    truncateSync(broken, 40);
    const faults: string[] = [];

    const { frames } = await look(folder, { onFault: ({ message }) => void faults.push(message) });

    assert.is(frames.length, 3);
    assert.is(faults.length, 1);
    assert.match(faults[0] ?? '', /3\.png/);
    rmSync(broken);
  });
});
