import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEMO_CLIP } from '../../../pipeline/run/openSource.ts';
import * as assert from '../../support/assert.ts';
import { startProgram } from '../../support/program.ts';
import { ROOT } from '../../support/sourceFiles.ts';
import { END_TO_END_MS, suite } from '../../support/suite.ts';
import { makePictures } from '../../support/media/clipPictures.ts';

/** Where it goes wrong, it does so in two runs of three. */
const NUM_RUNS = 4;
const LIMIT = { timeoutMs: END_TO_END_MS };

/** A command that runs for a while, and the line that says that its work has begun. */
interface Running {
  readonly args: readonly string[];
  readonly stream: 'stdout' | 'stderr';
  readonly begun: RegExp;
}

suite('Ctrl-C twice', (test) => {
  const folder = mkdtempSync(join(tmpdir(), 'interrupt-'));
  const pictures = join(folder, 'pictures');
  const out = join(folder, 'out');
  const labels = join(folder, 'labels.json');
  test.before(async () => {
    await makePictures(pictures);
    const images = [1, 2].map((id) => ({ id, file_name: `${id}.png`, width: 768, height: 576 }));
    const categories = [{ id: 1, name: 'person' }];
    writeFileSync(labels, JSON.stringify({ images, annotations: [], categories }));
  });
  test.after(() => rmSync(folder, { recursive: true }));

  const frame = { stream: 'stdout', begun: /"frame"/ } as const;
  const note = (begun: RegExp) => ({ stream: 'stderr', begun }) as const;
  const commands = {
    detect: { args: ['detect', DEMO_CLIP, '--quiet'], ...frame },
    'detect --decoder wasm': {
      args: ['detect', DEMO_CLIP, '--quiet', '--decoder', 'wasm'],
      ...frame,
    },
    'detect --save': {
      args: ['detect', DEMO_CLIP, '--quiet', '--save', join(folder, 'video.mp4')],
      ...frame,
    },
    eval: {
      args: ['eval', '--images', pictures, '--annotations', labels, '--pan', '30'],
      ...note(/eval .* [1-9]\d*\/\d+ frames/),
    },
    bench: { args: ['bench', '--minutes', '0'], ...note(/^reuse: /) },
    serve: { args: ['serve', '--port', '0'], ...note(/: online/) },
    import: {
      args: ['import', join(ROOT, 'test/models/import/fixtures/vit-small'), '--out', out],
      ...note(/import .*%/),
    },
  } satisfies Readonly<Record<string, Running>>;

  // two signals of one kind may arrive as one
  const twoSignals = Object.entries(commands).map(([name, running]) => {
    return { name, ...running, second: 'SIGTERM' } as const;
  });
  const twice = Array.from({ length: NUM_RUNS }, (_, run) => {
    return { name: `detect, run ${run},`, ...commands.detect, second: 'SIGINT' } as const;
  });

  for (const { name, args, stream, begun, second } of [...twoSignals, ...twice]) {
    test(
      `${name} ends at SIGINT and ${second}, and says nothing of it`,
      async () => {
        await using program = startProgram(args);
        await program.line(stream, begun);

        program.kill('SIGINT');
        program.kill(second);
        const { code, signal, stderr } = await program.ended;

        assert.equal([code, signal], [130, null], stderr);
        assert.not.match(stderr, /terminate|Error|pix2seq-stream:/);
      },
      LIMIT,
    );
  }

  test('nothing unfinished is left', () => {
    assert.equal(readdirSync(folder).sort(), ['labels.json', 'pictures']);
  });
});
