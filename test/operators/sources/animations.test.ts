import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { take } from 'rxjs';
import type { Observable } from 'rxjs';
import type { Frame } from '../../../models/core/types.ts';
import { fromImages } from '../../../operators/sources/fromImages.ts';
import { fromVideo } from '../../../operators/sources/fromVideo.ts';
import * as assert from '../../support/assert.ts';
import { suite } from '../../support/suite.ts';
import { HEIGHT, MAKERS, TIMES, WIDTH, greyOf } from '../../support/media/animations.ts';
import { DECODERS, meanColor, needsOf, watch } from '../../support/media/clips.ts';
import { playing } from '../../support/media/playing.ts';
import type { StdinReport } from '../../support/programs/readStdin.ts';
import { runHelper } from '../../support/runHelper.ts';

const image = { size: 64, pad: 114 };

interface Looked {
  readonly index: number;
  readonly pts: number;
  readonly size: readonly [number, number];
  readonly grey: number;
  readonly file: string | undefined;
}

function look(frame: Frame): Looked {
  const { index, pts, width, height, file } = frame;
  const [grey = NaN] = meanColor(frame.image, 64 * 3, { x: 8, y: 8, width: 40, height: 16 });
  return { index, pts, size: [width, height], grey: Math.round(grey), file };
}

suite('animated pictures', (declare) => {
  const test = playing(declare);
  let folder = '';
  const pathOf = (kind: string): string => join(folder, `moving.${kind}`);
  test.before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'animations-'));
    for (const [kind, make] of Object.entries(MAKERS)) {
      await writeFile(pathOf(kind), await make());
      await writeFile(join(folder, `${kind}.anim`), await make());
    }
  });
  test.after(() => rm(folder, { recursive: true, force: true }));

  const expectWhole = async (
    frames$: Observable<Frame>,
    times: readonly number[],
    file?: string,
  ): Promise<void> => {
    const { values, error } = await watch(frames$, look);
    assert.is(error, undefined);
    assert.close(
      values.map(({ pts }) => pts),
      times,
      { abs: 1e-6 },
    );
    const expected = times.map((_, index) => ({
      ...{ index, size: [WIDTH, HEIGHT], grey: greyOf(index), file },
    }));
    assert.equal(
      values.map(({ index, size, grey, file: named }) => ({ index, size, grey, file: named })),
      expected,
    );
  };

  for (const kind of ['gif', 'webp', 'tiff'] as const) {
    const times = kind === 'tiff' ? [0, 1, 2, 3, 4] : TIMES;

    test(`fromVideo reads every picture of a ${kind} with its time, by whatever name`, async () => {
      await expectWhole(fromVideo(pathOf(kind), { image }), times);
      await expectWhole(fromVideo(join(folder, `${kind}.anim`), { image, decoder: 'wasm' }), times);
    });

    test(`fromImages reads every picture of a ${kind} with its time`, async () => {
      await expectWhole(fromImages(pathOf(kind), { image }), times, pathOf(kind));
    });

    test(`standard input gives the same pictures of a ${kind}`, async () => {
      const whole = await watch(fromVideo(pathOf(kind)), ({ index }) => index);

      const stdin = { path: pathOf(kind), kind: 'pipe' as const };
      const { stdout } = await runHelper('readStdin', ['wasm'], { stdin, tmp: folder });

      const { md5s, error, sources } = JSON.parse(stdout) as StdinReport;
      assert.is(error, undefined);
      assert.is(md5s.length, whole.values.length);
      assert.is(new Set(md5s).size, whole.values.length);
      assert.equal(sources, ['stdin']);
    });
  }

  for (const decoder of DECODERS) {
    const test = playing(declare, needsOf(decoder));
    test(`fromVideo reads every picture of a PNG (${decoder})`, async () => {
      await expectWhole(fromVideo(pathOf('png'), { image, decoder }), TIMES);
    });
  }

  test('fromImages says of a PNG that moves what reads it', async () => {
    const { values, error } = await watch(fromImages(pathOf('png'), { image }), look);

    assert.is(values.length, 0);
    assert.match(error?.message ?? '', /moving\.png`: it moves, .*fromVideo/);
  });

  test('counts pictures of all files for stride, limit and time', async () => {
    const still = join(folder, 'still.gif');
    await writeFile(still, (await MAKERS.gif()).subarray()); // read below as one of several
    const facts: unknown[] = [];
    const onOpen = (fact: unknown): void => void facts.push(fact);

    const every = await watch(fromImages([pathOf('gif'), still], { image, stride: 2 }), look);
    const some = await watch(fromVideo(pathOf('gif'), { image, maxFrames: 2, onOpen }), look);

    assert.equal(
      every.values.map(({ index, grey }) => [index, grey]),
      [0, 2, 4, 6, 8].map((index) => [index, greyOf(index % 5)]),
    );
    assert.close(
      every.values.map(({ pts }) => pts),
      [0, 0.3, 0.44, 0.64, 0.94],
      { abs: 1e-6 },
    );
    assert.is(some.values.length, 2);
    const duration = 0.54;
    assert.equal(facts, [{ decoder: 'images', duration, framesPerSecond: 5 / duration }]);
  });

  test('starts again at the end where that is asked for; time and index go on', async () => {
    const frames$ = fromVideo(pathOf('webp'), { image, loop: true }).pipe(take(7));

    const { values } = await watch(frames$, look);

    assert.equal(
      values.map(({ index, grey }) => [index, grey]),
      [0, 1, 2, 3, 4, 5, 6].map((index) => [index, greyOf(index % 5)]),
    );
    assert.close([values[6]?.pts ?? NaN], [0.64], { abs: 1e-6 });
  });
});
