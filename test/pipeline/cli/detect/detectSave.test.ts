import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Detection } from '../../../../models/index.ts';
import { colourOf } from '../../../../operators/draw/svg.ts';
import { fromVideo } from '../../../../operators/index.ts';
import type { FromVideoConfig } from '../../../../operators/index.ts';
import { DEMO_CLIP } from '../../../../pipeline/run/openSource.ts';
import { DECODERS, clip, meanColor, watch, needsOf } from '../../../support/media/clips.ts';
import * as assert from '../../../support/assert.ts';
import { linesOf, runProgram, runPrograms, startProgram } from '../../../support/program.ts';
import type { Outcome } from '../../../support/program.ts';
import { END_TO_END_MS, suite } from '../../../support/suite.ts';
import { parseFrames, timeless } from '../../../support/messages.ts';

const LIMIT = { timeoutMs: END_TO_END_MS };
const NUM_FRAMES = 8;
/** Leaves a rate that varies varied. */
const STRIDE = 2;
/** How far a colour may be off after compression, in each channel. */
const BLUR = 70;

/** A frame of a video as people see it. */
interface Shown {
  readonly pts: number;
  readonly size: readonly [number, number];
  readonly stride: number;
  readonly data: Uint8Array;
}

/** Reads a video, whole, at its own size. */
async function read(file: string, config: FromVideoConfig = {}): Promise<readonly Shown[]> {
  const frames$ = fromVideo(file, { display: 768, ...config });
  const { values, error } = await watch(frames$, (frame) => {
    const { pts, width, height, display } = frame;
    const { stride, data } = display!;
    return { pts, size: [width, height], stride, data: data.slice() } as const;
  });
  assert.is(error, undefined);
  return values;
}

/** How many of some detections have their colour at the middle of their left and right edges. */
function shareDrawn({ data, stride }: Shown, detections: readonly Detection[]): number {
  const isDrawn = (found: Detection, x: number, y: number): boolean => {
    const at = { x: Math.max(0, Math.round(x) - 1), y: Math.round(y) - 2, width: 2, height: 4 };
    const colour = colourOf(found).match(/[\da-f]{2}/g)!;
    return meanColor(data, stride, at).every(
      (value, channel) => Math.abs(value - parseInt(colour[channel]!, 16)) < BLUR,
    );
  };
  const edges = detections.flatMap((found) => {
    const { xmin, xmax, ymin, ymax } = found.box;
    const middle = (ymin + ymax) / 2;
    return [isDrawn(found, xmin, middle), isDrawn(found, xmax, middle)];
  });
  return edges.filter(Boolean).length / edges.length;
}

suite('detect --save', (test) => {
  const folder = mkdtempSync(join(tmpdir(), 'save-'));
  const inFolder = (name: string): string => join(folder, name);
  const savedAs = (name: string): string[] => ['--save', inFolder(name), '--quiet'];
  const someFrames = ['detect', DEMO_CLIP, '--max-frames', `${NUM_FRAMES}`];
  const uneven = clip('variable-rate.mp4');
  const kept = inFolder('kept.mp4');
  const runs = {
    plain: [...someFrames, '--quiet'],
    wasm: [...someFrames, '--decoder', 'wasm', ...savedAs('wasm.mp4')],
    native: [...someFrames, '--decoder', 'native', ...savedAs('native.mp4')],
    uneven: [
      ...['detect', uneven, '--conf', '1', '--vid-stride', `${STRIDE}`],
      ...savedAs('uneven.mp4'),
    ],
    damaged: ['detect', clip('damaged-middle.mp4'), '--save', inFolder('before-damage.mp4')],
    silent: ['detect', clip('sound-only.mp4'), '--save', kept],
    longest: ['detect', DEMO_CLIP, '--max-frames', '1', ...savedAs(`${'n'.repeat(251)}.mp4`)],
    tooLong: ['detect', DEMO_CLIP, '--save', inFolder(`${'n'.repeat(252)}.mp4`)],
    nowhere: ['detect', DEMO_CLIP, '--save', inFolder('no/such/a.mp4')],
    avi: ['detect', DEMO_CLIP, '--save', inFolder('a.avi'), '--model', folder],
  };
  const names = Object.keys(runs) as (keyof typeof runs)[];
  let outcomes: Promise<Outcome>[] = [];
  const outcomeOf = (name: keyof typeof runs): Promise<Outcome> => outcomes[names.indexOf(name)]!;
  test.before(() => {
    writeFileSync(kept, 'earlier');
    outcomes = runPrograms(Object.values(runs));
  });
  test.after(() => rmSync(folder, { recursive: true }));

  for (const decoder of DECODERS) {
    const limit = { ...LIMIT, needs: needsOf(decoder) };
    test(
      `writes every frame with what was found drawn in, beside the same lines (${decoder})`,
      async () => {
        const [plain, run] = [await outcomeOf('plain'), await outcomeOf(decoder)];

        assert.equal([run.code, run.stderr], [0, '']);
        const lines = parseFrames(run.stdout);
        assert.equal(lines.map(timeless), parseFrames(plain.stdout).map(timeless));
        const [video, source] = [
          await read(inFolder(`${decoder}.mp4`)),
          await read(DEMO_CLIP, { maxFrames: NUM_FRAMES }),
        ];
        assert.close(
          video.map(({ pts }) => pts),
          lines.map(({ pts }) => pts),
          { abs: 0.001 },
        );
        assert.ok(video.every(({ size }) => size.join('x') === '768x576'));
        const shareOf = (frames: readonly Shown[]): number =>
          lines.reduce((sum, line, i) => sum + shareDrawn(frames[i]!, line.detections), 0) /
          NUM_FRAMES;
        assert.ok(shareOf(video) > 0.7, `${shareOf(video)} of the edges are drawn`);
        assert.ok(shareOf(source) < 0.3, 'the source has none of it');
      },
      limit,
    );

    test(
      `ends the video at Ctrl-C with the frames that were read (${decoder})`,
      async () => {
        const file = inFolder(`cut-${decoder}.mp4`);
        await using program = startProgram([
          ...['detect', DEMO_CLIP, '--decoder', decoder],
          ...['--save', file, '--quiet'],
        ]);
        await program.line('stdout', /"frame":3,/);

        program.signal('SIGINT');
        const run = await program.ended;

        assert.equal([run.code, run.signal, run.stderr], [130, null, '']);
        assert.is((await read(file)).length, parseFrames(run.stdout).length);
        await assertNothingPartial();
      },
      limit,
    );
  }

  test(
    'keeps the times of a rate that varies, of every n-th frame, where nothing is found too',
    async () => {
      const run = await outcomeOf('uneven');

      assert.equal([run.code, run.stderr], [0, '']);
      assert.ok(parseFrames(run.stdout).every(({ detections }) => detections.length === 0));
      const times = (await read(inFolder('uneven.mp4'))).map(({ pts }) => pts);
      const expected = (await read(uneven, { stride: STRIDE })).map(({ pts }) => pts);
      assert.close(times, expected, { abs: 0.001 });
      const steps = times.map((pts, index) => (pts - (times[index - 1] ?? 0)).toFixed(1));
      assert.ok(new Set(steps).size > 2, 'the rate varies');
    },
    LIMIT,
  );

  test(
    'keeps the frames before damage, and says how many there are',
    async () => {
      const run = await outcomeOf('damaged');

      assert.is(run.code, 1);
      const numFrames = parseFrames(run.stdout).length;
      assert.is((await read(inFolder('before-damage.mp4'))).length, numFrames);
      assert.match(run.stderr, /damaged-middle\.mp4` is damaged .*\[ERR_VIDEO_DECODE\]\n/);
      assert.is(linesOf(run.stderr).at(-1), `before-damage.mp4: ${numFrames} frames`);
    },
    LIMIT,
  );

  test(
    'takes a size that changes midway, from standard input too',
    async () => {
      const args = ['detect', '-', '--vid-stride', '8', ...savedAs('changing.mp4')];

      const run = await runProgram(args, { stdin: clip('size-changes.ts') });

      assert.equal([run.code, run.stderr], [0, '']);
      const sizes = parseFrames(run.stdout).map(({ width, height }) => `${width}x${height}`);
      assert.is(new Set(sizes).size, 2);
      const video = await read(inFolder('changing.mp4'));
      assert.equal(
        video.map(({ size }) => size.join('x')),
        sizes.map(() => sizes[0]),
      );
    },
    LIMIT,
  );

  test(
    'leaves what had the name before, and nothing else, where there is no frame or no end',
    async () => {
      const away = inFolder('away');
      mkdirSync(away);

      await using lost = startProgram([
        ...['detect', DEMO_CLIP, '--max-frames', '30', '--quiet'], // more than go by until it is away
        ...['--save', join(away, 'lost.mp4')],
      ]);
      await lost.line('stdout', /"frame":1,/);
      rmSync(away, { recursive: true });
      const { code, stderr } = await lost.ended;

      assert.is((await outcomeOf('silent')).code, 3);
      assert.is(readFileSync(kept, 'utf8'), 'earlier');
      assert.is(code, 1);
      assert.is(linesOf(stderr).length, 1, stderr);
      assert.match(stderr, /Cannot write the video `.*lost\.mp4`: .*\[ERR_OUTPUT\]\n$/);
      await assertNothingPartial();
    },
    LIMIT,
  );

  test(
    'refuses in one line, before anything is loaded, a file that can’t be written',
    async () => {
      const [nowhere, avi] = [await outcomeOf('nowhere'), await outcomeOf('avi')];

      assert.equal([nowhere.code, nowhere.stdout, avi.code, avi.stdout], [2, '', 2, '']);
      assert.match(
        nowhere.stderr,
        /^pix2seq-stream: .*a\.mp4` can't be written: there is no such file or folder \(ENOENT\); choose another place\n$/,
      );
      assert.match(avi.stderr, /^pix2seq-stream: .* makes an MP4 file; .* ends with \.mp4\n$/);
    },
    LIMIT,
  );

  test(
    'takes every name that the system takes, and says at once which one it does not',
    async () => {
      const [longest, tooLong] = [await outcomeOf('longest'), await outcomeOf('tooLong')];

      assert.equal([longest.code, longest.stderr], [0, '']);
      assert.is((await read(inFolder(`${'n'.repeat(251)}.mp4`))).length, 1);
      assert.equal([tooLong.code, tooLong.stdout], [2, '']);
      assert.match(
        tooLong.stderr,
        /n\.mp4` can't be written: its name is longer than the file system takes \(ENAMETOOLONG\); choose another place\n$/,
      );
      await assertNothingPartial();
    },
    LIMIT,
  );

  /** Waits for the runs that share the folder: what they still write is no remainder. */
  async function assertNothingPartial(): Promise<void> {
    await Promise.all(outcomes);
    assert.equal(
      readdirSync(folder).filter((name) => name.endsWith('.partial')),
      [],
    );
  }
});
