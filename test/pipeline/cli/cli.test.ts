import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DEMO_CLIP } from '../../../pipeline/run/openSource.ts';
import * as assert from '../../support/assert.ts';
import { linesOf, runProgram, runPrograms } from '../../support/program.ts';
import type { Outcome } from '../../support/program.ts';
import { END_TO_END_MS, suite } from '../../support/suite.ts';

const LIMIT = { timeoutMs: END_TO_END_MS };
const SOUND_ONLY = fileURLToPath(new URL('../../fixtures/clips/sound-only.mp4', import.meta.url));

interface Case {
  readonly title: string;
  readonly args: readonly string[];
  readonly code: number;
  /** Of the one line on standard error. */
  readonly says: RegExp;
}

suite('runCli', (test) => {
  const folder = mkdtempSync(join(tmpdir(), 'cli-'));
  const inFolder = (name: string): string => join(folder, name);
  test.after(() => rmSync(folder, { recursive: true }));

  const missing = inFolder('missing.mp4');
  const cases: readonly Case[] = [
    {
      title: 'an unknown option, and the nearest',
      args: ['detect', DEMO_CLIP, '--clases', 'car'],
      code: 2,
      says: /'--clases'.*--classes/,
    },
    {
      title: 'an unknown command, and the nearest',
      args: ['detct', DEMO_CLIP],
      code: 2,
      says: /'detct'.*detect/,
    },
    { title: 'no source', args: ['detect'], code: 2, says: /source/ },
    {
      title: 'a number that is none',
      args: ['detect', DEMO_CLIP, '--conf', 'high'],
      code: 2,
      says: /--conf.*'high'.*a number from 0 to 1/,
    },
    {
      title: 'a number out of range',
      args: ['detect', DEMO_CLIP, '--max-objects', '101'],
      code: 2,
      says: /--max-objects.*'101'.*from 1 to 100/,
    },
    {
      title: 'a number that is not whole',
      args: ['detect', DEMO_CLIP, '--vid-stride', '1.5'],
      code: 2,
      says: /--vid-stride.*'1\.5'.*a whole number >= 1/,
    },
    {
      title: 'an unknown format, and the known ones',
      args: ['detect', DEMO_CLIP, '--format', 'jsn'],
      code: 2,
      says: /--format.*'jsn'.*ndjson, csv, mot, coco/,
    },
    {
      title: 'an output that would replace its source',
      args: ['detect', missing, '--out', missing],
      code: 2,
      says: /`--out .*missing\.mp4` would overwrite the source/,
    },
    {
      title: 'an unknown class, and the nearest',
      args: ['detect', DEMO_CLIP, '--classes', 'car,persn'],
      code: 2,
      says: /`persn`; did you mean `person`\?/,
    },
    {
      title: 'an unknown class of serve, and ends',
      args: ['serve', '--port', '0', '--classes', 'persn'],
      code: 2,
      says: /`persn`; did you mean `person`\?/,
    },
    {
      title: 'a source of serve without a name',
      args: ['serve', '--source', 'clip.mp4'],
      code: 2,
      says: /'clip\.mp4'.*NAME=URI/,
    },
    {
      title: 'two sources of serve with one name',
      args: ['serve', '--source', 'a=x.mp4', '--source', 'a=y.mp4'],
      code: 2,
      says: /two sources named a/,
    },
    {
      title: 'a length of the bench that is none',
      args: ['bench', '--minutes', 'soon'],
      code: 2,
      says: /--minutes.*'soon'.*Expected a number >= 0/,
    },
    {
      title: 'a missing file',
      args: ['detect', missing],
      code: 3,
      says: /missing\.mp4.*ERR_VIDEO_OPEN/,
    },
    {
      title: 'an empty file',
      args: ['detect', inFolder('empty.mp4')],
      code: 3,
      says: /empty\.mp4.*0 bytes.*ERR_VIDEO_OPEN/,
    },
    {
      title: 'text named as video',
      args: ['detect', inFolder('text.mp4')],
      code: 3,
      says: /text\.mp4.*cannot be read as video.*ERR_VIDEO_OPEN/,
    },
    {
      title: 'a file without pictures',
      args: ['detect', SOUND_ONLY],
      code: 3,
      says: /sound-only\.mp4.*no video track.*ERR_VIDEO_OPEN/,
    },
    {
      title: 'empty standard input',
      args: ['detect', '-'],
      code: 3,
      says: /[Ss]tandard input is empty.*ERR_VIDEO_OPEN/,
    },
    {
      title: 'a folder without a model, and what was expected',
      args: ['detect', DEMO_CLIP, '--model', folder],
      code: 3,
      says: /model\.json, encoder\.onnx and decoder\.onnx.*ERR_MODEL_LOAD/,
    },
    {
      title: 'a model that is not what it says, expected and found',
      args: ['detect', DEMO_CLIP, '--model', inFolder('model')],
      code: 3,
      says: /bins.*2.*got 1.*ERR_MODEL_CONTRACT/,
    },
    {
      title: 'an output that cannot be written',
      args: ['detect', DEMO_CLIP, '--out', inFolder('no/such/out.ndjson')],
      code: 1,
      says: /out\.ndjson.*ENOENT.*ERR_OUTPUT/,
    },
  ];
  const more = [
    ['--help'],
    ['detect', '--help'],
    ['serve', '--help'],
    ['--version'],
    ['detect', missing, '--verbose'],
  ];
  let outcomes: Promise<Outcome>[] = [];
  test.before(() => {
    writeFileSync(inFolder('empty.mp4'), '');
    writeFileSync(inFolder('text.mp4'), 'This is a letter, not a video.\n'.repeat(40));
    writeWrongModel(inFolder('model'));
    outcomes = runPrograms([...cases.map(({ args }) => args), ...more]);
  });

  cases.forEach(({ title, code, says }, index) => {
    test(
      `names ${title}, in one line`,
      async () => {
        const run = await outcomes[index]!;

        assert.is(run.code, code, run.stderr);
        assert.is(run.stdout, '');
        assert.is(linesOf(run.stderr).length, 1, run.stderr);
        assert.match(run.stderr, /^pix2seq-stream: .*\n$/);
        assert.match(run.stderr, says);
      },
      LIMIT,
    );
  });

  /** The outcome of one of `more`. */
  const furtherRun = (index: number): Promise<Outcome> => outcomes[cases.length + index]!;

  test(
    'explains itself',
    async () => {
      const [all, one, served] = [await furtherRun(0), await furtherRun(1), await furtherRun(2)];

      assert.equal([all.code, all.stderr, one.code, one.stderr], [0, '', 0, '']);
      assert.match(all.stdout, /Usage: pix2seq-stream [^]*detect[^]*serve[^]*import[^]*bench/);
      for (const option of ['--out', '--format', '--conf', '--classes', '--budget-ms', '--quiet']) {
        assert.match(one.stdout, option);
      }
      assert.match(one.stdout, /--task <names> [^-]*\(default: detect\)/);
      assert.match(served.stdout, /--source <name=uri> [^-]*\(default: none\)/);
      assert.not.match(one.stdout + served.stdout, /\(default: \[/);
    },
    LIMIT,
  );

  test(
    'tells its version',
    async () => {
      const run = await furtherRun(3);

      const manifest = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8');
      const { version } = JSON.parse(manifest) as { version: string };
      assert.equal(run, { code: 0, signal: null, stdout: `${version}\n`, stderr: '' });
    },
    LIMIT,
  );

  test(
    'adds the stack with --verbose',
    async () => {
      const run = await furtherRun(4);

      assert.is(run.code, 3);
      assert.match(run.stderr, /^pix2seq-stream: There is no file .*\nPipelineError: .*\n +at /);
    },
    LIMIT,
  );

  test(
    'keeps what the output held where no source can be opened',
    async () => {
      const out = inFolder('kept.ndjson');
      writeFileSync(out, 'earlier results\n');

      const run = await runProgram(['detect', missing, '--out', out]);

      assert.is(run.code, 3);
      assert.is(readFileSync(out, 'utf8'), 'earlier results\n');
    },
    LIMIT,
  );
});

/** Writes the bundled model's description with one mistake in it. */
function writeWrongModel(folder: string): void {
  const file = new URL('../../../models/nano/model.json', import.meta.url);
  const model = JSON.parse(readFileSync(file, 'utf8')) as { vocabulary: { bins: number } };
  model.vocabulary.bins = 1;
  mkdirSync(folder);
  writeFileSync(join(folder, 'model.json'), JSON.stringify(model));
}
